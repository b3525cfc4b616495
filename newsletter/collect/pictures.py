"""The sizes of the images of new posts, asked of the servers they lie on: little, soon, and side by side.

Mail programs keep room for an image only where its size stands beside it. A failure costs nothing but the size.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from http import HTTPStatus

import httpx

from newsletter.collect.download import network
from newsletter.collect.entry import Call, Entry, Fetched
from newsletter.collect.errors import CollectError
from newsletter.collect.header import ENOUGH, size_of
from newsletter.config.schema import Collect
from newsletter.markup.images import UNKNOWN, Size, in_words

SECONDS = 5.0  # for one image
PER_POST = 12
SIDE_BY_SIDE = 16
REDIRECTS = 3
NAMED = 3  # images that a warning spells out
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "Range": f"bytes=0-{ENOUGH - 1}"}
logger = logging.getLogger(__name__)
_TOTAL = re.compile(r"bytes [\d*-]+/(\d{1,18})")


class Question:
    """The images of one source whose sizes are wanted, by the posts they stand in."""

    def __init__(self, call: Call, entries: Iterable[Entry]) -> None:
        self.call = call
        wanted = (url for entry in entries for url in entry.unmeasured[:PER_POST])
        # Our own pages are asked nothing: what lies there was measured as a file.
        ours = f"{call.config.site.url}/"
        self.urls = tuple(dict.fromkeys(url for url in wanted if not url.startswith(ours)))


def answered(questions: Collection[Question], collect: Collect, seconds: float = SECONDS) -> list[dict[str, Size]]:
    """The sizes found for each question by address.

    Each image is given so many seconds, and all of them together as long as one fetch may take.
    """
    if not any(question.urls for question in questions):
        return [{} for _ in questions]
    return asyncio.run(_answered(questions, collect, seconds))


async def _answered(questions: Collection[Question], collect: Collect, seconds: float) -> list[dict[str, Size]]:
    found: list[dict[str, Size]] = [{} for _ in questions]
    turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def in_turn(client: httpx.AsyncClient, url: str, sizes: dict[str, Size]) -> None:
        async with turns:
            sizes[url] = await _ask(client, url, collect.max_image_bytes, seconds)

    async with AsyncExitStack() as stack:
        clients = {
            private: await stack.enter_async_context(_client(collect, private, seconds))
            for private in {question.call.source.allow_private for question in questions}
        }
        asked = [
            asyncio.create_task(in_turn(clients[question.call.source.allow_private], url, sizes))
            for question, sizes in zip(questions, found, strict=True)
            for url in question.urls
        ]
        _, late = await asyncio.wait(asked, timeout=collect.timeout.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    return found


def _client(collect: Collect, allow_private: bool, seconds: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=network(allow_private), timeout=seconds, follow_redirects=True, max_redirects=REDIRECTS,
        trust_env=False, headers={"User-Agent": collect.user_agent, **_HEADERS},
    )  # fmt: skip


async def _ask(client: httpx.AsyncClient, url: str, most: int, seconds: float) -> Size:
    head = bytearray()
    total: list[int] = []
    try:
        async with asyncio.timeout(seconds):
            await _read(client, url, head, total)
    except (CollectError, httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as error:
        # What came before it broke off may be enough, and a size is no more than welcome.
        logger.debug("The image %s could not be read as a whole: %s", url, error)
    return replace(size_of(bytes(head)), too_big=total[0] if total and total[0] > most else 0)


async def _read(client: httpx.AsyncClient, url: str, head: bytearray, total: list[int]) -> None:
    """Read the beginning of an image, and hang up."""
    async with client.stream("GET", url) as response:
        if not response.is_success:
            return
        total += _length(response)
        async for piece in response.aiter_raw():
            head += piece[: ENOUGH - len(head)]
            if len(head) >= ENOUGH or size_of(bytes(head)) != UNKNOWN:
                return


def _length(response: httpx.Response) -> list[int]:
    """How large the whole image is, if its server says so."""
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        match = _TOTAL.fullmatch(response.headers.get("content-range", ""))
        return [int(match[1])] if match else []
    stated = response.headers.get("content-length", "")
    return [int(stated)] if stated.isdecimal() and len(stated) < 19 else []


def measured(fetched: Fetched, wanted: Collection[Entry], sizes: dict[str, Size]) -> Fetched:
    """What a visit brought, with these sizes filled in where they are wanted, and a word on images that are too big."""
    if not sizes:
        return fetched
    chosen = {id(entry) for entry in wanted}
    entries = tuple(
        entry.measured(lambda url: sizes.get(url, UNKNOWN)) if id(entry) in chosen and entry.unmeasured else entry
        for entry in fetched.entries
    )
    words = [fetched.warning, *_too_big(sizes)]
    return replace(fetched, entries=entries, warning="\n".join(filter(None, words)))


def _too_big(sizes: dict[str, Size]) -> Iterator[str]:
    large = [f"{url} ({in_words(size.too_big)})" for url, size in sizes.items() if size.too_big]
    if large:
        more = f" and {len(large) - NAMED} more" if len(large) > NAMED else ""
        yield f"Too big to be shown, and linked to instead: {', '.join(large[:NAMED])}{more}."
