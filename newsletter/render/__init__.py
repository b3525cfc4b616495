"""Render: turn an issue into subject, HTML and text, once, with holes for each reader."""
