"""Render: turn an issue into subject, HTML and text, once, with holes for each reader."""

from newsletter.render import gallery
from newsletter.render.check import check
from newsletter.render.errors import RenderError
from newsletter.render.pages import Rendered, for_nobody, preview, render, untracked, web_issue, web_post
from newsletter.render.service import service_mail
from newsletter.render.weight import weight_note

__all__ = [
    "RenderError", "Rendered", "check", "for_nobody", "gallery", "preview", "render", "service_mail", "untracked",
    "web_issue", "web_post", "weight_note",
]  # fmt: skip
