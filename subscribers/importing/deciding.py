"""What becomes of each row, given what is known of its person already. Nothing is read or written here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from subscribers.importing.meanings import ACTIVE, UNSUBSCRIBED
from subscribers.importing.people import Person
from subscribers.models import Import, Subscription, Suppression

ADDED, UPDATED, UNCHANGED, RESTORED = "added", "updated", "unchanged", "restored"
LEFT, SUPPRESSED, KEPT_OUT, REPEATED, REFUSED = "unsubscribed", "suppressed", "kept_out", "repeated", "refused"
OUTCOMES = (ADDED, UPDATED, UNCHANGED, RESTORED, LEFT, SUPPRESSED, KEPT_OUT, REPEATED, REFUSED)
"""What a row can come to; the numbers of all these add up to the rows done."""

_LIFTED = (Suppression.Kind.BOUNCED, Suppression.Kind.MANUAL)
"""Only these are lifted by an import; who complained, or was erased, comes back by asking for it, or not at all."""
_MARKED = (ADDED, RESTORED, LEFT)
"""Of these the subscription itself tells that this import has met them; of all others a row of Seen does."""


@dataclass(frozen=True)
class Known:
    """What there is of a person: who they are, and how they stand with the list."""

    id: int
    name: str
    fields: str
    language: str
    time_zone: str
    subscription: int | None
    status: str
    changed_at: datetime | None
    import_number: int | None


@dataclass(frozen=True)
class Held:
    """A suppression."""

    id: int
    kind: str
    nameless: bool = False
    """Whether a hash is all that is left of the address: of who was erased, or of a list of hashes."""

    @property
    def lifted(self) -> bool:
        """Whether an import that brings people back may lift it."""
        return self.kind in _LIFTED and not self.nameless


@dataclass
class Verdict:
    """What is to be done for a chunk of rows; a row is named by its place."""

    outcomes: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    insert: set[int] = field(default_factory=set)
    activate: dict[str, list[int]] = field(default_factory=lambda: {"pending": [], "unsubscribed": []})
    leave: list[int] = field(default_factory=list)
    lift: list[int] = field(default_factory=list)
    suppress: list[int] = field(default_factory=list)
    changes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    remember: list[int] = field(default_factory=list)


def decide(
    job: Import, people: Sequence[Person], known: dict[int, Known], held: dict[int, Held], seen: set[int]
) -> Verdict:
    """What each row comes to. In a dry run the answer is the same."""
    verdict = Verdict()
    for n, person in enumerate(people):
        mine = known.get(n)
        if n in seen or (mine and mine.import_number == job.pk):
            outcome, reason = REPEATED, "this address stands in the file twice"
        else:
            outcome, reason = _decide(job, n, person, mine, held.get(n), verdict)
            if job.dry_run or outcome not in _MARKED:
                verdict.remember.append(n)
        verdict.outcomes[n] = outcome
        if reason:
            verdict.reasons[n] = reason
    return verdict


def _decide(
    job: Import, n: int, person: Person, mine: Known | None, held: Held | None, verdict: Verdict
) -> tuple[str, str]:
    if person.wants == UNSUBSCRIBED:
        return _off_the_list(n, mine, held, verdict)
    if person.wants != ACTIVE:
        if held is None:
            verdict.suppress.append(n)
        return (UNCHANGED if held else SUPPRESSED), ""
    if held:
        if not (job.restore and held.lifted):
            return KEPT_OUT, f"suppressed: {held.kind}" + _never(job, held)
        verdict.lift.append(n)
    return _onto_the_list(job, n, person, mine, bool(held), verdict)


def _never(job: Import, held: Held) -> str:
    return "; an import lifts no such suppression" if job.restore and not held.lifted else ""


def _off_the_list(n: int, mine: Known | None, held: Held | None, verdict: Verdict) -> tuple[str, str]:
    """Who does not want mail elsewhere does not get any here, and nobody who is only a hash becomes a person again."""
    if mine is None or mine.subscription is None:
        if held:
            return UNCHANGED, ""
        verdict.insert.add(n)
        return LEFT, ""
    if mine.status == Subscription.Status.UNSUBSCRIBED:
        return UNCHANGED, ""
    verdict.leave.append(n)
    return LEFT, ""


def _onto_the_list(
    job: Import, n: int, person: Person, mine: Known | None, lifted: bool, verdict: Verdict
) -> tuple[str, str]:
    if mine is None:
        verdict.insert.add(n)
        return (RESTORED if lifted else ADDED), ""
    status = mine.status
    if status == Subscription.Status.UNSUBSCRIBED and not job.restore:
        return KEPT_OUT, f"unsubscribed on {_day(mine.changed_at)}, and stays so"
    if status == Subscription.Status.PENDING and not (job.basis or job.restore):
        return KEPT_OUT, "has asked to join and has not confirmed yet; say on what basis to bring them in"
    changed = changes(job, person, mine)
    if changed:
        verdict.changes.append((mine.id, changed))
    if mine.subscription is None:
        verdict.insert.add(n)
        return (RESTORED if lifted else ADDED), ""
    if status in verdict.activate:
        verdict.activate[status].append(n)
        return (RESTORED if lifted or status == Subscription.Status.UNSUBSCRIBED else ADDED), ""
    return (RESTORED if lifted else UPDATED if changed else UNCHANGED), ""


def _day(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %B %Y}" if at else "an unknown day"


def changes(job: Import, person: Person, mine: Known) -> dict[str, Any]:
    """What the file changes about somebody who is known, by the rule of the import; a blank cell changes nothing."""
    if job.merge == Import.Merge.KEEP:
        return {}
    before, given = json.loads(mine.fields), json.loads(person.fields)
    overwrite = job.merge == Import.Merge.OVERWRITE
    there = before if overwrite else {name: value for name, value in before.items() if value not in ("", None)}
    after = {**before, **given} if overwrite else {**before, **given, **there}
    found: dict[str, Any] = {} if after == before else {"fields": json.dumps(after)}
    for column in ("name", "language", "time_zone"):
        old, new = getattr(mine, column), getattr(person, column)
        if new and new != old and (overwrite or not old):
            found[column] = new
    return found
