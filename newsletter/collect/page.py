"""One story by the address of its page: fetched as a feed is, within the same bounds, and read for what it says.

What is the story of a page and what stands around it, readability judges; what came of it is cleaned like any other.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import httpx
from lxml import etree
from lxml.html import HtmlElement, document_fromstring
from readability import Document as Readable

from newsletter.collect import pictures
from newsletter.collect.charset import decode
from newsletter.collect.dates import moment
from newsletter.collect.download import Document, Wanted, download
from newsletter.collect.entry import Call, Draft, Entry
from newsletter.collect.errors import BadAnswer, CollectError, NotAPage, Refused
from newsletter.collect.metadata import Facts, facts
from newsletter.config import Config
from newsletter.config.schema import Source
from newsletter.markup import urls
from newsletter.markup.clean import Addresses, clean
from newsletter.markup.images import UNKNOWN, Size
from newsletter.markup.text import collapse, count_words, line

LONGEST = 2_000_000
"""Bytes of a page: somebody waits for it, and no story is as long."""
SECONDS = 15
FEW = 120
"""Words: a page with a password field and fewer is a door, not a story."""
MANY = 30_000
"""Elements of a page: what stands in more of them is no story, and judging it takes long."""
BY_HAND = "Add it by hand instead, with a link to it."
_DOOR = re.compile(r"/(log-?in|sign-?in|sso|auth|oauth2?|session|account)([/?.]|$)", re.IGNORECASE)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_PROLOG = re.compile(r"\A\s*<\?xml[^>]*\?>")
_OTHER = {
    "application/pdf": "a PDF", "image/": "a picture", "video/": "a film", "audio/": "a recording",
    "text/plain": "plain text", "application/json": "data (JSON)", "application/zip": "an archive of files",
    "application/msword": "a Word document", "application/vnd.": "an office document",
}  # fmt: skip
_FEEDS = ("application/rss", "application/atom", "application/rdf", "application/feed", "application/xml", "text/xml")


def fetch(config: Config, url: str, now: datetime, transport: httpx.AsyncBaseTransport | None = None) -> Entry:
    """The story at an address, cleaned, as it would be added; raises CollectError with what is there instead."""
    address = urls.absolute("", url)
    if not address:
        raise BadAnswer("This is not a web address.", "It begins with https:// or http://.")
    call = _call(config, address, now)
    try:
        document = asyncio.run(download(call, transport, PAGE))
    except Refused as error:
        raise Refused(error.reason, "Only pages that anybody can reach are fetched. " + BY_HAND) from error
    return _measured(call, read(call, document))


def read(call: Call, document: Document) -> Entry:
    """The story of a page that was downloaded."""
    page = _parsed(document)
    told = facts(page)
    _untitle(page, told.title)
    story = _story(page)
    words = count_words(clean(story, Addresses.against(document.url)).text)
    _insist_on_story(call.source.location, document.url, page, words)
    if not words and not told.summary:
        raise NotAPage("There is no story on this page that could be read.", BY_HAND)
    return _draft(call, document.url, told, story).finish(call)


def _call(config: Config, url: str, now: datetime) -> Call:
    """A visit to the page, within bounds of its own; to a private address only where a source may go there too."""
    bounds = {
        "max_bytes": min(config.collect.max_bytes, LONGEST),
        "timeout": min(config.collect.timeout, timedelta(seconds=SECONDS)),
    }
    ours = config.model_copy(update={"collect": config.collect.model_copy(update=bounds)})
    private = any(
        source.allow_private and _origin(source.location) == _origin(url) for source in config.collect.sources.values()
    )
    return Call("page", Source(kind="page", location=url, allow_private=private), ours, now)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


def _other(content_type: str) -> CollectError | None:
    """What an answer is, if its content type says that it is no web page."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith(_FEEDS):
        return NotAPage("This is a feed, not a page.", "Name it under `collect.sources` in config.yaml.")
    name = next((name for start, name in _OTHER.items() if kind.startswith(start)), "")
    return NotAPage(f"This is {name}, not a web page.", BY_HAND) if name else None


PAGE = Wanted(
    "page",
    "text/html, application/xhtml+xml, */*;q=0.1",
    {
        401: "It wants a login. " + BY_HAND,
        403: "The server does not let us in: it may want a login, or no programs. " + BY_HAND,
        404: "Is the address right?",
        410: "The page is gone for good.",
        429: "The server has had enough of us for now. Try again in a while.",
        500: "The server has a fault. Try again in a while.",
    },
    "Try again, or add it by hand.",
    BY_HAND,
    _other,
)


def _parsed(document: Document) -> HtmlElement:
    if document.body.lstrip()[:5] == b"%PDF-":
        raise NotAPage("This is a PDF, not a web page.", BY_HAND)
    if b"\0" in document.body[:1000] and not document.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotAPage("This is a file, not a web page.", BY_HAND)
    text = _PROLOG.sub("", decode(document.body, _typed(document)), count=1)
    if "<" not in text:
        what = "plain text, not a web page" if text.strip() else "empty"
        raise NotAPage(f"The page is {what}.", BY_HAND)
    try:
        return document_fromstring(text)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise NotAPage("This page is so broken that it cannot be read.", BY_HAND) from None


def _typed(document: Document) -> str:
    """The content type, with the charset that the page itself declares where its server names none."""
    declared = _DECLARED.search(document.body[:4096])
    if declared and "charset" not in document.content_type.lower():
        return f"{document.content_type or 'text/html'}; charset={declared[1].decode('ascii', 'replace')}"
    return document.content_type


def _untitle(page: HtmlElement, title: str) -> None:
    """Take out a heading that only says the title again: it stands above every story."""
    for heading in page.xpath("//h1"):
        words = collapse(str(heading.text_content()))
        if words and collapse(title).startswith(words):
            heading.drop_tree()


def _story(page: HtmlElement) -> str:
    """The part of a page that is its story, as HTML; empty where none can be told from the rest."""
    if sum(1 for _ in page.iter()) > MANY:
        return ""
    source = etree.tostring(page, encoding="unicode", method="html")
    try:
        return str(Readable(source).summary(html_partial=True))
    except Exception:  # noqa: BLE001 - whatever it stumbles over, the page still has a title and a summary
        return ""


def _insist_on_story(asked: str, came: str, page: HtmlElement, words: int) -> None:
    """Refuse a page that only asks who is there."""
    password = bool(page.xpath("//input[translate(@type, 'PASWORD', 'pasword') = 'password']"))
    sent_away = urlsplit(came).path != urlsplit(asked).path and _DOOR.search(urlsplit(came).path)
    if (password and words < FEW) or sent_away:
        raise NotAPage("This page asks for a login.", "Only what anybody can read is fetched. " + BY_HAND)


def _draft(call: Call, url: str, told: Facts, story: str) -> Draft:
    canonical = urls.absolute(url, told.canonical)
    # Some sites call their front page the canonical address of everything.
    own = canonical if canonical and urlsplit(canonical).path.strip("/") else url
    return Draft(
        guid=urls.canonical(own),
        url=urls.canonical(own),
        title=told.title,
        summary=line(told.summary),
        html=story,
        addresses=Addresses.against(url),
        authors=told.authors,
        tags=told.tags,
        image_url=told.image,
        image_alt=told.image_alt,
        language=told.language,
        published_at=_past(moment(told.published, call.config.site.time_zone), call.now),
    )


def _past(at: datetime | None, now: datetime) -> datetime | None:
    """A date ahead is a broken clock, and the post would wait for it."""
    return min(at, now) if at else None


def _measured(call: Call, entry: Entry) -> Entry:
    """With the sizes of its pictures, as far as they can be had soon."""
    if not call.config.collect.measure_images or not entry.unmeasured:
        return entry
    (sizes,) = pictures.answered([pictures.Question(call, [entry])], call.config.collect)
    return replace(entry.measured(partial(_size, sizes)), as_published="") if sizes else entry


def _size(sizes: dict[str, Size], url: str) -> Size:
    return sizes.get(url, UNKNOWN)
