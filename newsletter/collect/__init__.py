"""Collect: bring in what was published, once each, cleaned."""
