"""The variants of an A/B test: what came back of each, how likely each is the best, and which goes to the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from newsletter.models import Event, Issue, Message, Rollup, Sign, Trial
from newsletter.models.trial import FIRST
from newsletter.track.report.figures import ARRIVED, SENT
from newsletter.track.report.odds import Counted, chances, interval

Kind, State, Measure = Event.Kind, Message.State, Trial.Measure
SMALL = 10_000
"""Of so many messages and fewer, everything is counted when somebody looks."""
CLEAR = 0.8
"""A winner is at least so likely the best; otherwise the issue goes out as it stands."""
FEW = 5
"""Readers who clicked or opened, of all variants, below which nothing is said."""
COUNTS = ("messages", "sent", "delivered", "opened", "opened_adjusted", "clicked", "clicked_adjusted")
"""What is counted of each."""


@dataclass(frozen=True)
class Tried:
    """What became of one variant: its messages, and from how many of them something came back."""

    letter: str
    messages: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    opened_adjusted: int = 0
    clicked: int = 0
    clicked_adjusted: int = 0

    def counted(self, measure: str) -> Counted:
        """The readers that the measure counts, of those it was sent to."""
        return Counted(self.clicked_adjusted if measure == Measure.CLICKS else self.opened_adjusted, self.sent)


@dataclass(frozen=True)
class Standings:
    """How the variants stand; `as_of` is when they were counted, if that was before now."""

    trial: Trial
    rows: tuple[Tried, ...]
    as_of: datetime | None = None

    @property
    def chances(self) -> dict[str, float]:
        """How likely each is the best, by the trial's measure."""
        return chances({one.letter: one.counted(self.trial.measure) for one in self.rows})

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The rows in plain values, with rates, their intervals of 95 %, and chances."""
        likely = self.chances
        return [
            {
                "variant": one.letter, **{name: getattr(one, name) for name in COUNTS},
                **_rates(one, Measure.OPENS, "open"), **_rates(one, Measure.CLICKS, "click"),
                "chance": round(likely[one.letter], 4), "winner": one.letter == self.trial.winner,
            }
            for one in self.rows
        ]  # fmt: skip


def _rates(one: Tried, measure: str, name: str) -> dict[str, float | None]:
    counted = one.counted(measure)
    low, high = interval(counted) or (None, None)
    values = {"rate": counted.rate, "low": low, "high": high}
    return {f"{name}_{what}": None if value is None else round(value, 4) for what, value in values.items()}


@dataclass(frozen=True)
class Verdict:
    """Which variant goes to the rest, how likely it is the best, and why in words."""

    letter: str
    confidence: float | None
    words: str


def standings_of(issue: Issue, audience: int) -> Standings | None:
    """The same of an issue; None where it has no A/B test too, or nothing of it has been sent."""
    trial = Trial.of(issue) if issue.variants and issue.started_at else None
    return standings(trial, audience) if trial else None


def standings(trial: Trial, audience: int) -> Standings | None:
    """How the variants of an issue with so many messages stand; None of a large one that is not counted yet."""
    if audience <= SMALL:
        return Standings(trial, count(trial))
    kept = trial.issue.rollups.filter(of=Rollup.Of.VARIANTS).first()
    return Standings(trial, read(trial.letters, kept.rows), kept.at) if kept else None


def count(trial: Trial) -> tuple[Tried, ...]:
    """Count what became of each variant, now."""
    return read(trial.letters, rows(trial.issue))


def rows(issue: Issue) -> list[list[Any]]:
    """The same as it is kept: letter, what is counted, how many."""
    tried = Message.objects.filter(issue=issue, variant__gt="").exclude(state=State.EXCLUDED).order_by()
    found: Counter[tuple[str, str]] = Counter()
    for letter, state, number in tried.values_list("variant", "state").annotate(Count("pk")):
        found[letter, "messages"] += number
        found[letter, "sent"] += number if state in SENT else 0
        found[letter, "delivered"] += number if state in ARRIVED else 0
    signs = Sign.objects.filter(message__issue=issue, message__variant__gt="", link=None).order_by()
    by = signs.filter(kind__in=(Kind.OPEN, Kind.CLICK)).values_list("message__variant", "kind")
    for letter, kind, raw, adjusted in by.annotate(Count("pk"), Count("first_human_at")):
        name = "opened" if kind == Kind.OPEN else "clicked"
        found[letter, name] += raw
        found[letter, f"{name}_adjusted"] += adjusted
    return [[letter, name, number] for (letter, name), number in found.items()]


def read(letters: Iterable[str], kept: Iterable[Sequence[Any]]) -> tuple[Tried, ...]:
    """What was kept, for each of these letters."""
    found: dict[str, dict[str, int]] = {}
    for letter, name, number in kept:
        found.setdefault(letter, {})[name] = number
    return tuple(Tried(letter, **found.get(letter, {})) for letter in letters)


def verdict(trial: Trial, counted: Sequence[Tried]) -> Verdict:
    """Which of them goes to the rest: the one most likely the best, if that is likely enough; else a."""
    by = {one.letter: one.counted(trial.measure) for one in counted}
    likely = chances(by)
    best = max(likely, key=lambda letter: (likely[letter], -ord(letter)))
    did = "clicked" if trial.measure == Measure.CLICKS else "opened"
    figures = _figures(by, did)
    kept = "so A, the issue as it stands, " + ("counts as the winner" if trial.is_split else "goes to the rest")
    if (hits := sum(one.hits for one in by.values())) < FEW:
        readers = "1 reader" if hits == 1 else f"{hits} readers"
        return Verdict(FIRST, None, f"no clear winner: only {readers} {did}, which says nothing; {kept}. {figures}")
    if likely[best] < CLEAR:
        words = (
            f"no clear winner: {best.upper()} leads, but is only {_surely(likely[best])} likely to be the best; {kept}"
        )
        return Verdict(FIRST, likely[FIRST], f"{words}. {figures}")
    words = f"{best.upper()} is {_surely(likely[best])} likely to be the best. {figures}"
    return Verdict(best, likely[best], words)


def _surely(chance: float) -> str:
    return "more than 99 %" if chance > 0.99 else f"{chance * 100:.0f} %"


def _figures(by: Mapping[str, Counted], did: str) -> str:
    parts = [f"{letter.upper()} {(one.rate or 0) * 100:.1f} % of {one.tries:,}" for letter, one in by.items()]
    return f"Readers who {did}, adjusted: {', '.join(parts)}."


def chosen(trial: Trial, letter: str, counted: Sequence[Tried]) -> Verdict:
    """What is said where a person chooses: how likely it is the best all the same."""
    by = {one.letter: one.counted(trial.measure) for one in counted}
    if not by:
        return Verdict(letter, None, "chosen by hand, before anything was counted")
    did = "clicked" if trial.measure == Measure.CLICKS else "opened"
    if sum(one.hits for one in by.values()) < FEW:
        return Verdict(letter, None, f"chosen by hand. {_figures(by, did)}")
    chance = chances(by)[letter]
    return Verdict(letter, chance, f"chosen by hand; {_surely(chance)} likely to be the best. {_figures(by, did)}")
