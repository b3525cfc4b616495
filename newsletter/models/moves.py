"""What follows when an issue moves from one status to another: a line in the log, and news for staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import ADDITION
from django.utils import timezone

from newsletter.models import deeds
from newsletter.models.errand import Errand

if TYPE_CHECKING:
    from newsletter.models.issue import Issue

TOLD = ("status", "send_at", "local_time", "reason")
"""What the log says of a move."""
NEWS = {
    ("draft", "in_review"): "ready",
    ("approved", "in_review"): "voided",
    ("scheduled", "in_review"): "voided",
    ("sending", "paused"): "paused",
    ("paused", "sending"): "resumed",
    ("sending", "sent"): "sent",
}
"""What staff are told of, by where an issue was and where it is; beside that, whenever one is cancelled."""


def write_down(issue: Issue, before: dict[str, Any]) -> None:
    """Note what it was and is, and by whom, and have staff told if this is something to be told of."""
    deeds.note(issue, _values(before, {name: getattr(issue, name) for name in TOLD}))
    news = "cancelled" if issue.status == "cancelled" else NEWS.get((before["status"], issue.status))
    # What stopped itself is an alarm, and told by that.
    if not news or issue.halted_at:
        return
    by = deeds.person()
    facts = {
        "issue": issue.pk, "news": news, "by": by.get_full_name() or by.get_username() if by else "",
        "reason": issue.reason if issue.status in ("paused", "cancelled") else "", "not_to": by.email if by else "",
    }  # fmt: skip
    Errand.leave(Errand.Kind.NEWS, facts, timezone.now())


def drawn_up(issue: Issue) -> None:
    """Note that there is an issue now, and where it stands."""
    deeds.note(issue, [("status", "", _word(issue.status)), ("reason", "", issue.reason)], flag=ADDITION)


def _values(before: dict[str, Any], after: dict[str, Any]) -> deeds.Values:
    yield "status", _word(before["status"]), _word(after["status"])
    if after["status"] == "scheduled":
        yield "time of sending", _utc(before["send_at"]), _utc(after["send_at"])
        yield "at the readers' local time", _yes(before["local_time"]), _yes(after["local_time"])
    if after["reason"]:
        yield "reason", before["reason"], after["reason"]


def _utc(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _word(status: str) -> str:
    return status.replace("_", " ")
