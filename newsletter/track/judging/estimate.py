"""Estimate: how many have opened an issue, of whom some read with programs that tell nothing about it.

Where images are fetched ahead, only a click gives a reader away. The estimate takes it that those readers, when they
open a mail, follow links as often as all others do. Nobody can know whether that is so; it is never counted, only
shown beside what was counted.
"""

from __future__ import annotations

from typing import NamedTuple

from newsletter.models import Event, Issue
from newsletter.models.sign import Sign

FEW = 30
"""Readers who followed a link, below which chance says more than the rate."""


class Estimate(NamedTuple):
    """How many were seen to open the issue, and how many may have; None where too few followed a link to say."""

    seen: int
    likely: int | None


def estimate(issue: Issue) -> Estimate:
    """What is known of an issue's opens, and what may be; from its single events, so as long as those are kept."""
    ahead = set(_messages(issue, judged=Event.Judged.PREFETCH, kind=Event.Kind.OPEN))
    human = Sign.objects.filter(message__issue=issue, link=None, first_human_at__isnull=False)
    opened = set(human.filter(kind=Event.Kind.OPEN).values_list("message", flat=True))
    clicked = set(human.filter(kind=Event.Kind.CLICK).values_list("message", flat=True))
    # Who reads in two programs, one of which tells, is known like anybody else.
    silent = ahead - set(_messages(issue, judged=Event.Judged.HUMAN, kind=Event.Kind.OPEN, source=""))
    return extrapolated(opened | clicked, clicked, silent)


def extrapolated(opened: set[int], clicked: set[int], silent: set[int]) -> Estimate:
    """The estimate of messages: who was seen to open, who followed a link, and whose images were fetched ahead."""
    told, told_clicked = opened - silent, clicked - silent
    if len(told_clicked) < FEW:
        return Estimate(len(opened), None)
    return Estimate(len(opened), round(len(told) + len(clicked & silent) * len(told) / len(told_clicked)))


def _messages(issue: Issue, **of: str) -> list[int]:
    return list(Event.objects.filter(issue=issue, **of).values_list("message", flat=True).distinct())
