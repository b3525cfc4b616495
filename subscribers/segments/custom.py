"""Rules about custom fields: what can be asked depends on the kind of the field's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Expression, Q
from django.db.models.fields.json import KT
from django.utils import timezone

from subscribers.models import Field
from subscribers.segments import values
from subscribers.segments.expressions import FieldValue, among, bounded, containing, known, spellings, starting
from subscribers.segments.vocabulary import Kind, Question, Subjects, Test, found, titled


def value_of(field: Field) -> FieldValue:
    """The expression of a field's values."""
    return FieldValue(field.name, field.kind)


def _one_of(field: Field, wanted: Any, now: datetime) -> Q:
    texts = wanted if isinstance(wanted, list) else [wanted]
    return among(value_of(field), sorted({one for text in texts for one in spellings(text)}))


def _bounds(**names: str) -> Callable[[Any, Any, datetime], Test]:
    """A test by bounds: of one value, or of two, the first of which is named first."""

    def test(field: Field, value: Any, now: datetime) -> Q:
        given = value if isinstance(value, list) else [value] * len(names)
        return bounded(value_of(field), **dict(zip(names, given, strict=True)))

    return test


def _set(field: Field, value: Any, now: datetime) -> Q:
    return known(value_of(field))


def _recently(field: Field, days: int, now: datetime) -> Q:
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    return bounded(value_of(field), least=str(today - timedelta(days=days)), most=str(today))


def _soon(field: Field, days: int, now: datetime) -> Q:
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    return bounded(value_of(field), least=str(today), most=str(today + timedelta(days=days)))


_KNOWN = (
    Question("set", "is known", "{of} is known", _set),
    Question("not_set", "is not known", "{of} is not known", _set, otherwise=True),
)
_QUESTIONS: dict[str, Sequence[Question]] = {
    "text": (
        Question("is", "is", "{of} is {value}", _one_of, values.TEXT),
        Question("is_not", "is not", "{of} is not {value}", _one_of, values.TEXT, otherwise=True),
        Question("one_of", "is one of", "{of} is {value}", _one_of, values.TEXTS),
        Question("none_of", "is none of", "{of} is not {value}", _one_of, values.TEXTS, otherwise=True),
        Question(
            "starts_with", "starts with", "{of} starts with {value}",
            lambda field, value, now: starting(value_of(field), value), values.TEXT,
        ),
        Question(
            "contains", "contains", "{of} contains {value}",
            lambda field, value, now: containing(value_of(field), value), values.TEXT,
        ),
        *_KNOWN,
    ),
    "number": (
        Question("is", "is", "{of} is {value}", _bounds(least="", most=""), values.NUMBER),
        Question("is_not", "is not", "{of} is not {value}", _bounds(least="", most=""), values.NUMBER, otherwise=True),
        Question("less", "is less than", "{of} is less than {value}", _bounds(below=""), values.NUMBER),
        Question("more", "is more than", "{of} is more than {value}", _bounds(above=""), values.NUMBER),
        Question("between", "is between", "{of} is between {value}", _bounds(least="", most=""), values.NUMBERS),
        *_KNOWN,
    ),
    "date": (
        Question("on", "is on", "{of} is on {value}", _bounds(least="", most=""), values.DATE),
        Question("before", "is before", "{of} is before {value}", _bounds(below=""), values.DATE),
        Question("after", "is after", "{of} is after {value}", _bounds(above=""), values.DATE),
        Question("between", "is between", "{of} is between {value}", _bounds(least="", most=""), values.DATES),
        Question("last_days", "is in the last … days", "{of} is in the last {value}", _recently, values.DAYS),
        Question("next_days", "is in the next … days", "{of} is in the next {value}", _soon, values.DAYS),
        *_KNOWN,
    ),
    "yes_no": (
        Question("yes", "is yes", "{of} is yes", lambda field, value, now: among(value_of(field), ["true"])),
        Question("no", "is no", "{of} is no", lambda field, value, now: among(value_of(field), ["false"])),
        *_KNOWN,
    ),
}  # fmt: skip


def _questions(field: Field | None) -> Sequence[Question]:
    return _QUESTIONS[field.kind] if field else ()


def _held(field: Field | None) -> Expression | None:
    if not field or field.kind != Field.Kind.TEXT:
        return None
    found: Expression = KT(f"fields__{field.name}")
    return found


FIELD = Kind(
    "field", "Custom field", "Person", _questions,
    Subjects("field", found(Field.objects.all()), titled(Field.objects.all())),
    held=_held,
)  # fmt: skip
