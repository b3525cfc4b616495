"""Render: turn an issue into subject, HTML and text, once, with holes for each reader."""

from newsletter.render import gallery
from newsletter.render.check import check
from newsletter.render.errors import RenderError
from newsletter.render.pages import (
    Rendered,
    edition_of,
    editions,
    for_nobody,
    inbox_line,
    insist_on_polls,
    preview,
    render,
    untracked,
)
from newsletter.render.personal import fault_of_tag
from newsletter.render.reading import Reading, look, own_for_nobody, reading, reading_of_post, texts, uncut
from newsletter.render.service import page_words, phrases, service_mail, spoken
from newsletter.render.summary import issues_in_full
from newsletter.render.weight import weight_note

__all__ = [
    "Reading", "RenderError", "Rendered", "check", "edition_of", "editions", "fault_of_tag", "for_nobody", "gallery",
    "inbox_line", "insist_on_polls", "issues_in_full", "look", "own_for_nobody", "page_words", "phrases", "preview",
    "reading", "reading_of_post", "render", "service_mail", "spoken", "texts", "uncut", "untracked", "weight_note",
]  # fmt: skip
