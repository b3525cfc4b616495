"""Render: turn an issue into subject, HTML and text, once, with holes for each reader."""

from newsletter.render.check import check
from newsletter.render.errors import RenderError
from newsletter.render.headers import impersonal
from newsletter.render.pages import Rendered, preview, render, untracked, web_issue, web_post
from newsletter.render.service import service_mail

__all__ = [
    "RenderError",
    "Rendered",
    "check",
    "impersonal",
    "preview",
    "render",
    "service_mail",
    "untracked",
    "web_issue",
    "web_post",
]
