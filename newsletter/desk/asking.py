"""What is asked about an issue before something is done to it: a reason, a moment, or nothing but a yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from unfold.widgets import INPUT_CLASSES

from newsletter import moments
from newsletter.desk.zones import said, zone_of
from newsletter.models import Issue
from newsletter.settings import current

INPUT = {"class": " ".join(INPUT_CLASSES)}
LOCAL = "%Y-%m-%dT%H:%M"
WORDY = {**INPUT, "class": f"{INPUT['class']} desk-ask-words", "rows": 4}


def next_hour(zone: ZoneInfo) -> datetime:
    """The next full hour of a zone's clocks."""
    begun = timezone.now().astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return begun.astimezone(UTC) + timedelta(hours=1)


def _usual(issue: Issue) -> bool:
    """Whether it goes out at the readers' local time if nobody says otherwise: as before, or as config.yaml has it."""
    letter = current().newsletters.get(issue.newsletter)
    if issue.variants:
        return False
    return issue.local_time if issue.send_at else bool(letter and letter.schedule and letter.schedule.local_time)


class QuestionForm(forms.Form):
    """What is asked about an issue before something is done to it."""

    def __init__(self, *args: Any, issue: Issue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issue = issue

    @property
    def typed(self) -> bool:
        """Whether somebody has written something into it that must not be lost."""
        return any(str(self.data.get(field.html_name, "")).strip() for field in self.visible_fields())


class ReasonForm(QuestionForm):
    """A word on why, for those who see the issue later."""

    reason = forms.CharField(required=False, max_length=500, widget=forms.TextInput(INPUT), label="Reason")


class RefusalForm(QuestionForm):
    """What is to be mended, for who mends it."""

    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(WORDY),
        label="What is to be mended",
        help_text="It is mailed to who edited the issue last and to who edits this newsletter, and stands on the "
        "issue until it is handed in again.",
        error_messages={"required": "Say what is to be mended: whoever does it wants to know."},
    )


class SeenForm(QuestionForm):
    """What the issue said when the question was asked."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class WhenForm(QuestionForm):
    """When to send, in the newsletter's own zone.

    `seen` is where the issue stood when the question was asked, and `twice` the two moments that one time may mean.
    """

    at = forms.CharField(
        required=False,
        max_length=40,
        label="Send at",
        widget=forms.TextInput({**INPUT, "type": "datetime-local", "autocomplete": "off"}),
    )
    local_time = forms.BooleanField(required=False, label="At each reader's local time")
    which = forms.ChoiceField(required=False, choices=(("0", "first"), ("1", "second")))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone_of(self.issue)
        self.twice: Sequence[datetime] = ()
        if self.issue.variants:
            del self.fields["local_time"]  # its readers get their variants at the same time
        self.fields["at"].help_text = f"In the time zone {self.zone}. Left empty: the due date."

    @staticmethod
    def standing(issue: Issue) -> str:
        """Where an issue stands, for `seen`."""
        return f"{issue.status} {issue.send_at.isoformat() if issue.send_at else ''} {issue.local_time}"

    @classmethod
    def starting(cls, issue: Issue) -> dict[str, Any]:
        """What the form holds at first: when it is scheduled for, else when it is due, if that is still to come."""
        now = timezone.now()
        at = next((one for one in (issue.send_at, issue.due_at) if one and one > now), next_hour(zone_of(issue)))
        local = at.astimezone(zone_of(issue)).strftime(LOCAL)
        return {"at": local, "local_time": _usual(issue), "seen": cls.standing(issue)}

    def clean_which(self) -> int | None:
        """Which of two moments."""
        chosen = self.cleaned_data.get("which")
        return int(chosen) if chosen else None

    def clean(self) -> dict[str, Any]:
        """Say which moment is meant; refuse what has gone by: a wrong year must not mail everybody at once."""
        cleaned = super().clean() or {}
        try:
            cleaned["at"] = self._moment(cleaned.get("at", ""), cleaned.get("which"))
        except ValueError as error:
            self.add_error("at", f"{error}.")
            return cleaned
        if cleaned["at"] <= timezone.now():
            passed = f"{said(cleaned['at'], self.zone)} has passed."
            self.add_error("at", f"{passed} Give a later time; to send at once there is “Send now”.")
        return cleaned

    def _moment(self, text: str, which: int | None) -> datetime:
        if not text:
            return self.issue.due_at
        try:
            local = moments.read(text)
        except ValueError:
            raise ValueError("Enter a valid date/time, such as 2026-12-24 18:00") from None
        try:
            return moments.settle(local, self.zone)
        except moments.TwiceThatHour as error:
            self.twice = error.both
            return moments.settle(local, self.zone, which)
