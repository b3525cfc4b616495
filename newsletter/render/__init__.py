"""Render: turn an issue into subject, HTML and text, once, with holes for each reader."""

from newsletter.render.check import check
from newsletter.render.errors import RenderError
from newsletter.render.pages import Rendered, for_nobody, preview, render, untracked, web_issue, web_post

__all__ = ["RenderError", "Rendered", "check", "for_nobody", "preview", "render", "untracked", "web_issue", "web_post"]
