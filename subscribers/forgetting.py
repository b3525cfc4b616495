"""Forgetting those who were asked whether it was them, and never said yes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from subscribers.models import Consent, List, Occasion, Origin, Subscriber, Subscription

CHUNK = 1000


def forget_unconfirmed(before: datetime, now: datetime, chunk: int = CHUNK) -> int:
    """Drop the subscriptions that have waited for their button since before then; return how many.

    Who is nothing to us but for them is dropped altogether, with what was noted of the asking: of somebody who may
    never have asked nothing is kept. With anybody else it is noted that they did not confirm.
    """
    count = 0
    waiting = Subscription.objects.filter(status=Subscription.Status.PENDING, changed_at__lt=before)
    while found := list(waiting.order_by("pk").values_list("pk", "subscriber_id", "list_id")[:chunk]):
        with transaction.atomic():
            # Who confirms at this very moment is on the list: only what still waits is dropped.
            count += waiting.filter(pk__in=[pk for pk, _, _ in found]).delete()[0]
            gone = drop_strangers({person for _, person, _ in found})
            _note([(person, wanted) for _, person, wanted in found if person not in gone], now)
    return count


def drop_strangers(people: Iterable[int]) -> set[int]:
    """Delete those of these people on whom nothing else hangs; return who they were."""
    held = Subscriber.locked(people)
    strangers = set(_unattached(Subscriber.objects.filter(pk__in=held)).values_list("pk", flat=True))
    Consent.objects.filter(subscriber__in=strangers).delete()
    Subscriber.objects.filter(pk__in=strangers).delete()
    return strangers


def _unattached(people: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
    """Those with no row of any kind but notes of what they were asked."""
    people = people.filter(import_number=None, fields={})
    for relation in Subscriber._meta.related_objects:
        if relation.one_to_many and relation.related_model is not Consent:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            people = people.filter(~Exists(rows))
    answered = Consent.objects.filter(subscriber=OuterRef("pk")).exclude(action=Consent.Action.ASKED)
    return people.filter(~Exists(answered))


def _note(waited: Iterable[tuple[int, int]], now: datetime) -> None:
    occasion = Occasion(now, Origin.RULE, "never confirmed by the link that was mailed")
    still = set(
        Subscription.objects.filter(subscriber__in={person for person, _ in waited}).values_list(
            "subscriber_id", "list_id"
        )
    )
    people = defaultdict[int, list[int]](list)
    for person, wanted in set(waited) - still:
        people[wanted].append(person)
    for one in List.objects.filter(pk__in=people):
        Consent.note_all(Consent.Action.EXPIRED, occasion, people[one.pk], one)
