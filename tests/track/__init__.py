"""Clicks, opens, unsubscribes and the report."""
