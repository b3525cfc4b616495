"""Editing an issue: one edit at a time, kept as a revision, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction

from newsletter.models.issue import Issue, TransitionRefused
from newsletter.models.revision import Revision
from newsletter.models.states import state_of

PRESENT = timedelta(seconds=50)
"""Who was heard of for so long has the issue open. A page tells every twenty seconds."""
FORGOTTEN = timedelta(hours=1)


class Opened(models.Model):
    """That a member of staff has an issue open in the editor; it lapses by itself."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "opened"
        constraints = (models.UniqueConstraint(fields=("issue", "user"), name="opened_once"),)

    def __str__(self) -> str:
        return f"{self.issue} by {self.user}"

    @classmethod
    def beat(cls, issue: Issue, user: Any, now: datetime) -> None:
        """Note that somebody has it open; what lapsed long ago is dropped."""
        cls.objects.filter(at__lt=now - FORGOTTEN).delete()
        cls.objects.update_or_create(issue=issue, user=user, defaults={"at": now})

    @classmethod
    def others(cls, issue: Issue, user: Any, now: datetime) -> list[str]:
        """Who else has it open, by name."""
        rows = cls.objects.filter(issue=issue, at__gt=now - PRESENT).exclude(user=user).select_related("user")
        return [row.user.get_full_name() or row.user.get_username() for row in rows.order_by("user__username")]


class Stale(ValueError):
    """Somebody else has changed the same words meanwhile; `theirs` and `mine` hold them, field by field."""

    def __init__(self, theirs: dict[str, Any], mine: dict[str, Any]) -> None:
        super().__init__("somebody else has changed this meanwhile")
        self.theirs, self.mine = theirs, mine


@dataclass
class Edit:
    """An edit under way, and once it is over, what it came to."""

    issue: Issue
    saying: str = ""
    changed: bool = False
    voided: bool = False
    lines: list[str] = field(default_factory=list)


@contextmanager
def editing(number: int, by: Any, now: datetime, about: str = "") -> Iterator[Edit]:
    """Change an issue inside: what differs afterwards becomes a revision, and an approval of it is void.

    Edits take turns. Raises TransitionRefused once sending has started.
    """
    with transaction.atomic():
        issue = Issue.objects.select_for_update().get(pk=number)
        if issue.status not in Issue.EDITABLE:
            raise TransitionRefused(f"{issue} is {issue.get_status_display().lower()}, and cannot be edited any more")
        before, edit = state_of(issue), Edit(issue)
        yield edit
        after = state_of(issue)
        if before == after:
            return
        edit.changed = True
        kept = Revision.keep(issue, before, after, by, now, about, edit.saying)
        edit.lines = kept.lines
        status = issue.status
        issue.edited()
        edit.voided = issue.status != status


def seen(value: Any) -> str:
    """What a form bears of a value that it showed, to be compared when it comes back."""
    # Forms send line ends as CR LF, whatever they were given.
    text = str(value).replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def merged(current: Mapping[str, Any], posted: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, Any]:
    """The fields to change, of those that were posted: what the poster changed and nobody else has.

    `shown` holds `seen` of each field as the form showed it. Raises Stale where two have changed one field.
    """
    mine = {name: value for name, value in posted.items() if seen(value) not in (shown.get(name), seen(current[name]))}
    torn = [name for name in mine if seen(current[name]) != shown.get(name)]
    if torn:
        raise Stale({name: current[name] for name in torn}, {name: mine[name] for name in torn})
    return mine
