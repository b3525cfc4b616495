"""Erasing a person: the row and all that is about them goes, the figures stay, and a fingerprint keeps them out."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from subscribers.importing.staging import take_turns
from subscribers.models import Consent, Import, Occasion, Subscriber, Suppression
from subscribers.own_data import KEPT, Erasure, holdings
from subscribers.traces import Person

Outcome = dict[str, int]
"""How many rows of each table were about the person; empty if none was."""


def erase(person: Person, occasion: Occasion, keep: Iterable[str] = ()) -> Outcome:
    """Erase everything that is kept of a person, in one transaction; a second time there is nothing left to do.

    `keep` names tables from which the person leaves their words to others, without the name. What stays is the
    fingerprint of the address, so that no import brings it back, and the facts of consent beside the same fingerprint.
    """
    with transaction.atomic():
        # An import that has just looked must not add the person anew: it ends its chunk first, or begins after us.
        take_turns()
        # Whoever is just writing something about this person waits for the lock, and then finds nobody.
        known = Subscriber.objects.select_for_update().filter(key=person.key).first()
        person = Person.of(known) if known else person
        if not (found := holdings(person)):
            return {}
        erasure = Erasure(person, occasion, frozenset(keep))
        for table in sorted(KEPT.values(), key=lambda table: not table.first):
            table.erase(erasure, table.rows(person))
        if known:
            known.delete()
        Suppression.objects.get_or_create(
            hash=person.hash, defaults={"kind": Suppression.Kind.ERASED, "reason": "erased"}
        )
        _note(erasure)
    return found


def waiting_files() -> list[str]:
    """Files that are still to be imported: erasing leaves them as they are, and the import passes the address over."""
    ahead = (Import.Status.UPLOADED, Import.Status.READY, Import.Status.RUNNING, Import.Status.FAILED)
    return [str(one) for one in Import.objects.filter(status__in=ahead, pieces__isnull=False).distinct()]


def _note(erasure: Erasure) -> None:
    """Keep the fact, beside nothing but the fingerprint."""
    occasion = erasure.occasion
    Consent.objects.create(
        hash=erasure.person.hash, action=Consent.Action.ERASED, at=occasion.at, source=occasion.source,
        by=occasion.by[:150], note=occasion.how[:300],
    )  # fmt: skip
