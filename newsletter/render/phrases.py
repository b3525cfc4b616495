"""The theme's own words: what it says around the stories and on the readers' pages, in their language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from newsletter.render.plurals import form

FALLBACK = "en"
_PLACE = re.compile(r"\{(\w+)\}")


def family(language: str) -> tuple[str, ...]:
    """Where words of a language are looked for, the best last: English, its family, itself."""
    wanted = language.lower().replace("_", "-")
    return (FALLBACK, wanted.split("-")[0], wanted)


class Phrases(Mapping[str, Any]):
    """Words by their names, `words.unsubscribe`; those of a mail of its own lie deeper, `words.confirm.heading`."""

    def __init__(self, said: Mapping[str, Any], language: str = FALLBACK) -> None:
        self._said = said
        self.spoken_in = language
        """The language that they are in: the one that was asked for, or English where there are none in that."""

    @classmethod
    def of(cls, languages: Mapping[str, Any], language: str) -> Phrases:
        """The words of a language over those of its family, over English: `pt-BR`, then `pt`, then `en`."""
        known = {str(name).lower(): words for name, words in languages.items() if isinstance(words, Mapping)}
        said: Mapping[str, Any] = {}
        for name in family(language):
            said = _over(said, known.get(name, {}))
        spoken = any(known.get(name) for name in family(language)[1:])
        return cls(said, language if spoken else FALLBACK)

    def __getitem__(self, name: str) -> Any:
        found = self._said[name]
        return Phrases(found, self.spoken_in) if isinstance(found, Mapping) else str(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


def filled(phrase: str, **values: Any) -> str:
    """A phrase with its `{places}` filled, as plain text."""
    return _PLACE.sub(lambda match: str(values[match[1]]), phrase)


def form_for(forms: Phrases, number: int) -> str:
    """The form of a phrase that its language has for a number."""
    wanted = form(forms.spoken_in, number)
    return str(forms[wanted if wanted in forms else "other"])


@pass_eval_context
def fill(context: EvalContext, phrase: str, **values: Any) -> str:
    """A phrase with its `{places}` filled, escaped where the template is HTML; a place is a name, no more."""
    if not context.autoescape:
        return filled(phrase, **values)
    return Markup(_PLACE.sub(lambda match: str(escape(values[match[1]])), str(escape(phrase))))  # noqa: S704


def _over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Words over others, but for the forms of a number: which there are is for each language to say."""
    both = dict(under)
    for name, said in over.items():
        inner = both.get(name)
        nested = isinstance(inner, Mapping) and isinstance(said, Mapping) and "other" not in said
        both[name] = _over(inner or {}, said) if nested else said
    return both


@pass_eval_context
def count(context: EvalContext, forms: Phrases, number: int, **values: Any) -> str:
    """The form of a phrase that its language has for a number, filled; `{n}` is the number itself."""
    return fill(context, form_for(forms, number), n=number, **values)


@pass_eval_context
def parted(context: EvalContext, phrase: str, place: str, **values: Any) -> tuple[str, str | None]:
    """A phrase as what stands before and after a place where something of the reader's goes, the rest of it filled.

    What comes after is None where the phrase has no such place.
    """
    before, found, after = phrase.partition(f"{{{place}}}")
    return fill(context, before, **values), fill(context, after, **values) if found else None
