"""A feed on the web: RSS, Atom, RDF or JSON Feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from newsletter.collect import jsonfeed, structure, syndication
from newsletter.collect.charset import decode
from newsletter.collect.download import Document, download
from newsletter.collect.entry import Call, Draft, Fetched
from newsletter.collect.errors import NotAFeed
from newsletter.config import Config, Problem

# A date further ahead is a broken clock, and the post would never come due.
AHEAD = timedelta(days=1)


def check(config: Config, name: str) -> Iterator[Problem]:
    """What is wrong with the source's configuration."""
    if not config.collect.sources[name].location.lower().startswith(("http://", "https://")):
        key, hint = f"collect.sources.{name}.location", "write https://… or set kind: folder"
        yield Problem(key, "a feed needs a web address", hint=hint)


async def fetch(call: Call) -> Callable[[], Fetched]:
    """Download the feed; reading it is left to do."""
    return partial(read, call, await download(call))


def read(call: Call, document: Document) -> Fetched:
    """The entries of a document that was downloaded."""
    if document.not_modified:
        return Fetched(not_modified=True)
    drafts, cut_off = _drafts(decode(document.body, document.content_type), document.url)
    latest = call.now + AHEAD
    entries = tuple(draft.finish(call) for draft in drafts)
    ahead = sum(entry.published_at is not None and entry.published_at > latest for entry in entries)
    fetched = Fetched(
        entries, document.etag, document.last_modified, _warning(document, len(entries), ahead, cut_off), latest=latest
    )
    # Kept, they would make the server say "not modified" next time, and what was cut off would never come.
    return replace(fetched, etag="", last_modified="") if cut_off else fetched


def _drafts(text: str, url: str) -> tuple[list[Draft], bool]:
    if not text.strip():
        raise NotAFeed("The feed is empty.", "Does its address show anything in a browser?")
    if text.lstrip().startswith(("{", "[")):
        return jsonfeed.drafts(text, url), False
    xml = structure.xml(text, url)
    return syndication.drafts(xml.text, url), xml.cut_off


def _warning(document: Document, entries: int, ahead: int, cut_off: bool) -> str:
    odd = {
        f"The feed has moved: write {document.moved_to} into config.yaml.": bool(document.moved_to),
        "The feed breaks off in the middle; its whole entries were taken.": cut_off,
        "The feed has no entries.": not entries,
        f"{ahead} of its entries are dated in the future; they count as published when first seen.": ahead > 0,
    }
    return " ".join(text for text, holds in odd.items() if holds)
