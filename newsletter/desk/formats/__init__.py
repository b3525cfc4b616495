"""Formats of the desk, by language, where they differ from Django's."""
