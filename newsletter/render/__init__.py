"""Render: turn an issue into subject, HTML and text, once, with holes for each reader."""

from newsletter.render.check import check
from newsletter.render.errors import RenderError
from newsletter.render.headers import impersonal
from newsletter.render.pages import Rendered, preview, render, untracked
from newsletter.render.reading import Reading, look, reading, reading_of_post, uncut

__all__ = [
    "Reading",
    "RenderError",
    "Rendered",
    "check",
    "impersonal",
    "look",
    "preview",
    "reading",
    "reading_of_post",
    "render",
    "uncut",
    "untracked",
]
