"""Which form of a phrase goes with a number, by the rules of its language (Unicode's CLDR), for whole numbers."""

from __future__ import annotations

from collections.abc import Callable

FORMS = {"ar": ("zero", "one", "two", "few", "many", "other"), "he": ("one", "two", "other")}
"""The forms of languages that have others than `one` and `other`."""
PLAIN = ("one", "other")


def form(language: str, number: int) -> str:
    """The name of the form: `one`, `two`, `few`, `many` or `other`."""
    rule = _RULES.get(language.lower().replace("_", "-").split("-")[0], _one_or_other)
    return rule(number)


def forms(language: str) -> tuple[str, ...]:
    """All forms that a language has."""
    return FORMS.get(language.lower().replace("_", "-").split("-")[0], PLAIN)


def _one_or_other(number: int) -> str:
    return "one" if number == 1 else "other"


def _french(number: int) -> str:
    return "one" if number < 2 else "other"


def _hebrew(number: int) -> str:
    return {1: "one", 2: "two"}.get(number, "other")


def _arabic(number: int) -> str:
    if number < 3:
        return ("zero", "one", "two")[number]
    rest = number % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


_RULES: dict[str, Callable[[int], str]] = {"ar": _arabic, "fr": _french, "he": _hebrew}
