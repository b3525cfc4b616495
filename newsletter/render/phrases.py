"""The theme's own words: what it says around the stories, in the newsletter's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from newsletter.render.overlay import merged

FALLBACK = "en"
_PLACE = re.compile(r"\{(\w+)\}")


class Phrases(Mapping[str, Any]):
    """Words by their names, `words.unsubscribe`; those of a mail of its own lie deeper, `words.confirm.heading`."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    @classmethod
    def of(cls, languages: Mapping[str, Any], language: str) -> Phrases:
        """The words of a language over those of its family, over English: `pt-BR`, then `pt`, then `en`."""
        wanted = language.lower().replace("_", "-")
        known = {str(name).lower(): words for name, words in languages.items() if isinstance(words, Mapping)}
        said: Mapping[str, Any] = {}
        for name in (FALLBACK, wanted.split("-")[0], wanted):
            said = merged(said, known.get(name, {}))
        return cls(said)

    def __getitem__(self, name: str) -> Any:
        found = self._said[name]
        return Phrases(found) if isinstance(found, Mapping) else str(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


@pass_eval_context
def fill(context: EvalContext, phrase: str, **values: Any) -> str:
    """A phrase with its `{places}` filled, escaped where the template is HTML; a place is a name, no more."""
    if not context.autoescape:
        return _PLACE.sub(lambda match: str(values[match[1]]), phrase)
    return Markup(_PLACE.sub(lambda match: str(escape(values[match[1]])), str(escape(phrase))))  # noqa: S704


@pass_eval_context
def parted(context: EvalContext, phrase: str, place: str, **values: Any) -> tuple[str, str | None]:
    """A phrase as what stands before and after a place where something of the reader's goes, the rest of it filled.

    What comes after is None where the phrase has no such place.
    """
    before, found, after = phrase.partition(f"{{{place}}}")
    return fill(context, before, **values), fill(context, after, **values) if found else None
