"""The tables of a report, each with its header and rows: what exports, the terminal and the charts' captions show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from newsletter.models import Event, Message
from newsletter.track.report.clicks import story_clicks
from newsletter.track.report.curves import WHAT, Curves
from newsletter.track.report.figures import Report
from newsletter.track.report.providers import Share
from newsletter.track.report.variants import COUNTS as TRIED
from newsletter.track.report.variants import Standings, standings_of

State, Kind = Message.State, Event.Kind


@dataclass(frozen=True)
class Table:
    """A table by its name in exports; cells are text, numbers, shares between 0 and 1, or None for the unknown."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Its rows with the names of their columns."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]


NAMES = ("funnel", "curves", "links", "stories", "providers", "excluded", "bounces", "polls", "variants")
"""The tables there are."""


def funnel(told: Report) -> Table:
    """The steps from the audience to the answer: raw and adjusted side by side, and their shares of what was sent."""
    rows: list[tuple[Any, ...]] = [
        _step("audience", told.audience), _step("excluded", told.count(State.EXCLUDED)),
        _step("waiting", told.open), _step("submitted", told.sent, told), _delivered(told),
        _reading("opened", told, Kind.OPEN), _reading("clicked", told, Kind.CLICK),
        _step("replied", told.replies, told), _step("unsubscribed", told.of(Kind.UNSUBSCRIBE).messages, told),
        _step("bounced", told.count(State.BOUNCED)), _step("failed", told.count(State.FAILED)),
        _step("complained", told.count(State.COMPLAINED), told), _step("uncertain", told.count(State.UNCERTAIN)),
        _step("withheld", told.count(State.WITHHELD)),
    ]  # fmt: skip
    return Table("funnel", ("step", "raw", "adjusted", "raw_share", "adjusted_share"), rows)


def _step(name: str, number: int, told: Report | None = None) -> tuple[Any, ...]:
    share = told.rate(number) if told else None
    return (name, number, number, share, share)


def _delivered(told: Report) -> tuple[Any, ...]:
    """How many have arrived; where nobody says so, that is not nought."""
    return _step("delivered", told.delivered, told) if told.delivered else ("delivered", None, None, None, None)


def _reading(name: str, told: Report, kind: str) -> tuple[Any, ...]:
    seen = told.of(kind)
    if seen.unnamed:
        return (name, None, None, None, None)
    return (name, seen.messages, seen.readers, told.rate(seen.messages), told.rate(seen.readers))


def curves(told: Curves | None) -> Table:
    """Hour by hour: this issue, and the median and the range of the earlier ones."""
    header = ("hour", *(f"{what}{part}" for what in WHAT for part in ("", "_usual", "_least", "_most")))
    if told is None:
        return Table("curves", header, [])
    columns = [series for what in WHAT for one in [told.curves[what]]
               for series in (one.shares, one.median, one.least, one.most)]  # fmt: skip
    rows = [(hour, *(series[hour - 1] if hour <= len(series) else None for series in columns)) for hour in told.hours]
    return Table("curves", header, rows)


def links(told: Report) -> Table:
    """Every link of the mail."""
    header = ("link", "story", "clicks", "clicks_adjusted", "people", "people_adjusted")
    rows = [(x.url, x.place or None, x.clicks, x.clicks_adjusted, x.people, x.people_adjusted) for x in told.links]
    return Table("links", header, rows)


def stories(told: Report, issue: Any) -> Table:
    """Every story with the clicks on its links."""
    header = ("story", "section", "links", "clicks", "clicks_adjusted")
    found = story_clicks(issue, told.links)
    return Table(
        "stories", header, [(x.title or "(no story)", x.section, x.links, x.clicks, x.clicks_adjusted) for x in found]
    )


def providers(shares: Iterable[Share] | None) -> Table:
    """Every provider with its part of the messages, and what came back from it."""
    header = ("provider", "messages", "sent", "delivered", "bounced", "complained", "opened", "opened_adjusted",
              "clicked", "clicked_adjusted", "unsubscribed")  # fmt: skip
    return Table("providers", header, [tuple(getattr(one, name) for name in header) for one in shares or ()])


def excluded(told: Report) -> Table:
    """Why people were left out."""
    return Table("excluded", ("reason", "people"), list(told.excluded.items()))


def bounces(told: Report) -> Table:
    """What came back undelivered, by class."""
    return Table("bounces", ("class", "messages"), list(told.bounces.items()))


def polls(told: Report) -> Table:
    """Every answer of every poll."""
    rows = [(poll.question, answer, votes) for poll in told.polls for answer, votes in poll.answers.items()]
    return Table("polls", ("poll", "answer", "votes"), rows)


def variants(told: Standings | None) -> Table:
    """Every variant of its A/B test, with rates, their intervals of 95 %, and how likely each is the best."""
    header = ("variant", *TRIED, *(f"{what}_{name}" for what in ("open", "click") for name in ("rate", "low", "high")),
              "chance", "winner")  # fmt: skip
    facts = told.facts if told else []
    return Table("variants", header, [tuple(one[name] for name in header) for one in facts])


def table(
    name: str, issue: Any, told: Callable[[], Report], curved: Callable[[], Curves | None],
    shared: Callable[[], Iterable[Share] | None],
) -> Table:  # fmt: skip
    """The table of a name, asking only for what it needs. Raises KeyError if there is none."""
    made: dict[str, Callable[[], Table]] = {
        "funnel": lambda: funnel(told()), "curves": lambda: curves(curved()), "links": lambda: links(told()),
        "stories": lambda: stories(told(), issue), "providers": lambda: providers(shared()),
        "excluded": lambda: excluded(told()), "bounces": lambda: bounces(told()), "polls": lambda: polls(told()),
        "variants": lambda: variants(standings_of(issue, told().audience)),
    }  # fmt: skip
    return made[name]()
