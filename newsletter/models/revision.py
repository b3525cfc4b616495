"""Revision: what an issue said after each edit; SetAside: what was taken out of it, and can be put back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

from newsletter.models.issue import Issue
from newsletter.models.own_block import Piece, arranged, keep_order, pieces
from newsletter.models.states import State, changes, made_anew, put_on, title_of, told

ONE_EDIT = timedelta(minutes=5)
"""What one person types into one form within so long is one revision."""
MOST = 200
"""Revisions of an issue that are kept: the first, and the latest of the others."""
ELSEWHERE = "Changed elsewhere, as by collecting or loading new posts"


class Revision(models.Model):
    """An issue as it was after an edit, with who made it, when, and what changed."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(help_text="The issue's version that this is.")
    at = models.DateTimeField()
    begun_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    about = models.CharField(max_length=60, blank=True, help_text="The form that it was typed into.")
    what = models.TextField(help_text="What changed, one line a change.")
    state = models.JSONField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("issue", "number"), name="one_revision_per_version"),)

    def __str__(self) -> str:
        return f"{self.issue}, revision {self.number}"

    @classmethod
    def keep(
        cls, issue: Issue, before: State, after: State, by: Any, now: datetime, about: str = "", saying: str = ""
    ) -> Revision:
        """Keep what an edit has made of the issue, whose row is locked; its version goes up by one, or by two.

        An edit that goes on where the same person stopped a moment ago takes the place of the one before.
        """
        last: Revision | None = cls.objects.filter(issue=issue).first()
        if last is None:
            last = cls._new(issue, issue.version, before, None, issue.created_at, "As it was drawn up")
        elif last.state != before:
            last = cls._new(
                issue, issue.version + 1, before, None, now, "\n".join([ELSEWHERE, *changes(last.state, before)])
            )
            issue.version += 1
        issue.version += 1
        Issue.objects.filter(pk=issue.pk).update(version=issue.version)
        if about and last.about == about and last.by_id == getattr(by, "pk", None) and now - last.begun_at < ONE_EDIT:
            earlier = cls.objects.filter(issue=issue, number__lt=last.number).first()
            lines = changes(earlier.state if earlier else before, after)
            last.number, last.at, last.state, last.what = issue.version, now, after, "\n".join(lines)
            last.save(update_fields=("number", "at", "state", "what"))
            return last
        what = "\n".join(filter(None, [saying, *changes(before, after)]))
        made = cls._new(issue, issue.version, after, by, now, what, about)
        cls._tidy(issue)
        return made

    @classmethod
    def _new(
        cls, issue: Issue, number: int, state: State, by: Any, at: datetime, what: str, about: str = ""
    ) -> Revision:
        return cls.objects.create(
            issue=issue, number=number, at=at, begun_at=at, by=by, about=about, what=what, state=state
        )

    @classmethod
    def _tidy(cls, issue: Issue) -> None:
        mine = cls.objects.filter(issue=issue)
        first = mine.order_by("number").values_list("pk", flat=True)[:1]
        late = mine.order_by("-number").values_list("pk", flat=True)[: MOST - 1]
        old = mine.exclude(pk__in=list(first)).exclude(pk__in=list(late))
        old.delete()

    @property
    def lines(self) -> list[str]:
        """What changed, line by line."""
        return self.what.split("\n")


class SetAside(models.Model):
    """A story or a block that was taken out of an issue, as it was."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="set_aside")
    key = models.CharField(max_length=60, help_text="The post, or the block, that it is.")
    kept = models.JSONField()
    position = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "set aside"
        ordering = ("-at", "-pk")
        constraints = (models.UniqueConstraint(fields=("issue", "key"), name="set_aside_once"),)

    def __str__(self) -> str:
        return title_of(self.kept)

    @classmethod
    def take(cls, piece: Piece, by: Any, now: datetime) -> SetAside:
        """Take a piece out of its issue, and keep what it was."""
        kept = told(piece)
        row, _ = cls.objects.update_or_create(
            issue_id=piece.issue_id, key=kept["key"],
            defaults={"kept": kept, "position": piece.position, "at": now, "by": by},
        )  # fmt: skip
        piece.delete()
        return row

    @classmethod
    def offered(cls, issue: Issue) -> list[SetAside]:
        """What can be put back into an issue, the latest first."""
        there = {told(one)["key"] for one in pieces(issue)}
        return [one for one in cls.objects.filter(issue=issue).select_related("by") if one.key not in there]

    def put_back(self) -> Piece | None:
        """Put it back where it was; None if its post is gone, or somebody has put it back otherwise."""
        order = pieces(self.issue)
        there = {told(one)["key"] for one in order}
        piece = None if self.key in there else made_anew(self.issue, self.kept)
        if piece is not None:
            put_on(piece, self.kept)
            after = [one for one in order if one.position >= self.position]
            keep_order(arranged([*order[: len(order) - len(after)], piece, *after]))
        if piece is not None or self.key in there:
            self.delete()
        return piece
