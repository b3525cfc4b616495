"""Putting addresses on the list of those not written to, and taking them off, each time with a Consent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import transaction

from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import Consent, Occasion, Subscriber, Suppression, hash_of

CHUNK = 1000


@dataclass
class Suppressed:
    """What became of a number of addresses."""

    added: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def suppress(typed: Iterable[str], reason: str, occasion: Occasion) -> Suppressed:
    """Suppress these addresses, whether or not anybody has them; one that is no address is refused with its reason."""
    told, keys = Suppressed(), dict[str, None]()
    for one in typed:
        try:
            keys[normalize(one)[1]] = None
        except InvalidAddress as error:
            told.refused.append((one[:200], str(error)))
    wanted = [*keys]
    for at in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            _add(wanted[at : at + CHUNK], reason, occasion, told)
    return told


def suppress_each(people: Iterable[tuple[Subscriber, Occasion]], kind: Suppression.Kind) -> int:
    """Suppress the addresses of these people, each on an occasion of its own whose words are the reason; return how
    many were not suppressed before."""
    wanted = {person.key: (person, occasion) for person, occasion in people}
    with transaction.atomic():
        known = Suppression.held(wanted)
        fresh = [one for key, one in wanted.items() if key not in known]
        Suppression.objects.bulk_create(
            (
                Suppression(key=person.key, hash=hash_of(person.key), kind=kind, reason=occasion.how[:200])
                for person, occasion in fresh
            ),
            ignore_conflicts=True,
        )
        Consent.note_each(Consent.Action.SUPPRESSED, ((occasion, person.pk) for person, occasion in fresh))
    return len(fresh)


def _add(keys: list[str], reason: str, occasion: Occasion, told: Suppressed) -> None:
    known = Suppression.held(keys)
    fresh = [key for key in keys if key not in known]
    manual = Suppression.Kind.MANUAL
    rows = [Suppression(key=key, hash=hash_of(key), kind=manual, reason=reason[:200]) for key in fresh]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    _note(Consent.Action.SUPPRESSED, fresh, occasion, reason)
    told.added += len(fresh)
    told.known += len(known)


def lift(numbers: Collection[int], reason: str, occasion: Occasion) -> int:
    """Lift these suppressions; return how many there were."""
    with transaction.atomic():
        rows = list(Suppression.objects.filter(pk__in=numbers))
        _note(Consent.Action.RELEASED, [row.key for row in rows if row.key], occasion, reason)
        hashes = [row.hash for row in rows if not row.key]
        Consent.objects.bulk_create(
            Consent(
                hash=one, action=Consent.Action.RELEASED, at=occasion.at, source=occasion.source, by=occasion.by[:150],
                note=reason[:300],
            )
            for one in hashes
        )  # fmt: skip
        Suppression.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _note(action: str, keys: list[str], occasion: Occasion, reason: str) -> None:
    people = Subscriber.objects.filter(key__in=keys).order_by("pk").values_list("pk", flat=True)
    Consent.note_all(action, occasion, people, note=reason)
