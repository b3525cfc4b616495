"""Taking back whom an import added: in steps, each whole or not at all, by whoever holds the claim."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from subscribers.importing.refused import ImportRefused
from subscribers.importing.running import LEASE, Clock, Lost
from subscribers.importing.staging import take_turns
from subscribers.inserting import note_each
from subscribers.models import (
    Bulk,
    Consent,
    Import,
    Occasion,
    Origin,
    Subscriber,
    Subscription,
    Tag,
    Tagging,
    Touched,
)

log = logging.getLogger(__name__)

STEP = 1000
"""People of one transaction."""
WINDOW = 50_000
"""Numbers of subscriptions that one transaction looks through at most."""

_Status, _Action, _Sub = Import.Status, Consent.Action, Subscription.Status
_ENDED = (_Status.DONE, _Status.CANCELLED, _Status.FAILED)
_OWN_WISHES = (_Action.CHOSE, _Action.PAUSED, _Action.RESUMED, _Action.STAYED)


@dataclass(frozen=True)
class Undone:
    """How many were taken off the list, how many of them are forgotten altogether, and how many were left alone.

    `met` of `expected` people have been looked at; both are the same once it is done, unless others went meanwhile.
    """

    taken_off: int
    forgotten: int
    left_alone: int
    met: int
    expected: int

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return round(100 * self.met / self.expected) if self.expected else 100

    @classmethod
    def of(cls, job: Import) -> Undone:
        """How far the undoing of an import has come."""
        off, forgotten, met = (job.undoing.get(name, 0) for name in ("taken_off", "forgotten", "met"))
        return cls(off, forgotten, met - off, met, max(met, brought(job)))


def brought(job: Import) -> int:
    """How many people's standing with the list an import changed."""
    return sum(job.counts.get(name, 0) for name in ("added", "restored", "unsubscribed"))


def may_undo(job: Import) -> bool:
    """Whether there is anything that can be taken back."""
    return bool(job.status in _ENDED and not job.dry_run and job.list and not job.list.going and brought(job))


def undo(job: Import, occasion: Occasion) -> None:
    """Let an import be taken back; `carry_on` then does it.

    Those it put on its list are taken off; who has changed anything since, or for whom staff have, is left alone. Of
    whom nothing else is known is forgotten. Fields, tags and suppressions that it brought to others stay, and who
    unsubscribed by it stays so. Raises ImportRefused unless it has ended, and brought somebody.
    """
    if not may_undo(job):
        raise ImportRefused(f"{job.file_name} cannot be undone: {_why_not(job)}")
    last = Subscription.objects.aggregate(last=Max("pk"))["last"] or 0
    asked = {
        "at": occasion.at.isoformat(), "source": str(occasion.source), "how": occasion.how, "by": occasion.by,
        "last": last, "met": 0, "taken_off": 0, "forgotten": 0,
    }  # fmt: skip
    begun = Import.objects.filter(pk=job.pk, status=job.status).update(
        status=_Status.UNDOING, undoing=asked, undone_to=0, claim=None, lease_until=None
    )
    job.refresh_from_db()
    if not begun:
        raise ImportRefused(f"{job.file_name} cannot be undone: {_why_not(job)}")


def _why_not(job: Import) -> str:
    ended = job.status in _ENDED and not job.dry_run
    if ended and job.list and job.list.going:
        return "its list is being deleted"
    return "it has brought nobody" if ended else f"it is {job.get_status_display().lower()}"


def work_on(job: Import, stop: Event, clock: Clock) -> None:
    """Carry the undoing of a claimed import on until it is done, or `stop` is set, or it is taken away.

    After a fault the claim stays until it lapses, so that other imports have their turn before it is tried again.
    """
    try:
        while job.status == _Status.UNDOING and not stop.is_set():
            _step(job, clock())
        _mine(job).update(claim=None, lease_until=None)
    except Lost:
        log.info("the undoing of %s was taken over", job)


def _mine(job: Import) -> QuerySet[Import]:
    """The import, as long as it is ours to undo, and undone as far as we believe."""
    return Import.objects.filter(pk=job.pk, claim=job.claim, status=_Status.UNDOING, undone_to=job.undone_to)


def _step(job: Import, now: datetime) -> None:
    """Take the next people back, in one transaction with how far that is."""
    last = job.undoing["last"]
    with transaction.atomic():
        take_turns()
        if not _mine(job).select_for_update().exists():
            raise Lost
        job.refresh_from_db()
        if job.undone_to >= last:
            _mine(job).update(status=_Status.UNDONE, claim=None, lease_until=None)
            job.refresh_from_db()
            return
        upto, them = _next(job, last)
        mine = _untouched(job, them)
        _take_off(job, mine)
        forgotten = _forget(job, [one.subscriber_id for one in mine])
        after = {"met": len(them), "taken_off": len(mine), "forgotten": forgotten}
        counts = {**job.undoing, **{name: job.undoing[name] + number for name, number in after.items()}}
        _mine(job).update(undoing=counts, undone_to=upto, lease_until=now + LEASE)
    job.undoing, job.undone_to = counts, upto


def _next(job: Import, last: int) -> tuple[int, list[Subscription]]:
    """The next subscriptions that the import was the last to change, and up to which number these are all of them.

    No index knows the import of a subscription: the way through all of them is gone once, by their numbers.
    """
    first = Subscription.objects.filter(pk__gt=job.undone_to).order_by("pk").values_list("pk", flat=True).first()
    upto = min(last, (first or last) + WINDOW)
    ahead = Subscription.objects.filter(pk__gt=job.undone_to, pk__lte=upto, import_number=job.pk).order_by("pk")
    # Locked: whoever leaves at this moment has either left before we look, or finds what we have done.
    them = list(ahead.select_for_update()[:STEP])
    return (them[-1].pk if len(them) == STEP else upto), them


def _untouched(job: Import, them: list[Subscription]) -> list[Subscription]:
    """Those that are as the import made them, and about whom nobody has said anything since."""
    as_made = [one for one in them if one.source == job.source and one.frequency == Subscription.Frequency.EVERY]
    as_made = [
        one for one in as_made if one.status == _Sub.ACTIVE or (one.status == _Sub.UNSUBSCRIBED and not one.joined_at)
    ]
    since = _others(job, [one.subscriber_id for one in as_made]).filter(at__gte=job.started_at)
    said = set(since.filter(Q(list=job.list) | Q(action__in=_OWN_WISHES)).values_list("subscriber_id", flat=True))
    # Who was known to the list before, and unsubscribed by the import, stays so.
    off = [one.subscriber_id for one in as_made if one.status == _Sub.UNSUBSCRIBED]
    said |= set(_others(job, off).filter(list=job.list).values_list("subscriber_id", flat=True))
    return [one for one in as_made if one.subscriber_id not in said]


def _others(job: Import, people: Iterable[int]) -> QuerySet[Consent]:
    """What was noted of these people by anybody but this import and its undoing."""
    return Consent.objects.filter(subscriber__in=people).exclude(form__startswith=_form(job))


def _form(job: Import) -> str:
    return f"import {job.pk}:"


def _take_off(job: Import, them: list[Subscription]) -> None:
    """Back to how it was before: unsubscribed, waiting for the button, or not on the list at all."""
    asked = job.undoing
    occasion = Occasion(
        datetime.fromisoformat(asked["at"]), Origin(asked["source"]), asked["how"], asked["by"],
        form=f"{_form(job)} undone",
    )  # fmt: skip
    on = [one.subscriber_id for one in them if one.status == _Sub.ACTIVE]
    before = Subscription.objects.filter(pk__in=[one.pk for one in them])
    now = {"changed_at": occasion.at, "how": occasion.how[:200], "source": occasion.source, "import_number": None}
    restored = before.filter(_consent(job, action=_Action.RESTORED, form__startswith=_form(job)))
    restored.update(status=_Sub.UNSUBSCRIBED, **now)
    waiting = before.filter(import_number=job.pk).filter(_consent(job, action=_Action.ASKED))
    waiting.update(status=_Sub.PENDING, joined_at=None, **now)
    before.filter(import_number=job.pk).delete()
    people = Subscriber.objects.filter(pk__in=on).annotate(person=F("pk"))
    note_each(_Action.REMOVED, occasion, people, job.list, f"{job} undone")


def _consent(job: Import, **of: str) -> Exists:
    return Exists(Consent.objects.filter(subscriber=OuterRef("subscriber"), list=job.list, **of))


def _forget(job: Import, people: list[int]) -> int:
    """Drop those whom this import made and of whom nothing else is known."""
    held = Subscriber.locked(people)
    them = Subscriber.objects.filter(pk__in=held, import_number=job.pk, opened_at=None, clicked_at=None)
    ours = (Tag, Tagging, Consent)
    for relation in Subscriber._meta.related_objects:
        if relation.related_model not in ours and relation.related_model is not None:
            field = relation.field.name
            them = them.exclude(Exists(relation.related_model._default_manager.filter(**{field: OuterRef("pk")})))
    gone = set(them.values_list("pk", flat=True))
    gone -= set(_others(job, gone).values_list("subscriber_id", flat=True)) | _seen_to_by_staff(job, gone)
    Subscriber.objects.filter(pk__in=gone).delete()
    return len(gone)


def _seen_to_by_staff(job: Import, people: set[int]) -> set[int]:
    """Those whom staff have changed since, one by one or many at once: a name corrected, a tag given."""
    acts = list(Bulk.objects.filter(created_at__gte=job.started_at).values_list("pk", flat=True))
    touched = Touched.objects.filter(act__in=acts, person__in=people).values_list("person", flat=True)
    entries: QuerySet[Any] = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Subscriber), action_time__gte=job.started_at,
        object_id__in=[str(one) for one in people],
    )  # fmt: skip
    return {*touched, *(int(one) for one in entries.values_list("object_id", flat=True))}
