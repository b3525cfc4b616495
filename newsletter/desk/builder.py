"""The rule builder: rules as rows of a form, and back again.

Every row is some inputs with the row's number in their names, in the order of the page; groups are rows that others
name as theirs. So the form works as a plain one, and nobody ever writes JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.http import QueryDict

from newsletter.desk.rows import JOINS, Row
from subscribers.segments import VERSION, Problem, check
from subscribers.segments.rules import Path
from subscribers.segments.suggesting import seen
from subscribers.segments.values import Unfit, filled

MOST_ROWS = 120


class Draft:
    """Rules that are being written: a group of rows, with what is wrong beside each."""

    def __init__(self, root: Row) -> None:
        self.root = root
        self.rules, self._places = self._written()

    @classmethod
    def posted(cls, data: QueryDict) -> Draft:
        """The rows of a form that came back, changed as buttons say: those not answered yet, and the one pressed."""
        root, rows = Row(1, join=_join(data.get("join-1", ""))), {}
        rows[1] = root
        for text in data.getlist("row")[:MOST_ROWS]:
            number, up = _number(text), _number(data.get(f"up-{text}", ""))
            if number > 1 and number not in rows and up in rows and rows[up].join:
                rows[number] = _row(data, number, up)
                if "do" in data:
                    rows[number].take_more()
                rows[up].parts.append(rows[number])
        for button in (*data.getlist("press")[:MOST_ROWS], data.get("do", "")):
            _act(button, rows)
        return cls(root)

    @classmethod
    def of(cls, rules: Any) -> Draft:
        """The rows of rules as they are kept; of none, a group with one rule to fill in."""
        numbers = iter(range(2, MOST_ROWS + 2))
        join, parts = _group(rules)
        root = Row(1, join=join or "all")
        root.parts = [_kept(part, numbers, 1) for part in (parts if join else [rules] if _is_leaf(rules) else [{}])]
        return cls(root)

    def _written(self) -> tuple[dict[str, Any], dict[Path, Row]]:
        places: dict[Path, Row] = {}
        return {"version": VERSION, **_rules(self.root, (), places)}, places

    def check(self, name: str = "") -> list[Problem]:
        """Find what is wrong, and put it beside the rows; return what concerns no row alone."""
        whole = []
        for problem in check(self.rules, name):
            row = self._row_of(problem.path)
            if row is None or row is self.root:
                whole.append(problem)
            elif not row.problems:
                row.problems.append(sentence(problem.text))
        return whole

    def suggest(self) -> None:
        """Put values that people have beside the rows that ask for a text."""
        found = dict[tuple[str, str], Sequence[str]]()
        for row in self._places.values():
            if row.known and row.draw in ("text", "texts"):
                if (row.kind, row.of) not in found:
                    found[row.kind, row.of] = seen(row.known, row.about)
                row.seen = found[row.kind, row.of]

    def forbear(self) -> None:
        """Leave unsaid that a value is missing: whoever has just chosen a question is about to give it."""
        for row in self._places.values():
            if not filled(row.values):
                row.problems.clear()

    @property
    def faulty(self) -> bool:
        """Whether any row has a problem."""
        return any(row.problems for row in self._places.values())

    def _row_of(self, path: Path) -> Row | None:
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _join(text: str) -> str:
    return text if text in JOINS else "all"


def _row(data: QueryDict, number: int, up: int) -> Row:
    def said(name: str) -> str:
        return data.get(f"{name}-{number}", "")[:200].replace("\0", "")

    if said("join"):
        return Row(number, join=_join(said("join")), up=up)
    row = Row(number, kind=said("kind"), of=said("of"), asks=said("is"), values=data.getlist(f"value-{number}"), up=up)
    row.more = said("more")
    if row.kind != data.get(f"was-{number}", row.kind):
        # Another kind of rule: what was asked of the one before means nothing here.
        row.of, row.asks, row.values, row.more = "", "", [], ""
    if row.offered and row.question is None and row.about is not None and data.get(f"about-{number}") != row.of:
        row.asks, row.values = "", []
    if row.offered and not row.asks:
        row.asks = row.offered[0].name
        row.__dict__.pop("question", None)
    return row


def _act(button: str, rows: dict[int, Row]) -> None:
    """Add a rule or a group to a group, or take a row out."""
    verb, _, text = button.partition(":")
    row = rows.get(_number(text))
    if row is None:
        return
    if verb == "drop" and row.up:
        above = rows[row.up]
        above.parts = [one for one in above.parts if one is not row]
        _focus(above, rows)
    elif verb in ("rule", "group") and row.join and len(rows) < MOST_ROWS:
        new = _added(row, rows, "any" if verb == "group" else "")
        _focus(_added(new, rows) if new.join else new, rows)


def _added(above: Row, rows: dict[int, Row], join: str = "") -> Row:
    new = Row(max(rows) + 1, join=join, up=above.number)
    rows[new.number] = new
    above.parts.append(new)
    return new


def _focus(wanted: Row, rows: dict[int, Row]) -> None:
    for row in rows.values():
        row.focus = row is wanted


def _is_leaf(rules: Any) -> bool:
    return isinstance(rules, Mapping) and "kind" in rules


def _group(rules: Any) -> tuple[str, Sequence[Any]]:
    """How a group is joined and what is in it; a “not” is a group of which none may hold."""
    if not isinstance(rules, Mapping):
        return "", ()
    if "not" in rules:
        join, parts = _group(rules["not"])
        return "none", (parts if join == "any" else [rules["not"]])
    join = next((name for name in ("all", "any") if isinstance(rules.get(name), list)), "")
    return join, rules.get(join, ())


def _kept(rules: Any, numbers: Iterator[int], up: int) -> Row:
    number = next(numbers, MOST_ROWS + 2)
    join, parts = _group(rules)
    if join:
        row = Row(number, join=join, up=up)
        row.parts = [_kept(part, numbers, number) for part in parts]
        return row
    said = rules if isinstance(rules, Mapping) else {}
    kind, of, asks = (str(said.get(name) or "") for name in ("kind", "of", "is"))
    row = Row(number, kind=kind, of=of, asks=asks, up=up)
    value = said.get("value")
    row.values = [_shown(one) for one in (value if isinstance(value, list) else [value]) if one is not None]
    return row


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _rules(row: Row, path: Path, places: dict[Path, Row]) -> dict[str, Any]:
    """A row and what is in it as rules; `places` takes where each of them stands."""
    places[path] = row
    if not row.join:
        return _leaf(row)
    if row.join == "none":
        path = (*path, "not")
        places[path] = row
    join = "any" if row.join == "none" else row.join
    parts = [_rules(part, (*path, join, number), places) for number, part in enumerate(row.parts)]
    return {"not": {join: parts}} if row.join == "none" else {join: parts}


def _leaf(row: Row) -> dict[str, Any]:
    rule: dict[str, Any] = {"kind": row.kind}
    if row.of:
        rule["of"] = row.of
    rule["is"] = row.asks
    if row.question and row.question.value:
        try:
            rule["value"] = row.question.value.typed(row.values)
        except Unfit as error:
            row.problems.append(sentence(str(error)))
            rule["value"] = None
    return rule


def sentence(text: str) -> str:
    """A problem as it stands by itself."""
    return re.sub(r"^[a-z]", lambda first: first[0].upper(), text)
