"""The form of an A/B test: its plan, and what each variant says; two people's edits are merged field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from newsletter.desk.editor.forms import LONGEST, MARKDOWN, SHORT, Marked, area, line
from newsletter.models import Trial
from newsletter.models.editing import merged
from newsletter.models.trial import FIELDS, FIRST, LETTERS, NAMES

MINUTE, HOUR, DAY = 60, 3600, 86400
WAITS = (10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY)
"""How long may be waited, in seconds."""
PLAN = ("varies", "share", "measure", "wait", "way")
VARIANT_FIELD = re.compile(rf"([{LETTERS[1:]}])-({'|'.join(FIELDS)})")
State = dict[str, Any]


class TrialForm(Marked):
    """All of a trial that somebody may choose."""

    varies = forms.MultipleChoiceField(
        choices=[(name, NAMES[name].capitalize()) for name in FIELDS], required=False, label="What varies",
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    share = forms.IntegerField(
        min_value=1, max_value=100, label="Share of the audience",
        widget=forms.NumberInput({"type": "range", "min": 1, "max": 100, "class": "desk-ab-slider"}),
    )  # fmt: skip
    measure = forms.ChoiceField(
        choices=[("clicks", "Clicks, adjusted"), ("opens", "Opens, adjusted")], label="What is measured",
        widget=forms.RadioSelect,
    )  # fmt: skip
    wait = forms.TypedChoiceField(coerce=int, label="How long it waits")
    way = forms.ChoiceField(
        choices=[("automatic", "By itself"), ("by_hand", "By hand")], label="Who decides", widget=forms.RadioSelect
    )

    def __init__(self, state: State, data: Any = None) -> None:
        super().__init__(flat(state), data, name="ab")
        self.letters = list(state["variants"])
        waits = sorted({*WAITS, state["wait"]})
        self.fields["wait"].choices = [(seconds, wait_words(seconds)) for seconds in waits]  # type: ignore[attr-defined]  # a choice
        self.fields["wait"].widget.attrs["class"] = "desk-ab-select"
        for letter in self.letters:
            for name in FIELDS:
                self.fields[f"{letter}-{name}"] = _field(letter, name)

    def clean_varies(self) -> list[str]:
        """In the order that all keep."""
        return [name for name in FIELDS if name in self.cleaned_data["varies"]]

    def changes(self, current: Mapping[str, Any]) -> dict[str, Any]:
        """What to change of what is stored now. Raises Stale."""
        # Boxes that are not ticked are not posted.
        posted = [
            name for name in self.current if name in self.data or (name == "varies" and "seen-varies" in self.data)
        ]
        mine = {name: self.cleaned_data[name] for name in posted if name in current}
        return merged(current, mine, self.shown())

    def of(self, letter: str) -> list[tuple[str, Any, bool]]:
        """The fields of one variant: the name of what each is, the field, and whether that varies."""
        varies = self["varies"].value() or []
        return [(name, self[f"{letter}-{name}"], name in varies) for name in FIELDS]


def _field(letter: str, name: str) -> forms.Field:
    """The field for what a variant says in one place."""
    hint = "Left empty: as in variant A."
    also = {"data-ab-field": name}
    if name == "opening":
        return area(LONGEST, "Opening letter", hint, rows=6, also={**MARKDOWN, **also})
    most = {"subject": 300, "preheader": 500, "sender_name": 100}[name]
    return line(most, NAMES[name].capitalize(), hint, also={**(SHORT if name != "sender_name" else {}), **also})


def flat(state: State) -> dict[str, Any]:
    """What the form's fields hold."""
    words = {f"{one}-{name}": said[name] for one, said in state["variants"].items() for name in FIELDS}
    return {**{name: state[name] for name in PLAN}, **words}


def laid(state: State, changed: Mapping[str, Any]) -> State:
    """The state with these fields changed."""
    plan = {name: changed.get(name, state[name]) for name in PLAN}
    variants = {
        letter: {name: changed.get(f"{letter}-{name}", said[name]) for name in FIELDS}
        for letter, said in state["variants"].items()
    }
    return {**state, **plan, "variants": variants}


def lost(state: State | None, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was typed into variants that are no more: where, and the words."""
    known = state["variants"] if state else {}
    found = []
    for name, value in data.items():
        match = VARIANT_FIELD.fullmatch(name)
        if match and match[1] not in known and str(value).strip():
            found.append((f"{NAMES[match[2]]} of variant {match[1].upper()}", str(value)))
    return found


def free_letter(state: State) -> str:
    """The first letter that no variant has; none if there are five."""
    return next((one for one in LETTERS if one != FIRST and one not in state["variants"]), "")


def wait_words(seconds: int) -> str:
    """So long, in words."""
    for unit, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= unit and seconds % unit == 0:
            number = seconds // unit
            return f"{number} {word}{'' if number == 1 else 's'}"
    return f"{seconds} seconds"


def words_of(name: str, value: Any) -> str:
    """What a field holds, as a person would say it."""
    if name == "varies":
        return ", ".join(NAMES[one] for one in value)
    if name == "wait":
        return wait_words(value)
    return str(value).replace("_", " ") if name in ("measure", "way") else str(value)


def measure_words(trial: Trial) -> str:
    """What is measured, in a word for people."""
    return "clicked" if trial.measure == Trial.Measure.CLICKS else "opened"
