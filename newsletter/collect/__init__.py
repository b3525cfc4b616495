"""Collect: bring in what was published, once each, cleaned."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from newsletter.collect import pictures
from newsletter.collect.entry import Call, Examine, Fetched
from newsletter.collect.errors import CollectError, UnknownSource
from newsletter.collect.kinds import KINDS, kind
from newsletter.collect.store import Counts, news, store
from newsletter.config import Config, Problem
from newsletter.models import Source

__all__ = ["KINDS", "CollectError", "UnknownSource", "Visit", "check", "collect"]

SIDE_BY_SIDE = 20  # sources fetched at a time: each may hold collect.max_bytes in memory
Clock = Callable[[], datetime]
Outcome = Fetched | BaseException
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visit:
    """How one visit to a source went; `error` is empty when it went well."""

    source: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    error: str = ""
    warning: str = ""


def collect(
    config: Config, now: datetime, only: Collection[str] = (), clock: Clock | None = None,
    examine: Examine | None = None,
) -> list[Visit]:  # fmt: skip
    """Visit the named sources, or all, and record how each visit went; one that is broken stops no other.

    With a clock, posts bear the moment they were stored; else all bear `now`, when the visits began.
    `examine` judges what our own posts say to each reader.
    Raises UnknownSource before anything is done if config.yaml does not have one of the names.
    """
    names = _chosen(config, only)
    rows = _sync(config)
    calls = [_call(config, now, rows[name], examine) for name in names]
    return [
        _settle(call, rows[call.name], outcome, clock or (lambda: now))
        for start in range(0, len(calls), SIDE_BY_SIDE)
        for call, outcome in _measured(config, rows, _read(calls[start : start + SIDE_BY_SIDE]))
    ]


def check(config: Config) -> list[Problem]:
    """What is wrong with the sources in config.yaml, as far as can be told without visiting them."""
    problems: list[Problem] = []
    for name, source in config.collect.sources.items():
        if source.kind in KINDS:
            problems += KINDS[source.kind].check(config, name)
        else:
            reason = f"there is no kind of source called '{source.kind}'"
            problems.append(Problem(f"collect.sources.{name}.kind", reason, hint=f"known: {', '.join(KINDS)}"))
    return problems


def _chosen(config: Config, only: Collection[str]) -> list[str]:
    known = list(config.collect.sources)
    if unknown := [name for name in only if name not in known]:
        raise UnknownSource(f"There is no source '{unknown[0]}'.", f"Known: {', '.join(known) or 'none'}.")
    return [name for name in known if not only or name in only]


def _sync(config: Config) -> dict[str, Source]:
    """The row of each source, as config.yaml has it; at a new location nothing is known of the last visit."""
    rows = {row.name: row for row in Source.objects.filter(name__in=list(config.collect.sources))}
    for name, source in config.collect.sources.items():
        place = {"kind": source.kind[:20], "location": source.location}
        row = rows.get(name) or Source.objects.get_or_create(name=name, defaults=place)[0]
        if (row.kind, row.location) != (place["kind"], place["location"]):
            row.kind, row.location, row.etag, row.last_modified = place["kind"], place["location"], "", ""
            row.save(update_fields=["kind", "location", "etag", "last_modified"])
        rows[name] = row
    return rows


def _call(config: Config, now: datetime, row: Source, examine: Examine | None) -> Call:
    return Call(row.name, config.collect.sources[row.name], config, now, row.etag, row.last_modified, examine)


def _read(calls: list[Call]) -> list[tuple[Call, Outcome]]:
    """Fetch side by side, and read one after the other; what went wrong with one is its own outcome."""

    async def together() -> list[Callable[[], Fetched] | BaseException]:
        return await asyncio.gather(*map(_fetch, calls), return_exceptions=True)

    return [(call, _tried(fetched)) for call, fetched in zip(calls, asyncio.run(together()), strict=True)]


async def _fetch(call: Call) -> Callable[[], Fetched]:
    return await kind(call.source.kind).fetch(call)


def _tried(fetched: Callable[[], Fetched] | BaseException) -> Outcome:
    if isinstance(fetched, BaseException):
        return fetched
    try:
        return fetched()
    except Exception as error:  # noqa: BLE001 - it is raised again where this source's visit is recorded
        return error


def _measured(config: Config, rows: dict[str, Source], read: list[tuple[Call, Outcome]]) -> list[tuple[Call, Outcome]]:
    """The same visits, the images of their new and changed posts measured, for all of them at once."""
    if not config.collect.measure_images:
        return read
    fetched = [(call, outcome) for call, outcome in read if isinstance(outcome, Fetched)]
    wanted = [news(rows[call.name], outcome.entries) for call, outcome in fetched]
    questions = [pictures.Question(call, entries) for (call, _), entries in zip(fetched, wanted, strict=True)]
    answers = pictures.answered(questions, config.collect)
    known = {
        call.name: pictures.measured(outcome, entries, sizes)
        for (call, outcome), entries, sizes in zip(fetched, wanted, answers, strict=True)
    }
    return [(call, known.get(call.name, outcome)) for call, outcome in read]


def _settle(call: Call, row: Source, outcome: Outcome, clock: Clock) -> Visit:
    """Read and store what was fetched, and record how it went."""
    try:
        if isinstance(outcome, BaseException):
            raise outcome
        fetched = outcome
        counts = Counts() if fetched.not_modified else store(row, fetched, clock)
    except CollectError as error:
        return _failed(call, row, str(error))
    except Exception as error:
        # One broken source must not stop the others, whatever broke it.
        logger.exception("The visit to %s failed unexpectedly", call.name)
        return _failed(call, row, f"This should not have happened ({type(error).__name__}: {error}). The log has more.")
    if fetched.not_modified:
        fetched = Fetched(etag=row.etag, last_modified=row.last_modified, warning=row.warning)
    row.succeeded(call.now, counts.added, fetched.warning, fetched.etag, fetched.last_modified)
    return Visit(call.name, counts.added, counts.updated, counts.unchanged, warning=fetched.warning)


def _failed(call: Call, row: Source, error: str) -> Visit:
    row.failed(call.now, error)
    return Visit(call.name, error=error)
