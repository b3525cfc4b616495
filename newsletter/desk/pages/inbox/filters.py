"""What is looked for in an inbox: the form, and what it means."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils import timezone

from newsletter.desk.pages.inbox.room import Room
from newsletter.models.inbox import Filters

NAMES = ("q", "source", "section", "tag", "since", "until")
_DAY = timedelta(days=1)


_EARLIEST, _LATEST = date(1900, 1, 1), date(2999, 12, 31)


def _day() -> forms.DateField:
    bounds = [
        MinValueValidator(_EARLIEST, "Nothing was published as early."),
        MaxValueValidator(_LATEST, "That is too far ahead."),
    ]
    return forms.DateField(
        required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), validators=bounds
    )


class FilterForm(forms.Form):
    """Words, a source, a section, a tag, and two dates."""

    q = forms.CharField(required=False, max_length=200, label="Words", widget=forms.TextInput({"type": "search"}))
    source = forms.ChoiceField(required=False)
    section = forms.ChoiceField(required=False)
    tag = forms.CharField(required=False, max_length=200, widget=forms.TextInput({"list": "inbox-tags"}))
    since = _day()
    until = _day()

    def __init__(self, data: QueryDict, room: Room) -> None:
        super().__init__(data)
        self._room = room
        self._choose("source", [(name, name) for name in room.sources])
        self._choose("section", [(str(at), title) for at, title in enumerate(room.sections)])
        self.fields["since"].label, self.fields["until"].label = "Published from", "until"

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", "any"), *choices]

    def filters(self) -> Filters:
        """What it asks for; what could not be read is left out, and said beside its field."""
        self.is_valid()
        data = self.cleaned_data
        any_of, none_of = self._tags(data.get("section", ""))
        until = data.get("until")
        return Filters(
            source=data.get("source", ""),
            tag=data.get("tag", ""),
            any_of=any_of,
            none_of=none_of,
            since=_moment(data.get("since")),
            until=_moment(until + _DAY if until else None),
            words=data.get("q", ""),
        )

    @property
    def active(self) -> bool:
        """Whether anything is asked for."""
        return any(self.data.get(name) for name in NAMES)

    @property
    def narrowed(self) -> bool:
        """Whether anything but words is asked for."""
        return any(self.data.get(name) for name in NAMES if name != "q")

    def _tags(self, section: str) -> tuple[frozenset[str], frozenset[str]]:
        """Which tags a post of this section has, and which it has not: the first section with one of its tags wins."""
        if not section:
            return frozenset(), frozenset()
        parts, at = self._room.newsletter.sections, int(section)
        earlier = {tag.lower() for part in parts[:at] for tag in part.tags}
        # A section that asks for no tag gets no post.
        own = {tag.lower() for part in parts[at : at + 1] for tag in part.tags or ("",)}
        return frozenset(own), frozenset(earlier)


def _moment(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
