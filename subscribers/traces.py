"""Traces of one person: the forms that an address takes in a text, the rows that hold it, and how it is taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from html import escape
from operator import or_
from typing import Any, TypeVar
from urllib.parse import quote

from django.db.models import CharField, Field, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from subscribers.addresses import normalize
from subscribers.models import Subscriber, hash_of

Row = TypeVar("Row", bound=Model)
ERASED = "(erased)"
"""What stands where an address or a name of somebody erased stood."""
ADDRESS = "(address)"
"""What stands where anybody's address stood, whether or not they are still here."""

# From where a word begins: else a long one without an @ would be gone through anew from each of its letters.
_ANY_ADDRESS = re.compile(r"(?<![^\s<>\"'@:;,()\[\]])[^\s<>\"'@:;,()\[\]]+@[^\s<>\"'@:;,()\[\]]+\w")
# Part of a longer address, such as anna@… in joanna@…, is somebody else's; what a percent sign encodes is no part.
_BEFORE = r"(?:(?<![\w+-])(?<!\w\.)|(?<=%[0-9A-F]{2}))"
_AFTER = r"(?![\w-]|\.\w)"


@dataclass(frozen=True)
class Person:
    """Somebody who asks what is kept of them: known by an address, and by the number of their row if there is one."""

    email: str
    key: str
    number: int = 0
    name: str = ""

    @classmethod
    def of(cls, subscriber: Subscriber) -> Person:
        """A person of the audience."""
        return cls(subscriber.email, subscriber.key, subscriber.pk, subscriber.name)

    @classmethod
    def at(cls, address: str) -> Person:
        """Whoever has this address, of the audience or not. Raises InvalidAddress."""
        email, key = normalize(address)
        known = Subscriber.objects.filter(key=key).first()
        return cls.of(known) if known else cls(email, key)

    @property
    def hash(self) -> str:
        """What stands for the address once it is erased."""
        return hash_of(self.key)

    @property
    def spellings(self) -> frozenset[str]:
        """The address as it was typed and as it is compared."""
        return frozenset((self.email, self.email.lower(), self.key))

    def address(self) -> re.Pattern[str]:
        """What finds the address in a text."""
        return _pattern(self.spellings, _BEFORE, _AFTER)

    def address_and_name(self) -> re.Pattern[str]:
        """What finds either in a text that is about this person; a name alone may be anybody's."""
        if len(self.name) < 2:
            return self.address()
        name = _pattern([self.name], _BEFORE, f"(?!@){_AFTER}")
        return re.compile(f"{self.address().pattern}|{name.pattern}", re.IGNORECASE)


def texts(model: type[Model]) -> list[Field[Any, Any]]:
    """The columns that can hold words of anybody's choice."""
    fields = model._meta.concrete_fields
    return [one for one in fields if isinstance(one, CharField | TextField | JSONField) and not one.choices]


def mentions(model: type[Row], person: Person) -> QuerySet[Row]:
    """The rows with the address in one of their texts. Reads the whole table: for those that stay small."""
    rows: QuerySet[Row] = model._default_manager.all()
    wanted: list[Q] = []
    for field in texts(model):
        name = field.name
        if isinstance(field, JSONField):
            name = f"{name}_as_text"
            rows = rows.annotate(**{name: Cast(field.name, TextField())})
        wanted += [Q(**{f"{name}__icontains": form}) for form in sorted(_forms(person.spellings))]
    found = [row.pk for row in rows.filter(reduce(or_, wanted)) if _holds(row, person.address())]
    return model._default_manager.filter(pk__in=found)


def scrub(rows: QuerySet[Any], words: re.Pattern[str]) -> None:
    """Take the words out of every text of these rows."""
    for row in rows.iterator(chunk_size=500):
        changed = {
            field.attname: _fitting(field, said)
            for field in texts(rows.model)
            if (said := cleaned(value := getattr(row, field.attname), words)) != value
        }
        if changed:
            rows.model._default_manager.filter(pk=row.pk).update(**changed)


def cleaned(value: Any, words: re.Pattern[str]) -> Any:
    """A text without the words, or whatever JSON holds without them."""
    if isinstance(value, str):
        return words.sub(ERASED, value)
    if isinstance(value, list):
        return [cleaned(one, words) for one in value]
    if isinstance(value, dict):
        return {cleaned(name, words): cleaned(one, words) for name, one in value.items()}
    return value


def without_addresses(text: str) -> str:
    """A text without any address, such as what a server answered about somebody."""
    return _ANY_ADDRESS.sub(ADDRESS, text)


def _pattern(words: Iterable[str], before: str, after: str) -> re.Pattern[str]:
    longest_first = sorted(_forms(words), key=lambda form: (-len(form), form))
    return re.compile(f"{before}(?:{'|'.join(map(re.escape, longest_first))}){after}", re.IGNORECASE)


def _forms(words: Iterable[str]) -> set[str]:
    """The words as they stand in plain text, JSON, HTML and an address of the web."""
    return {form for word in words for form in (word, json.dumps(word)[1:-1], escape(word), quote(word, safe=""))}


def _holds(row: Model, words: re.Pattern[str]) -> bool:
    values = (getattr(row, field.attname) for field in texts(type(row)))
    return any(cleaned(value, words) != value for value in values)


def _fitting(field: Field[Any, Any], value: Any) -> Any:
    return value[: field.max_length] if isinstance(value, str) and field.max_length else value
