"""Taking back whom an import added."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from subscribers.importing.refused import ImportRefused
from subscribers.models import Consent, Import, Occasion, Subscriber, Subscription, Tag, Tagging

_SLICE = 1000
_Status = Import.Status


@dataclass(frozen=True)
class Undone:
    """How many were taken off the list, how many of them are forgotten altogether, and how many were left alone."""

    taken_off: int
    forgotten: int
    left_alone: int


def undo(job: Import, occasion: Occasion) -> Undone:
    """Take back whom an import put on its list; who has changed anything by themselves since is left alone.

    Of whom nothing else is known is forgotten. Fields, tags and suppressions that it brought to others stay, and who
    unsubscribed by it stays so. Raises ImportRefused unless it has ended; broken off, it can be asked for again.
    """
    ended = (_Status.DONE, _Status.CANCELLED, _Status.FAILED)
    if job.status not in ended or job.dry_run or job.list is None:
        raise ImportRefused(f"{job.file_name} cannot be undone: it is {job.get_status_display().lower()}")
    off = forgotten = 0
    while slice_ := list(_untouched(job).order_by("pk")[:_SLICE]):
        with transaction.atomic():
            off += len(slice_)
            _take_off(job, slice_, occasion)
            forgotten += _forget(job, [one.subscriber_id for one in slice_])
    left = Subscription.objects.filter(import_number=job.pk).count()
    Import.objects.filter(pk=job.pk, status__in=ended).update(status=_Status.UNDONE)
    job.refresh_from_db()
    return Undone(off, forgotten, left)


def _untouched(job: Import) -> QuerySet[Subscription]:
    """The subscriptions that are as the import made them: on the list, or brought in as unsubscribed."""
    made = Subscription.objects.filter(import_number=job.pk, source=job.source, list=job.list)
    added = Q(status=Subscription.Status.ACTIVE) | Q(status=Subscription.Status.UNSUBSCRIBED, joined_at=None)
    return made.filter(added, frequency=Subscription.Frequency.EVERY)


def _take_off(job: Import, them: list[Subscription], occasion: Occasion) -> None:
    """Back to how it was before: unsubscribed, waiting for the button, or not on the list at all."""
    mine = [one.pk for one in them]
    on = [one.subscriber_id for one in them if one.status == Subscription.Status.ACTIVE]
    before = Subscription.objects.filter(pk__in=mine)
    now = {"changed_at": occasion.at, "how": occasion.how[:200], "source": occasion.source, "import_number": None}
    restored = before.filter(_consent(job, action=Consent.Action.RESTORED, form__startswith=f"import {job.pk}:"))
    restored.update(status=Subscription.Status.UNSUBSCRIBED, **now)
    asked = before.filter(import_number=job.pk).filter(_consent(job, action=Consent.Action.ASKED))
    asked.update(status=Subscription.Status.PENDING, joined_at=None, **now)
    before.filter(import_number=job.pk).delete()
    Consent.note_all(Consent.Action.REMOVED, occasion, on, job.list, f"{job} undone")


def _consent(job: Import, **of: str) -> Exists:
    return Exists(Consent.objects.filter(subscriber=OuterRef("subscriber"), list=job.list, **of))


def _forget(job: Import, people: list[int]) -> int:
    """Drop those whom this import made and of whom nothing else is known."""
    held = Subscriber.locked(people)
    them = Subscriber.objects.filter(pk__in=held, import_number=job.pk, opened_at=None, clicked_at=None)
    ours = (Subscription, Tag, Tagging, Consent)
    for relation in Subscriber._meta.related_objects:
        if relation.related_model not in ours and relation.related_model is not None:
            field = relation.field.name
            them = them.exclude(Exists(relation.related_model._default_manager.filter(**{field: OuterRef("pk")})))
    them = them.exclude(Exists(Subscription.objects.filter(subscriber=OuterRef("pk"))))
    gone = list(them.values_list("pk", flat=True))
    Subscriber.objects.filter(pk__in=gone).delete()
    return len(gone)
