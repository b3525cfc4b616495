"""Compose: put the period's posts into an issue."""
