"""Markup from anywhere, made ours: Markdown and HTML to safe, balanced HTML, and the text in it.

A leaf that knows no rows: collecting reads posts through it, and rendering the editor's own words.
"""
