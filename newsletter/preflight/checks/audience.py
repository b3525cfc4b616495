"""Who would get it: nobody, or many more or fewer than the last times."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from newsletter.models import AudienceUnknown, Issue, Message, audience_of
from newsletter.models.booking import clashes
from newsletter.models.counting import by_state
from newsletter.preflight.checks.fields import counted_with
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof

LAST = 3
"""Issues that say what is usual."""
_FEW = 20
"""Readers below which a percentage says nothing."""
_WHERE = "the audience"


def size(proof: Proof) -> Iterator[Finding]:
    """How many people, beside what is usual."""
    try:
        audience_of(proof.issue, proof.letter)
    except AudienceUnknown as error:
        yield Finding("audience-unknown", str(error), "mend the segment, or choose another", _WHERE)
        return
    counted = counted_with(proof)
    if counted is None:
        yield Finding(
            "audience-uncounted", "counting it would have taken too long", "see it on the issue's page", _WHERE
        )
    elif counted.whole == 0:
        yield Finding("audience-empty", "nobody would get it, as the lists and segments stand",
                      "add people to the lists, or choose other segments", _WHERE)  # fmt: skip
    else:
        yield from _unusual(proof, counted.whole, "" if counted.exact else "about ")


def _unusual(proof: Proof, whole: int, about: str) -> Iterator[Finding]:
    before = usual(proof.issue)
    if not before or max(before, whole) < _FEW:
        return
    change = round(100 * (whole - before) / before)
    if abs(change) > proof.config.compose.preflight.audience_change:
        yield Finding(
            "audience-unusual",
            f"it would go to {about}{whole:,} people, {abs(change)} % {'more' if change > 0 else 'fewer'} than the "
            f"{before:,} of the last issues",
            "look at its lists and segments; and if it is right, go on", _WHERE,
        )  # fmt: skip


def booked(proof: Proof) -> Iterator[Finding]:
    """Other issues that some of its readers get at about the same time."""
    at = proof.issue.send_at or proof.issue.due_at
    for one in clashes(proof.config, proof.issue, at, proof.now):
        many = "some people" if one.people is None else f"{'' if one.exact else 'about '}{one.people:,} people"
        get = "got" if one.is_over else "get"
        yield Finding(
            "double-booked", f"{many} {get} {one.issue} too, at {one.at:%Y-%m-%d %H:%M} UTC",
            "choose another time, if that is too much for them", _WHERE, about=str(one.issue.pk),
        )  # fmt: skip


def usual(issue: Issue) -> int:
    """How many people the last issues of its kind went to; 0 where there were none."""
    last = Issue.public().filter(newsletter=issue.newsletter, kind=issue.kind).exclude(pk=issue.pk)
    sizes = [_size(one) for one in last.order_by("-started_at", "-pk")[:LAST]]
    return round(median(sizes)) if sizes else 0


def _size(issue: Issue) -> int:
    return sum(many for state, many in by_state(issue).items() if state != Message.State.EXCLUDED)
