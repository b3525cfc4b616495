"""Asking people who show no sign of life whether they want to stay, and letting them go: guarded changes of status.

`active` → `asked` → `dormant`; whoever says so, or shows a sign of life, is `active` again from either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from subscribers.models import Consent, Occasion, Subscriber

Status, Action = Subscriber.Status, Consent.Action


def ask_to_stay(people: Iterable[int], occasion: Occasion) -> list[int]:
    """Note that these are asked whether they want to stay; return those for whom it is news, and no others."""
    return _move(people, (Status.ACTIVE,), Action.ASKED_TO_STAY, occasion, status=Status.ASKED, asked_at=occasion.at)


def stay(people: Iterable[int], occasion: Occasion) -> list[int]:
    """Go on writing to those who were asked, or are not written to any more; return for whom that changed anything."""
    waiting = (Status.ASKED, Status.DORMANT)
    return _move(people, waiting, Action.STAYED, occasion, status=Status.ACTIVE, asked_at=None)


def stop(people: Iterable[int], occasion: Occasion) -> list[int]:
    """Stop writing to those who were asked and did not answer; return for whom that changed anything."""
    return _move(people, (Status.ASKED,), Action.STOPPED, occasion, status=Status.DORMANT)


def ask_anew(people: Iterable[int]) -> int:
    """Take back the question that certainly reached nobody; it changes nothing in what anybody is sent."""
    asked = Subscriber.objects.filter(pk__in=list(people), status=Status.ASKED)
    return asked.update(status=Status.ACTIVE, asked_at=None)


def _move(
    people: Iterable[int], start: Collection[str], action: str, occasion: Occasion, **changes: object
) -> list[int]:
    with transaction.atomic():
        found = Subscriber.objects.select_for_update().filter(pk__in=list(people), status__in=start)
        moved = list(found.order_by("pk").values_list("pk", flat=True))
        Subscriber.objects.filter(pk__in=moved).update(**changes)
        Consent.note_all(action, occasion, moved)
    return moved
