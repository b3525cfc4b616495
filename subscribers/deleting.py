"""Deleting a list: its subscriptions, then what else names it, then the list itself, a slice at a time.

What is done leaves nothing to do again, so that a kill loses nothing: the next slice is whatever is still there.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction

from subscribers.forgetting import drop_strangers
from subscribers.models import Bulk, Consent, Import, List, Occasion, Origin, Subscription

SLICE = 2000
"""Rows of one transaction."""

_Sub = Subscription.Status
_OPEN = (Import.Status.READY, Import.Status.RUNNING, Import.Status.UNDOING)


class Busy(Exception):
    """Something is still at work on the list."""


def begin(wanted: List, now: datetime, by: str) -> Bulk:
    """Take the list from sight, and let it be deleted; `step` does that. Raises Busy, saying what to wait for.

    Its name is free at once, for a list that has nothing to do with it.
    """
    name = wanted.name
    with transaction.atomic():
        if not List.objects.select_for_update().filter(pk=wanted.pk).exists():
            raise Busy("it is being deleted already")
        if job := Import.objects.filter(list=wanted, status__in=_OPEN).first():
            raise Busy(f"the import of {job.file_name} is {job.get_status_display().lower()}; wait until that is done")
        if act := Bulk.objects.filter(list=wanted, status=Bulk.Status.RUNNING).first():
            raise Busy(f"change {act.pk}, “{act}”, is at work on it; wait for it, or stop it first")
        List.objects.filter(pk=wanted.pk).update(
            going=True, public=False, name=f"{name[:40]}~{wanted.pk}", title=wanted.title or name
        )
        total = Subscription.objects.filter(list=wanted).count()
        return Bulk.objects.create(
            kind=Bulk.Kind.DELETE, wanted={"list": name, "on": "any"}, list=wanted, by=by, created_at=now, total=total
        )


def step(act: Bulk, now: datetime) -> bool:
    """Take the next slice; say whether anything is left to do."""
    with transaction.atomic():
        # Held until this slice is gone: another process that works on the same act waits, and takes the next one.
        act = Bulk.objects.select_for_update(of=("self",)).get(pk=act.pk)
        if act.status != Bulk.Status.RUNNING:
            return False
        if subscriptions := list(Subscription.objects.filter(list=act.list_id).order_by("subscriber")[:SLICE]):
            _end(act, subscriptions)
        elif consents := list(Consent.objects.filter(list=act.list_id).values_list("pk", flat=True)[:SLICE]):
            Consent.objects.filter(pk__in=consents).update(list=None)  # the name of the list stays in each
        else:
            _drop(act, now)
            return False
    return True


def _end(act: Bulk, subscriptions: list[Subscription]) -> None:
    """Delete these, and note it with each person who had not left; who never confirmed leaves nothing here."""
    Subscription.objects.filter(pk__in=[one.pk for one in subscriptions]).delete()
    gone = drop_strangers({one.subscriber_id for one in subscriptions if one.status == _Sub.PENDING})
    had = [one.subscriber_id for one in subscriptions if one.status != _Sub.UNSUBSCRIBED]
    occasion = Occasion(act.created_at, Origin.DESK, "the list was deleted", by=act.by, form=f"bulk change {act.pk}")
    Consent.note_all(Consent.Action.REMOVED, occasion, [one for one in had if one not in gone], _as_it_was(act))
    counts = Counter(act.counts) + Counter(people=len(subscriptions), changed=len(subscriptions))
    Bulk.objects.filter(pk=act.pk).update(counts=dict(counts))


def _as_it_was(act: Bulk) -> List:
    """The list under the name that people knew it by."""
    return List(pk=act.list_id, name=act.wanted["list"])


def _drop(act: Bulk, now: datetime) -> None:
    Import.objects.filter(list=act.list_id).update(list=None, list_name=act.wanted["list"])
    List.everywhere.filter(pk__in=[act.list_id]).delete()
    Bulk.objects.filter(pk=act.pk).update(status=Bulk.Status.DONE, finished_at=now)
