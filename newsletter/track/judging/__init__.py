"""Judging: who seems to be behind an open or a click, and why it is thought so. docs/tracking.md explains the rules."""
