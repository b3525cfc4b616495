"""Verifying: whether what is counted is what the rows say; whatever is not is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count

from newsletter.models.counts import hour_of
from newsletter.models.event import Event
from newsletter.models.issue import Issue
from newsletter.models.sign import UNSIGNED, Sign
from newsletter.models.tally import Tally

CHUNK = 10_000
"""Rows read at once."""
Counted = dict[tuple[str, int | None, datetime], dict[str, int]]
"""By kind, link and hour: each count."""
JUDGED = ("events", "human", "prefetch", "bot")
FIRST = ("messages", "readers")


class Drift(NamedTuple):
    """A count that is not what the rows say."""

    what: str
    counted: int
    rows: int


def drifts(issue: Issue, tell: Callable[[int], object] = lambda rows: None) -> Iterator[Drift]:
    """Count an issue's events and signs anew, and name what differs from its tallies and signs.

    `tell` is told of events that have been counted, so many at a time.
    """
    kept = _tallies(issue)
    events, signs = _events(issue, tell), _signs(issue)
    for key in sorted(kept.keys() | events.keys() | signs.keys(), key=str):
        kind, link, hour = key
        place = f"{kind} {hour:%Y-%m-%d %H}h" + (f" link {link}" if link else "")
        for name in JUDGED:
            rows = events[key][name] + kept[key]["folded" if name == "events" else f"folded_{name}"]
            if kept[key][name] != rows:
                yield Drift(f"{place}: {name}", kept[key][name], rows)
        for name in FIRST:
            if kept[key][name] != signs[key][name]:
                yield Drift(f"{place}: {name}", kept[key][name], signs[key][name])
    yield from _of_signs(issue)


def _new() -> Counted:
    return defaultdict(lambda: defaultdict(int))


def _tallies(issue: Issue) -> Counted:
    found = _new()
    for one in Tally.objects.filter(issue=issue):
        names = (*JUDGED, *FIRST, "folded", "folded_human", "folded_prefetch", "folded_bot")
        found[one.kind, one.link_id, one.hour] = {name: getattr(one, name) for name in names}
    return found


def _events(issue: Issue, tell: Callable[[int], object]) -> Counted:
    found = _new()
    rows = Event.objects.filter(issue=issue).order_by().values_list("kind", "link", "at", "judged")
    for number, (kind, link, at, judged) in enumerate(rows.iterator(CHUNK), 1):
        if number % CHUNK == 0:
            tell(CHUNK)
        for place in {None, link}:
            for name in ("events", *filter(None, [judged])):
                found[kind, place, hour_of(at)][name] += 1
    return found


def _signs(issue: Issue) -> Counted:
    found = _new()
    rows = Sign.objects.filter(message__issue=issue).order_by()
    for kind, link, first, human in rows.values_list("kind", "link", "first_at", "first_human_at").iterator(CHUNK):
        found[kind, link, hour_of(first)]["messages"] += 1
        if human:
            found[kind, link, hour_of(human)]["readers"] += 1
    return found


def _of_signs(issue: Issue) -> Iterator[Drift]:
    """Whether each sign has as many events as there are rows and folded ones."""
    rows = Event.objects.filter(issue=issue).exclude(kind__in=UNSIGNED).order_by()
    counted: dict[tuple[int, str, int | None], int] = defaultdict(int)
    for message, kind, link, number in rows.values_list("message", "kind", "link").annotate(Count("pk")).iterator():
        for place in {None, link}:
            counted[message, kind, place] += number
    signs = Sign.objects.filter(message__issue=issue).order_by()
    for message, kind, link, events, folded in signs.values_list(
        "message", "kind", "link", "events", "folded"
    ).iterator():
        number = counted.pop((message, kind, link), 0) + folded
        if events != number:
            yield Drift(f"{kind} of message {message}" + (f" link {link}" if link else ""), events, number)
    for (message, kind, _), number in counted.items():
        yield Drift(f"{kind} of message {message}", 0, number)
