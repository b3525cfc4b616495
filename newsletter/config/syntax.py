"""YAML's complaints in the words of someone who has to mend the file; for config.yaml and for posts' front matter."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

# `subject: {{ lead.title }}` and `- {% if …`: to YAML the brace opens a mapping.
_PATTERN = re.compile(r"(?:^|:|-)[ \t]+\{[{%]")
_ENTRY = re.compile(r"[ \t]*(?:-[ \t]+)*[^\s:][^:]*:[ \t]")
_INDENT = "check the indentation: keys that belong together begin in one column"
_COLON = "a value with a colon in it must stand in quotes", 'such as title: "News: in short"'
_PLACE = "this line does not stand under the one it belongs to", _INDENT
_START = "a value cannot begin like this", "put it in quotes if it begins with one of * & ! % @ `"

# A part of what PyYAML says; what we say, and the hint.
_WORDS = {
    "'\\t'": ("a tab stands where only spaces may", "indent with spaces"),
    "but found '<scalar>'": ("something stands after the end of a value", "put the whole value in one pair of quotes"),
    "expected <block end>": _PLACE,
    "<document start>": _PLACE,
    "sequence entries": ("a list cannot begin here", "begin it on a line of its own, or write [one, two]"),
    "could not find expected ':'": ("a key has no value", "a key is followed by a colon and a space"),
    "alias": _START,
    "tag": _START,
    "cannot start any token": _START,
}


@dataclass(frozen=True)
class Fault:
    """What is wrong, on which line (counted from 0; None if that is not known), and what to do about it."""

    line: int | None
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.hint})" if self.hint else self.reason


def fault(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """The fault in a text. Nothing of the text is repeated: it may hold a password."""
    said, mark = error.problem or error.context or "it cannot be read", error.problem_mark or error.context_mark
    if "end of stream" in said and "quoted" in (error.context or "") and error.context_mark:
        return Fault(error.context_mark.line, "a quote that opens here is never closed")
    if mark is None:
        return Fault(None, said)
    line = next(iter(text.splitlines()[mark.line : mark.line + 1]), "")
    return Fault(mark.line, *_words(said, line, mark.column))


def _words(said: str, line: str, column: int) -> tuple[str, str]:
    if _PATTERN.search(line):
        return "a value cannot begin with {", "quote a value that begins with {"
    if said == "mapping values are not allowed here":
        # A key before this colon makes it part of a value; without one, the line itself is where it cannot be.
        return _COLON if _ENTRY.match(line[:column]) else _PLACE
    return next((words for part, words in _WORDS.items() if part in said), (said, ""))
