"""The head of a Markdown file: YAML between `---`, TOML between `+++`, or none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import yaml

from newsletter.config.syntax import fault
from newsletter.markup.text import scrub

_FENCE = re.compile(r"(---|\+\+\+)[ \t]*\n(?:(.*?)\n)??\1[ \t]*(?:\n|\Z)", re.DOTALL)


class BadFrontMatter(Exception):
    """The front matter cannot be read; `line` counts from the top of the file."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True)
class Head:
    """Front matter as text: every value is a string, a list of those, or a mapping of those.

    Nothing is guessed, so a title of `2026`, `No` or `1.10` stays as it was typed.
    """

    values: dict[str, Any]

    def text(self, *names: str) -> str:
        """The first of these keys that holds a text; a mapping stands for its `name`, `src` or `url`."""
        return next((text for name in names for text in _texts(self.values.get(name))), "")

    def words(self, *names: str) -> list[str]:
        """The texts of all these keys; one string stands for several, between commas, or else between spaces."""
        found: list[str] = []
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str):
                found += value.split("," if "," in value else None)
            else:
                found += _texts(value)
        return [word.strip().removeprefix("#") for word in found]

    def texts(self, *names: str) -> list[str]:
        """All texts of the first of these keys that is there."""
        return next((list(_texts(self.values[name])) for name in names if name in self.values), [])

    def says(self, name: str, *answers: str) -> bool:
        """Whether a key is set to one of these, in either case."""
        return self.text(name).lower() in answers


def split(text: str) -> tuple[Head, str]:
    """Front matter and body of a file; raises BadFrontMatter with the line."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    above = len(text) - len(text.lstrip("\n"))
    if text.startswith(("---\n", "+++\n"), above):
        # Hugo forgives empty lines above the front matter. They are kept in the count of lines.
        try:
            return _split(text[above:])
        except BadFrontMatter as error:
            raise BadFrontMatter(error.line + above, error.reason) from error
    return _split(text)


def _split(text: str) -> tuple[Head, str]:
    fence = _FENCE.match(text)
    if fence is None:
        if text.startswith(("---\n", "+++\n")):
            raise BadFrontMatter(1, f"the front matter has no closing {text[:3]}")
        return Head({}), text
    read = _yaml if fence[1] == "---" else _toml
    values = read(fence[2] or "")
    return Head({str(key).lower(): _plain(value) for key, value in values.items()}), text[fence.end() :]


def _yaml(text: str) -> dict[Any, Any]:
    try:
        values = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it builds nothing but strings, lists and dicts
    except yaml.MarkedYAMLError as error:
        found = fault(error, text)
        raise BadFrontMatter(1 if found.line is None else found.line + 2, str(found)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 2
        raise BadFrontMatter(line, f"the character #x{int(error.character):04x} is not allowed") from None
    except RecursionError:
        raise BadFrontMatter(1, "it is nested too deep") from None
    if not isinstance(values, dict | None) and values != "":
        raise BadFrontMatter(2, "it must hold keys such as `title:`")
    return values or {}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = int(place[1]) + 1 if place else text.count("\n") + 2
        raise BadFrontMatter(line, re.sub(r" \(at .*\)$", "", str(error))) from None
    except RecursionError:
        raise BadFrontMatter(1, "it is nested too deep") from None


def _plain(value: Any) -> Any:
    """A value as text, one list or mapping deep: aliases of YAML could make a small file a huge tree."""
    if isinstance(value, dict):
        return {str(key).lower(): _scalar(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) if isinstance(inner, dict) else _scalar(inner) for inner in value]
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return scrub(str(value)) if isinstance(value, str | int | float) else ""


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            one = next((one[name] for name in ("name", "src", "url", "path", "image") if one.get(name)), "")
        if isinstance(one, str) and one.strip():
            yield one.strip()
