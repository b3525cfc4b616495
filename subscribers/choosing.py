"""What people choose of what they are on: how much of it, which topics, a pause. Each change leaves a Consent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from subscribers.models import Consent, Occasion, Subscriber, Subscription

Action = Consent.Action
Frequency = Subscription.Frequency
_CALLED = {"name": "name", "language": "language", "time_zone": "time zone"}


def pause(person: Subscriber, until: datetime, occasion: Occasion) -> None:
    """Send the person nothing before then; a pause that lasts already is changed to this one."""
    with transaction.atomic():
        people = Subscriber.objects.filter(pk=person.pk)
        if people.filter(~Q(paused_until=until) | Q(paused_until=None)).update(paused_until=until):
            Consent.note_all(Action.PAUSED, occasion, [person.pk], note=f"paused until {until:%Y-%m-%d}")


def resume(person: Subscriber, occasion: Occasion) -> None:
    """End the person's pause; nothing happens if there is none."""
    with transaction.atomic():
        paused = Subscriber.objects.filter(pk=person.pk, paused_until__gt=occasion.at)
        if paused.update(paused_until=None):
            Consent.note_all(Action.RESUMED, occasion, [person.pk])


def set_frequency(person: Subscriber, wanted: str, frequency: str, occasion: Occasion) -> bool:
    """Send the person so much of a list that they are on; say whether that is new."""
    with transaction.atomic():
        held = _on(person, wanted).exclude(frequency=frequency)
        if (one := held.first()) is None or not held.filter(pk=one.pk).update(frequency=frequency):
            return False
        Consent.note_all(Action.CHOSE, occasion, [person.pk], one.list, Frequency(frequency).label)
    return True


def leave_out(
    person: Subscriber, wanted: str, topics: Collection[str], offered: Collection[str], occasion: Occasion
) -> bool:
    """Leave these of the offered topics out of what a list brings the person, and no others of them.

    Topics that were not offered stay as they are. Say whether anything is different now.
    """
    with transaction.atomic():
        one = _on(person, wanted).select_for_update(of=("self",)).first()
        if one is None:
            return False
        before = set(one.without)
        after = (before - set(offered)) | (set(topics) & set(offered))
        if after == before:
            return False
        Subscription.objects.filter(pk=one.pk).update(without=sorted(after))
        note = f"without {', '.join(sorted(after))}" if after else "all topics"
        Consent.note_all(Action.CHOSE, occasion, [person.pk], one.list, note)
    return True


def introduce(person: Subscriber, occasion: Occasion, **known: str) -> bool:
    """Keep what the person says of themselves: `name`, `language`, `time_zone`. Say whether any of it is new."""
    changed = {field: value for field, value in known.items() if getattr(person, field) != value}
    if not changed:
        return False
    with transaction.atomic():
        Subscriber.objects.filter(pk=person.pk).update(**changed)
        said = ", ".join(_CALLED[field] for field in changed)
        Consent.note_all(Action.CHOSE, occasion, [person.pk], note=f"changed their {said}")
    for field, value in changed.items():
        setattr(person, field, value)
    return True


def untrack(person: Subscriber, wanted: bool, occasion: Occasion) -> bool:
    """Keep what the person opens and follows, or no longer; say whether that is new. What was kept before stays."""
    with transaction.atomic():
        if not Subscriber.objects.filter(pk=person.pk, untracked=not wanted).update(untracked=wanted):
            return False
        said = "not to be known by what they open and follow" if wanted else "may be known by what they open and follow"
        Consent.note_all(Action.CHOSE, occasion, [person.pk], note=said)
    person.untracked = wanted
    return True


def say_why(person: Subscriber, lists: Collection[str], reason: str, occasion: Occasion) -> bool:
    """Keep why the person left these lists; say whether there was any that they had left."""
    with transaction.atomic():
        gone = person.subscriptions.filter(list__name__in=lists, status=Subscription.Status.UNSUBSCRIBED)
        if not gone.update(reason=reason[:300]):
            return False
        for one in gone.select_related("list"):
            Consent.note_all(Action.CHOSE, occasion, [person.pk], one.list, f"said why they left: {reason}")
    return True


def _on(person: Subscriber, wanted: str) -> QuerySet[Subscription]:
    active = person.subscriptions.filter(list__name=wanted, status=Subscription.Status.ACTIVE)
    return active.select_related("list")
