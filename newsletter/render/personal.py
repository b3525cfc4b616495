"""What people write that may speak to each reader: the editor's letters, and the posts of our own folders."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import TemplateSyntaxError

from newsletter import links, splice
from newsletter.config import Config, Newsletter
from newsletter.holes import SWITCH
from newsletter.markup import markdown, urls
from newsletter.markup.clean import Addresses, clean
from newsletter.markup.images import UNKNOWN, Size
from newsletter.models import Issue, Item, OwnBlock, Post
from newsletter.questions import Expression
from newsletter.render.asking import POSSIBLE
from newsletter.render.blocks import Block, blocks, count_polls
from newsletter.render.errors import RenderError, located
from newsletter.render.headers import speaks_to_reader
from newsletter.render.late import Late, segments
from newsletter.render.prose import prose, prose_template, written
from newsletter.render.switches import insist_whole

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def late_of(newsletter: str, settings: Newsletter, marker: str = "") -> Late:
    """What a rendering for this newsletter asks of its readers, its segments read. Raises RenderError."""
    return Late(marker, segments_of(newsletter, settings), settings.topic_titles)


def segments_of(newsletter: str, settings: Newsletter) -> dict[str, Expression]:
    """The named conditions of a newsletter; raise RenderError naming the first that is wrong."""
    found: dict[str, Expression] = {}
    for name in settings.segments:
        # One by one, so that the error names it.
        with located(f"newsletters.{newsletter}.segments.{name}", str):
            found |= segments(prose(), settings.segments, only=name)
    return found


def letter(
    issue: Issue, field: str, config: Config, late: Late, given: Mapping[str, Any], first_poll: int = 0
) -> tuple[Block, ...]:
    """`opening` or `closing` in blocks: a pattern where it speaks to the reader, then Markdown. Raises RenderError.

    Its polls are numbered from `first_poll`.
    """
    return tuple(blocks(_letter(issue, field, config, late, given), _language(config, issue), first_poll))


def letter_for_nobody(
    issue: Issue, field: str, config: Config, late: Late, given: Mapping[str, Any], first_poll: int = 0
) -> tuple[Block, ...]:
    """The same, as a page for everybody shows it. Raises RenderError."""
    html = _letter(issue, field, config, late, given)
    filled = splice.fill(html, late.marker, splice.nobody(late.table), "html")
    return tuple(blocks(filled, _language(config, issue), first_poll))


def own(
    block: OwnBlock, place: int, config: Config, late: Late, given: Mapping[str, Any], *, nobody: bool
) -> tuple[Block, ...]:
    """A block of the editor's own, as a letter is read; `place` counts the own blocks of its issue from 1.

    `nobody` fills it for a page that everybody reads. Raises RenderError.
    """
    where = f"block {place} of {block.issue}"
    html = _said(block.text, where, config, late, given)
    filled = splice.fill(html, late.marker, splice.nobody(late.table), "html") if nobody else html
    return tuple(blocks(filled, _language(config, block.issue)))


def _letter(issue: Issue, field: str, config: Config, late: Late, given: Mapping[str, Any]) -> str:
    return _said(getattr(issue, field), f"the {field} of {issue}", config, late, given)


def _said(text: str, where: str, config: Config, late: Late, given: Mapping[str, Any]) -> str:
    """The editor's own words as HTML, with holes where they speak to the reader."""
    if speaks_to_reader(text):
        text = _apart(_filled(text, where, late, given), late.marker)
    # Written by staff: it may hold the blocks that a feed may not.
    base = config.site.url
    ours = Addresses(partial(urls.link, base), partial(urls.absolute, base), partial(_size, config))
    cleaned = clean(markdown.render(text), ours, trusted=True).html
    return _insist_on_polls_for_all(insist_whole(cleaned, late.marker, where), late.marker, where)


def _size(config: Config, address: str) -> Size:
    """The size of a picture that staff have uploaded: its address tells it."""
    named = links.picture_named(config, address)
    return Size(named.width, named.height) if named else UNKNOWN


def _language(config: Config, issue: Issue) -> str:
    return config.newsletters[issue.newsletter].language


def _insist_on_polls_for_all(html: str, marker: str, where: str) -> str:
    """A poll has one number in every mail and on the page: it cannot come and go with the reader."""
    if any(count_polls(str(node)) for node in splice.parse(html, marker) if not isinstance(node, str)):
        raise RenderError(f"{where}: a poll cannot depend on the reader; put it outside of {{% if %}}")
    return html


def body(source: Item | Post, late: Late, given: Mapping[str, Any]) -> str:
    """The HTML of a post, with holes where it is personal. Raises RenderError."""
    if not source.personal:
        return source.html
    # Inside its tags the HTML is as Jinja2 wants it; anywhere else the braces of a personal post are references.
    template = _TAG.sub(lambda tag: html.unescape(tag[0]), source.html)
    where = f"the post “{source.title}”"
    try:
        return _insist_on_polls_for_all(_filled(template, where, late, given), late.marker, where)
    except RenderError as error:
        # The lines are those of the HTML, which nobody wrote.
        raise RenderError(re.sub(rf"^{re.escape(where)} line \d+: ", f"{where}: ", str(error))) from error


def fault_of_tag(tag: str) -> tuple[int, str] | None:
    """What is wrong with one tag of a post that is about the reader, and on which of its lines; None if nothing is."""
    word = re.sub(r"^\{%[-+]?\s*(\w+).*", r"\1", tag, flags=re.DOTALL)
    if word in ("else", "endif"):
        return None
    if not tag.startswith("{{") and word not in ("if", "elif"):
        return 1, f"{{% {word} %}} cannot be about the reader; {POSSIBLE}"
    before = "{% if true %}" if word == "elif" else ""
    after = "" if tag.startswith("{{") else "{% endif %}"
    try:
        prose_template(f"{before}{tag}{after}", "post.j2")
    except TemplateSyntaxError as error:
        return error.lineno, error.message or "this cannot be read"
    return None


def body_for_nobody(source: Item | Post, segments: Mapping[str, Expression], given: Mapping[str, Any]) -> str:
    """The HTML of a post as a page for everybody shows it. Raises RenderError."""
    late = Late(segments=segments)
    return splice.fill(body(source, late, given), late.marker, splice.nobody(late.table))


def _filled(text: str, where: str, late: Late, given: Mapping[str, Any]) -> str:
    with located(where, lambda file: file.removesuffix(".j2")):
        filled = written(prose_template(text, f"{where}.j2"), {**given, "reader": late})
    return insist_whole(filled, late.marker, where)


def _apart(text: str, marker: str) -> str:
    """A tag on a line of its own stands between paragraphs, with or without empty lines around it."""
    switches = rf"(?:{re.escape(marker)}-{SWITCH}-o)+"
    return re.sub(rf"^[ \t]*({switches})[ \t]*$", r"\n\1\n", text, flags=re.MULTILINE)
