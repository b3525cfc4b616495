"""Every look side by side: each theme and layout wide, on a phone, in the dark, without images, and as plain text."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import NamedTuple

from newsletter import splice
from newsletter.config import Config
from newsletter.models import Issue
from newsletter.questions import Person
from newsletter.render import sample_art
from newsletter.render.environment import themes
from newsletter.render.pages import Rendered, preview
from newsletter.render.sample import sample_facts, sample_issue, sample_letter
from newsletter.render.service import KINDS, service_mail
from newsletter.render.tags import attributes, pieces

LAYOUTS = ("digest", "post", "announcement")
_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme:\s*dark\s*\)")
_SCHEMES = "<style>:root { color-scheme: dark !important; }</style>"


class View(NamedTuple):
    """One way to look at a mail."""

    name: str
    title: str
    width: int


VIEWS = (
    View("wide", "600 px", 640),
    View("phone", "375 px", 375),
    View("dark", "Dark", 640),
    View("bare", "Images off", 640),
    View("text", "Plain text", 640),
)


def looks(config: Config) -> list[str]:
    """The themes there are, shipped and own."""
    return themes(config).available()


def is_own(config: Config, theme: str) -> bool:
    """Whether a theme, or what it changes of a shipped one, lies in the publication's own folder."""
    found = themes(config)
    return len(found.folders) > 1 and (found.own / theme).is_dir()


def dressed(config: Config, newsletter: str, theme: str = "", layout: str = "") -> Config:
    """The configuration with this newsletter in another theme or layout; nothing is written anywhere."""
    letter = config.newsletters[newsletter]
    changed = letter.model_copy(update={"theme": theme or letter.theme, "layout": layout or letter.layout})
    return config.model_copy(update={"newsletters": {**config.newsletters, newsletter: changed}})


def drawn(config: Config, key: str, newsletter: str, theme: str, layout: str, issue: Issue | None = None) -> Rendered:
    """A mail in a theme and a layout, of an issue or of the sample; or a service mail, which `layout` names then.

    Its holes are filled for a reader who does not exist. Raises RenderError.
    """
    if layout in KINDS:
        facts = sample_facts(layout, config, newsletter)
        return service_mail(layout, dressed(config, newsletter, theme), newsletter, facts)
    if issue is None:
        letter = sample_letter(config.newsletters[newsletter])
        config = config.model_copy(update={"newsletters": {**config.newsletters, newsletter: letter}})
    shown = issue or sample_issue(newsletter, config.newsletters[newsletter])
    mail = preview(shown, dressed(config, newsletter, theme, layout), key)
    reader = splice.answers("preview", Person("reader@example.org", "Robin Reader"), mail.late)
    subject, preheader, html, text = (
        splice.fill(getattr(mail, part), mail.marker, reader, part) for part in ("subject", "preheader", "html", "text")
    )
    return replace(mail, subject=subject, preheader=preheader, html=html, text=text)


def seen(mail: Rendered, view: str) -> str:
    """The mail as a document that shows one of the views wherever it is opened."""
    if view == "text":
        style = "margin:0;padding:20px;font:13px/1.55 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap"
        body = f'<pre dir="auto" style="{style};overflow-wrap:anywhere">{escape(mail.text)}</pre>'
        return f'<!doctype html><html><head><meta charset="utf-8"></head><body style="margin:0">{body}</body></html>'
    html = bare(mail.html) if view == "bare" else sample_art.inlined(mail.html)
    return forced_dark(html) if view == "dark" else html


def source(html: str) -> str:
    """The document's own HTML, to be read."""
    style = "margin:0;padding:20px;font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap"
    body = f'<pre style="{style};overflow-wrap:anywhere">{escape(html)}</pre>'
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body style="margin:0">{body}</body></html>'


def forced_dark(html: str) -> str:
    """The document as a mail program in dark mode draws it, whatever the browser's own mode is."""
    return _DARK.sub("@media all", html).replace("</head>", f"{_SCHEMES}</head>", 1)


def bare(html: str) -> str:
    """The document as it is before anybody allows its images: their words in their places."""
    return "".join(_unloaded(piece.source) if piece.name == "img" else piece.source for piece in pieces(html))


def _unloaded(tag: str) -> str:
    kept = (f' {name}="{value}"' for name, value in attributes(tag) if name not in ("src", "srcset"))
    return f"<img{''.join(kept)} />"
