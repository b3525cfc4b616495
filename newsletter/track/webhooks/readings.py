"""Opens and clicks that a provider tells of: which link they were on, and who seems to be behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from newsletter.config import Config
from newsletter.models import Link, Message
from newsletter.models.edition import digest_of
from newsletter.models.event import READING
from newsletter.models.taking import Happening
from newsletter.track.hits import CLICK, OPEN, Hit
from newsletter.track.judging import intake


class Told(NamedTuple):
    """What a provider tells of a message. All but the happening is about opens and clicks alone, and is not kept."""

    happening: Happening
    url: str = ""
    """Where a click led to."""
    agent: str = ""
    """What the reader's program says it is."""
    address: str = ""
    """The whole address it came from."""
    ahead: bool = False
    """Whether the provider says that nobody had looked yet."""


def judged(told: Iterable[Told], config: Config) -> list[Happening]:
    """The happenings, those of opens and clicks judged at a glance as what comes to our own pixel and links is."""
    whole = list(told)
    links = _links({(one.happening.message, one.url) for one in whole if one.url})
    found = [one.happening._replace(link=links.get((one.happening.message, one.url))) for one in whole]
    places = [place for place, one in enumerate(found) if one.kind in READING]
    glances = intake.happenings([_hit(found[place], whole[place]) for place in places], config) if places else []
    for place, glance in zip(places, glances, strict=True):
        found[place] = found[place]._replace(
            judged=glance.judged, reasons=glance.reasons, agent=glance.agent, network=glance.network,
            provisional=glance.provisional,
        )  # fmt: skip
    return found


def _hit(happening: Happening, told: Told) -> Hit:
    kind = CLICK if happening.kind == CLICK else OPEN
    purpose = "prefetch" if told.ahead else ""
    at = happening.at.timestamp()
    return Hit(kind, happening.message, happening.link or 0, at, "GET", told.agent, told.address, purpose)


def _links(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The numbers of links, by message and address. An address that is no link of the issue has none: such are those
    with a reader's token in them, which belong to one mail alone."""
    if not wanted:
        return {}
    keys = {url: digest_of(url) for _, url in wanted}
    issues = dict(Message.objects.filter(pk__among=list({one for one, _ in wanted})).values_list("pk", "issue"))
    rows = Link.objects.filter(issue__in=set(issues.values()), key__in=set(keys.values()))
    found = {(issue, key): pk for pk, issue, key in rows.values_list("pk", "issue", "key")}
    links = {(message, url): found.get((issues.get(message, 0), keys[url])) for message, url in wanted}
    return {place: pk for place, pk in links.items() if pk}
