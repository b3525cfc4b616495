"""A custom field gets another kind, or goes: its values are seen to in pieces, so that nobody waits, nothing is lost.

What does not fit the new kind stays as it is: it counts as not known, and can be found and mended. Each piece is a
transaction that also notes how far it has come, so a process that dies leaves no value half done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from subscribers.fields import Typed, Unfit, tidy, typed
from subscribers.models import Field, Subscriber

REMOVED = "removed"
_PIECE = 1000
_EXAMPLES = 8
_LOOKED_AT = 100_000


@dataclass
class Survey:
    """What a change of kind would come to: how many values fit, how many do not, and some of these."""

    fit: int = 0
    unfit: int = 0
    examples: list[str] = field(default_factory=list)
    whole: bool = True


def converted(value: object, kind: str) -> Typed | None:
    """A value as another kind keeps it; None for none. Raises Unfit."""
    return typed(kind, said(value))


def said(value: object) -> str:
    """A value as people write it."""
    return "no" if value is False else tidy(value)


def survey(of: Field, kind: str) -> Survey:
    """Look at the values, of the latest people where there are very many; change nothing."""
    found = Survey()
    known = Subscriber.objects.filter(fields__has_key=of.name).order_by("-pk")[: _LOOKED_AT + 1]
    for number, fields in enumerate(known.values_list("fields", flat=True).iterator()):
        if number == _LOOKED_AT:
            found.whole = False
            break
        _look(found, fields[of.name], kind)
    return found


def _look(found: Survey, value: object, kind: str) -> None:
    try:
        converted(value, kind)
        found.fit += 1
    except Unfit:
        found.unfit += 1
        if len(found.examples) < _EXAMPLES and (shown := said(value)[:60]) not in found.examples:
            found.examples.append(shown)


def begin(of: Field, becoming: str) -> bool:
    """Note what shall become of a field; `work` does it. False if it is being changed already, or is of that kind."""
    still = Field.objects.filter(~Q(kind=becoming), pk=of.pk, becoming="")
    return bool(still.update(becoming=becoming, reached=0))


def work(stop: Callable[[], bool] = lambda: False) -> int:
    """See to the fields that are to become something else; return how many people were seen to."""
    done = 0
    for one in Field.objects.exclude(becoming=""):
        while not stop() and (some := _piece(one.pk)):
            done += some
    return done


def _piece(pk: int) -> int:
    """See to the next people of a field; none left ends the change."""
    with transaction.atomic():
        of = Field.objects.select_for_update().filter(pk=pk).exclude(becoming="").first()
        if of is None:
            return 0
        held = Subscriber.objects.select_for_update().filter(pk__gt=of.reached, fields__has_key=of.name)
        people = list(held.order_by("pk").only("pk", "fields")[:_PIECE])
        if not people:
            _end(of)
            return 0
        Subscriber.objects.bulk_update([one for one in people if _changed(one, of)], ["fields"])
        Field.objects.filter(pk=pk).update(reached=people[-1].pk)
        return len(people)


def _changed(person: Subscriber, of: Field) -> bool:
    """Put the new value in place; say whether it differs."""
    before = person.fields.pop(of.name)
    if of.becoming == REMOVED:
        return True
    try:
        after = converted(before, of.becoming)
    except Unfit:
        after = before
    if after is not None:
        person.fields[of.name] = after
    return type(after) is not type(before) or after != before


def _end(of: Field) -> None:
    if of.becoming == REMOVED:
        of.delete()
    else:
        Field.objects.filter(pk=of.pk).update(kind=of.becoming, becoming="", reached=0)
