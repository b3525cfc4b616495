"""Rules about people themselves: their address, name, language, when they came, and their last signs of life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from subscribers.models import Subscriber
from subscribers.segments import values
from subscribers.segments.vocabulary import Kind, Question, Test, asks

Ask = Callable[[Any, Any, datetime], Test]


def _when(column: str, **lookups: Callable[[Any], datetime]) -> Ask:
    """A test by moments, of one day or of two; never unknown, though the column may be empty."""

    def test(about: Any, value: Any, now: datetime) -> Q:
        given = value if isinstance(value, list) else [value]
        bounds = {f"{column}__{name}": bound(day) for (name, bound), day in zip(lookups.items(), given, strict=True)}
        return Q(**{f"{column}__isnull": False}, **bounds)

    return test


def _recently(column: str) -> Ask:
    return lambda about, days, now: Q(
        **{f"{column}__isnull": False, f"{column}__gte": now - timedelta(days=days), f"{column}__lte": now}
    )


def moments(column: str, words: str) -> tuple[Question, ...]:
    """What can be asked about a moment that stands in a column."""
    return (
        Question("before", "before", f"{words} before {{value}}", _when(column, lt=values.start_of), values.DATE),
        Question(
            "after", "on or after", f"{words} on or after {{value}}", _when(column, gte=values.start_of), values.DATE
        ),
        Question(
            "between", "between", f"{words} between {{value}}",
            _when(column, gte=values.start_of, lt=values.end_of), values.DATES,
        ),
        Question("last_days", "in the last … days", f"{words} in the last {{value}}", _recently(column), values.DAYS),
    )  # fmt: skip


def _life(column: str, verb: str) -> tuple[Question, ...]:
    known, unknown = (Q(**{f"{column}__isnull": empty}) for empty in (False, True))
    return (
        Question(
            "last_days", "in the last … days", f"{verb} something in the last {{value}}",
            _recently(column), values.DAYS,
        ),
        Question(
            "not_last_days", "not in the last … days", f"{verb} nothing in the last {{value}}",
            _recently(column), values.DAYS, otherwise=True,
        ),
        Question("ever", "at any time", f"ever {verb} something", lambda about, value, now: known),
        Question("never", "never", f"never {verb} anything", lambda about, value, now: unknown),
    )  # fmt: skip


def _column(column: str, words: str, value: values.Value) -> tuple[Question, ...]:
    def test(about: Any, wanted: Any, now: datetime) -> Q:
        return Q(**{f"{column}__in": sorted(set(wanted))})

    return (
        Question("one_of", "is", f"{words} is {{value}}", test, value),
        Question("none_of", "is not", f"{words} is not {{value}}", test, value, otherwise=True),
    )


def _held(column: str) -> Callable[[Any], F]:
    return lambda about: F(column)


def _unknown(column: str, words: str, otherwise: bool) -> Question:
    name, label = ("set", "is known") if otherwise else ("not_set", "is not known")
    return Question(name, label, f"{words} {label}", lambda about, value, now: Q(**{column: ""}), otherwise=otherwise)


def _flag(*flags: str) -> Ask:
    return lambda about, value, now: Q(flag__in=flags)


_FLAG = Subscriber.Flag
PEOPLE = (
    Kind("joined", "First seen", "Person", asks(*moments("created_at", "first seen"))),
    Kind(
        "domain", "Domain of the address", "Person",
        asks(*_column("domain", "domain", values.DOMAINS)),
        held=_held("domain"),
    ),
    Kind(
        "language", "Language", "Person",
        asks(*_column("language", "language", values.TEXTS), _unknown("language", "language", False)),
        held=_held("language"),
    ),
    Kind(
        "time_zone", "Time zone", "Person",
        asks(*_column("time_zone", "time zone", values.TEXTS), _unknown("time_zone", "time zone", False)),
        held=_held("time_zone"),
    ),
    Kind("name", "Name", "Person", asks(_unknown("name", "name", True), _unknown("name", "name", False))),
    Kind(
        "flag", "Kind of address", "Person",
        asks(
            Question("role", "role address", "a role address", _flag(_FLAG.ROLE)),
            Question("disposable", "disposable", "a disposable address", _flag(_FLAG.DISPOSABLE)),
            Question(
                "personal", "neither", "neither a role nor a disposable address",
                _flag(_FLAG.ROLE, _FLAG.DISPOSABLE), otherwise=True,
            ),
        ),
    ),
    Kind("opened", "Opened any issue", "Activity", asks(*_life("opened_at", "opened"))),
    Kind("clicked", "Clicked in any issue", "Activity", asks(*_life("clicked_at", "clicked"))),
)  # fmt: skip
