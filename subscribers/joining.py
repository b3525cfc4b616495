"""Joining and leaving lists. Every change is guarded by the status it starts from, and leaves a Consent behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import Enum

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from subscribers.addresses import normalize
from subscribers.models import Consent, List, Occasion, Origin, Subscriber, Subscription, Suppression, hash_of

Status = Subscription.Status
Action = Consent.Action
_OTHERS = (Origin.DESK, Origin.COMMAND, Origin.IMPORT, Origin.RULE)
"""Ways by which somebody else than the person takes them off a list."""


class Standing(Enum):
    """What an address is to a list before it asks for it."""

    NEW = "new"
    ON = "on"
    LEFT = "left"
    """It unsubscribed, from whatever list: only its owner brings it back."""
    ERASED = "erased"
    HELD = "held"
    """It must not be written to."""


def standing(email: str, wanted: str) -> Standing:
    """What an address is to a list. Raises InvalidAddress."""
    key = normalize(email)[1]
    if kind := Suppression.held([key]).get(key):
        return Standing.ERASED if kind == Suppression.Kind.ERASED else Standing.HELD
    if is_on(email, [wanted]) and not Subscriber.objects.filter(key=key, status=Subscriber.Status.DORMANT).exists():
        return Standing.ON
    gone = Subscription.objects.filter(subscriber__key=key, status=Status.UNSUBSCRIBED)
    return Standing.LEFT if gone.exists() else Standing.NEW


def ask(email: str, lists: Iterable[str], occasion: Occasion) -> Subscriber:
    """Write down that somebody asks for these lists under this address; only `join`, from their mailbox, puts them on.

    Who is on a list already stays on it, and who left it stays away; who asks again waits from now on. Raises
    InvalidAddress.
    """
    with transaction.atomic():
        person = _person(email, "")
        for wanted in _held(lists):
            made, new = Subscription.objects.get_or_create(
                subscriber=person, list=wanted, defaults=_changed(Status.PENDING, occasion)
            )
            if new or _guarded(made, (Status.PENDING,), Status.PENDING, occasion):
                Consent.note_all(Action.ASKED, occasion, [person.pk], wanted)
    return person


def join(
    email: str, name: str, lists: Iterable[str], occasion: Occasion, action: Action = Action.CONFIRMED
) -> Subscriber:
    """Put the person on these lists, who must have asked for it themselves; doing it twice changes nothing.

    A name is kept only where none was known. An erased address is one again that may be written to, for its owner says
    so. Raises InvalidAddress.
    """
    with transaction.atomic():
        person = _person(email, name)
        # On nobody's word but the owner's.
        if not occasion.by and Suppression.release_erased(person.key):
            Consent.note_all(Action.RELEASED, occasion, [person.pk])
        _revive(person, occasion)
        for wanted in _held(lists):
            _activate(person, wanted, occasion, action)
    return person


def choose(person: Subscriber, wanted: Collection[str], offered: Collection[str], occasion: Occasion) -> bool:
    """Put the person on the wanted ones of the lists that were offered, and take them off the others of these.

    Say whether anything is different now.
    """
    with transaction.atomic():
        back = left(person)
        joined = [
            _activate(person, one, occasion, Action.RETURNED if one.name in back else Action.JOINED)
            for one in _held(set(offered) & set(wanted))
        ]
        gone = leave(person, set(offered) - set(wanted), occasion)
    return any(joined) or bool(gone)


def leave(person: Subscriber, lists: Iterable[str], occasion: Occasion) -> list[str]:
    """End the person's subscriptions to these lists; return the names of those that they were on, or had asked for."""
    ended = []
    with transaction.atomic():
        held = person.subscriptions.select_related("list").filter(list__name__in=tuple(lists))
        for one in held.exclude(status=Status.UNSUBSCRIBED).order_by("pk"):
            if _guarded(one, (Status.ACTIVE, Status.PENDING), Status.UNSUBSCRIBED, occasion):
                Consent.note_all(Action.LEFT, occasion, [person.pk], one.list)
                ended.append(one.list.name)
        if not occasion.by:
            # Whom others took off, and who says it now themselves, is not brought back by taking that back.
            for one in held.filter(status=Status.UNSUBSCRIBED, source__in=_OTHERS).order_by("pk"):
                if _guarded(one, (Status.UNSUBSCRIBED,), Status.UNSUBSCRIBED, occasion):
                    Consent.note_all(Action.LEFT, occasion, [person.pk], one.list)
    return ended


def come_back(person: Subscriber, lists: Iterable[str], occasion: Occasion) -> list[str]:
    """Take back that the person has left these lists; return the names of those that they are on again.

    What was asked for and never confirmed is none of them: only `join` ends that wait.
    """
    with transaction.atomic():
        gone = _held(left(person).intersection(lists))
        return [one.name for one in gone if _activate(person, one, occasion, Action.RETURNED)]


def _held(names: Iterable[str]) -> QuerySet[List]:
    """The lists of these names that there are; none of them is deleted before the transaction ends."""
    return List.objects.select_for_update(no_key=True).filter(name__in=tuple(names)).order_by("name")


def _left(person: Subscriber) -> QuerySet[Subscription]:
    """The subscriptions that the person once had, and ended themselves; while `joined_at` was not kept, ASKED was not
    either."""
    asked = Consent.objects.filter(subscriber=person, list=OuterRef("list"), action=Action.ASKED)
    had = person.subscriptions.filter(Q(joined_at__isnull=False) | ~Exists(asked), status=Status.UNSUBSCRIBED)
    return had.exclude(source__in=_OTHERS)


def left(person: Subscriber) -> set[str]:
    """The names of the lists that the person was on and has left."""
    return set(_left(person).values_list("list__name", flat=True))


def is_on(email: str, lists: Iterable[str]) -> bool:
    """Whether the address has an active subscription to every one of these lists. Raises InvalidAddress."""
    names = set(lists)
    active = Subscription.objects.filter(
        subscriber__key=normalize(email)[1], list__name__in=names, status=Status.ACTIVE
    )
    return set(active.values_list("list__name", flat=True)) == names


def ended_since(email: str, name: str, moment: datetime) -> bool:
    """Whether this address has left, or was taken off, the list since then, or was erased. Raises InvalidAddress."""
    _, key = normalize(email)
    gone = Q(subscriber__key=key, list_name=name, action__in=(Action.LEFT, Action.REMOVED))
    return Consent.objects.filter(gone | Q(hash=hash_of(key), action=Action.ERASED), at__gte=moment).exists()


def _person(email: str, name: str) -> Subscriber:
    typed, key = normalize(email)
    person, _ = Subscriber.objects.get_or_create(key=key, defaults={"email": typed, "name": name})
    if name and not person.name:
        person.name = name
        person.save(update_fields=["name"])
    return person


def _revive(person: Subscriber, occasion: Occasion) -> None:
    """Whoever presses a button in our mail is alive."""
    silent = (Subscriber.Status.ASKED, Subscriber.Status.DORMANT)
    found = Subscriber.objects.filter(pk=person.pk, status__in=silent)
    if found.update(status=Subscriber.Status.ACTIVE, asked_at=None):
        Consent.note_all(Action.STAYED, occasion, [person.pk])


def _activate(person: Subscriber, wanted: List, occasion: Occasion, action: Action) -> bool:
    """Put the person on the list; say whether they were not on it. Who is on it keeps the day they joined."""
    made, new = Subscription.objects.get_or_create(
        subscriber=person, list=wanted, defaults=_changed(Status.ACTIVE, occasion)
    )
    new = new or _guarded(made, (Status.PENDING, Status.UNSUBSCRIBED), Status.ACTIVE, occasion)
    if new:
        Consent.note_all(action, occasion, [person.pk], wanted)
    return new


def _guarded(one: Subscription, start: Sequence[Status], end: Status, occasion: Occasion) -> bool:
    return bool(Subscription.objects.filter(pk=one.pk, status__in=start).update(**_changed(end, occasion)))


def _changed(status: Status, occasion: Occasion) -> dict[str, object]:
    joined = {"joined_at": occasion.at, "reason": ""} if status == Status.ACTIVE else {}
    return joined | {
        "status": status, "changed_at": occasion.at, "how": occasion.how[:200], "source": occasion.source,
        "issue": occasion.issue,
    }  # fmt: skip
