"""Joining and leaving lists, as readers themselves ask for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from subscribers.addresses import normalize
from subscribers.models import List, Subscriber, Subscription

Status = Subscription.Status


def join(email: str, name: str, lists: Iterable[str], how: str, now: datetime) -> Subscriber:
    """Put the person on these lists, who must have asked for it from their own mailbox; doing it twice changes nothing.

    A name is kept only where none was known. Raises InvalidAddress.
    """
    typed, key = normalize(email)
    with transaction.atomic():
        person, _ = Subscriber.objects.get_or_create(key=key, defaults={"email": typed, "name": name})
        if name and not person.name:
            person.name = name
            person.save(update_fields=["name"])
        for wanted in List.objects.filter(name__in=tuple(lists)):
            _activate(person, wanted, how, now)
    return person


def choose(person: Subscriber, wanted: Collection[str], offered: Collection[str], how: str, now: datetime) -> None:
    """Put the person on the wanted ones of the lists that were offered, and take them off the others of these."""
    with transaction.atomic():
        for one in List.objects.filter(name__in=tuple(offered)):
            if one.name in wanted:
                _activate(person, one, how, now)
            else:
                person.subscriptions.filter(list=one, status=Status.ACTIVE).update(
                    status=Status.UNSUBSCRIBED, changed_at=now, how=how
                )


def is_on(email: str, lists: Iterable[str]) -> bool:
    """Whether the address has an active subscription to every one of these lists. Raises InvalidAddress."""
    names = set(lists)
    active = Subscription.objects.filter(
        subscriber__key=normalize(email)[1], list__name__in=names, status=Status.ACTIVE
    )
    return set(active.values_list("list__name", flat=True)) == names


def _activate(person: Subscriber, wanted: List, how: str, now: datetime) -> None:
    made, new = Subscription.objects.get_or_create(
        subscriber=person, list=wanted, defaults={"changed_at": now, "how": how}
    )
    if not new:
        # Guarded: who is on the list already keeps the day they joined.
        Subscription.objects.filter(pk=made.pk).exclude(status=Status.ACTIVE).update(
            status=Status.ACTIVE, changed_at=now, how=how
        )
