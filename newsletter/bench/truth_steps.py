"""One invented issue, its hits taken in and judged as they would come, on an empty database: `python -m … MIX`.

The only argument is a Mix as JSON; the last line printed is what was counted beside what is true, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import Sum  # noqa: E402

from newsletter import links  # noqa: E402
from newsletter.bench.crowd import LINKS, Crowd  # noqa: E402
from newsletter.bench.mix import Mix  # noqa: E402
from newsletter.config import Config  # noqa: E402
from newsletter.models import Event, Issue, Link, Message, Sign, Tally  # noqa: E402
from newsletter.models.taking import take_in  # noqa: E402
from newsletter.settings import current  # noqa: E402
from newsletter.track.hits import Hit  # noqa: E402
from newsletter.track.judging.estimate import estimate  # noqa: E402
from newsletter.track.judging.intake import happenings  # noqa: E402
from newsletter.track.judging.job import WAIT, judge  # noqa: E402
from subscribers.models import Subscriber  # noqa: E402

SLICE = 4000
"""Hits taken in at a time; after each, what is a minute old is judged."""
BEGAN = datetime(2026, 11, 20, 7, tzinfo=UTC)
NEWSLETTER = "invented"
Figures = dict[str, Any]


def run(given: Figures) -> Figures:
    """Let the issue be read, and compare."""
    config = current().model_copy(update={"newsletters": {NEWSLETTER: _Letter()}})
    call_command("migrate", verbosity=0)
    crowd = Crowd(Mix(**given), BEGAN.timestamp())
    issue, messages, numbers = _sent(config, crowd)
    began = time.perf_counter()
    for part in _parts(crowd.hits):
        hits = [
            one._replace(message=messages[one.message], link=numbers.get(one.link, 0) * (one.kind == "click"))
            for one in part
        ]
        now = datetime.fromtimestamp(part[-1].at, UTC)
        take_in(happenings(hits, config), now, config.closely)
        judge(config, lambda now=now: now, lambda: False)  # type: ignore[misc]
    judge(config, lambda: now + 2 * WAIT, lambda: False)
    seconds = time.perf_counter() - began
    return {"hits": len(crowd.hits), "seconds": seconds, **_counted(issue), **_true(crowd)}


def _numbered(hit: Hit, messages: Sequence[int], numbers: Mapping[int, int]) -> Hit:
    link = numbers[hit.link] if hit.kind == "click" else 0
    return hit._replace(message=messages[hit.message], link=link)


class _Letter:
    """As much of a newsletter as is asked for here."""

    track = "individual"


def _sent(config: Config, crowd: Crowd) -> tuple[Issue, list[int], dict[int, int]]:
    """The issue, the number of each of its messages, and of each of its links."""
    issue = Issue.objects.create(
        newsletter=NEWSLETTER, slug="1", due_at=BEGAN, cut_off_at=BEGAN - timedelta(days=1), status=Issue.Status.SENT
    )
    people = Subscriber.objects.bulk_create(
        (Subscriber(email=f"r{at}@example.org", key=f"r{at}@example.org") for at in range(len(crowd.sent))),
        batch_size=5000,
    )
    # A sheet of messages is settled when all of it has gone: up to a second after each of them did.
    settled = [datetime.fromtimestamp(at // 1 + 1, UTC) for at in crowd.sent]
    messages = Message.objects.bulk_create(
        (
            Message(issue=issue, subscriber=person, state=Message.State.SUBMITTED, submitted_at=at)
            for person, at in zip(people, settled, strict=True)
        ),
        batch_size=5000,
    )
    urls = [links.unseen(config, NEWSLETTER, "1"), *(f"https://example.org/{at}" for at in range(1, LINKS + 1))]
    found = Link.number(issue, urls)
    return issue, [one.pk for one in messages], {at: found[url] for at, url in enumerate(urls)}


def _parts(hits: Sequence[Hit]) -> Iterator[Sequence[Hit]]:
    for first in range(0, len(hits), SLICE):
        yield hits[first : first + SLICE]


def _counted(issue: Issue) -> Figures:
    """What a count of all there is comes to, and what was made of it."""
    seen = Event.objects.filter(issue=issue, source="")
    whole = Tally.objects.filter(issue=issue, link=None).values_list("kind").annotate(Sum("readers"))
    adjusted = dict(whole.order_by("kind"))
    by_link = Sign.objects.filter(message__issue=issue, kind=Event.Kind.CLICK, link__isnull=False)
    known = estimate(issue)
    return {
        "raw_opens": seen.filter(kind=Event.Kind.OPEN).values("message").distinct().count(),
        "raw_clicks": seen.filter(kind=Event.Kind.CLICK).values("message").distinct().count(),
        "raw_by_link": by_link.count(), "opens": adjusted.get(Event.Kind.OPEN, 0),
        "clicks": adjusted.get(Event.Kind.CLICK, 0),
        "by_link": by_link.filter(first_human_at__isnull=False).count(), "likely": known.likely,
    }  # fmt: skip


def _true(crowd: Crowd) -> Figures:
    truth = crowd.truth
    return {
        "true_opens": len(truth.known), "true_clicks": len(truth.clicked), "true_by_link": len(truth.clicks),
        "looked": len(truth.looked),
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(json.loads(sys.argv[1]))) + "\n")
