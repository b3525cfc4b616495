"""Intake: hits as the happenings that they are, judged at a glance; what is not kept of them ends here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from newsletter.config import Config
from newsletter.models import Event, Link, Message
from newsletter.models.taking import Happening
from newsletter.track.hits import Hit
from newsletter.track.judging.agents import family
from newsletter.track.judging.glance import glance
from newsletter.track.judging.networks import SHIPPED, Networks, load, truncated


class _Mailed(NamedTuple):
    """What is known of a message whose hits come in."""

    issue: int
    sent_at: float | None


def networks_of(config: Config) -> Networks:
    """The networks of the file that counts. Raises BadNetworks."""
    return load(config.path(config.track.networks) if config.track.networks else SHIPPED)


def happenings(hits: Sequence[Hit], config: Config) -> list[Happening]:
    """Hits as what may become events; whether there are such messages and links is asked when they are taken in.

    Of the whole address and of the program's own words nothing will be known.
    """
    mailed = _mailed({hit.message for hit in hits})
    unseen = Link.unseen(one.issue for one in mailed.values())
    networks = networks_of(config)
    return [_happening(hit, mailed.get(hit.message), hit.link in unseen, networks) for hit in hits]


def _happening(hit: Hit, mailed: _Mailed | None, trap: bool, networks: Networks) -> Happening:
    verdict = glance(hit, mailed.sent_at if mailed else None, trap, networks)
    return Happening(
        hit.message, Event.Kind(hit.kind), datetime.fromtimestamp(hit.at, UTC), hit.link or None,
        judged=verdict.judged, reasons=verdict.reasons, agent=family(hit.agent), network=truncated(hit.address),
        provisional=True,
    )  # fmt: skip


def _mailed(messages: Iterable[int]) -> dict[int, _Mailed]:
    rows = Message.objects.filter(pk__among=list(messages))
    found = rows.values_list("pk", "issue", "submitted_at")
    return {pk: _Mailed(issue, at.timestamp() if at else None) for pk, issue, at in found}
