"""Triage: what editors have decided about a post for one newsletter, and the log of who decided it, when and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Coalesce

from newsletter.models.post import Post


class Standing(models.TextChoices):
    """How a post stands with the editors. There is one at a time, so that none is both wanted and refused."""

    OPEN = "", "undecided"
    STARRED = "starred"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Told:
    """What became of one press: the posts that it changed, and those that somebody else had decided about meanwhile.

    `act` names the press in the log, for its undoing; None where it changed nothing.
    """

    act: UUID | None = None
    changed: list[int] = field(default_factory=list)
    others: list[Triage] = field(default_factory=list)


class Triage(models.Model):
    """A post as it stands for one newsletter. Without a row nobody has looked at it."""

    newsletter = models.SlugField(max_length=63, db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="triages")
    standing = models.CharField(max_length=8, choices=Standing, blank=True, default=Standing.OPEN)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True, help_text="When the verdict was given.")
    read_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(
        null=True, blank=True, help_text="When an editor brought it in for this newsletter."
    )

    class Meta:
        verbose_name_plural = "triage"
        constraints = (models.UniqueConstraint(fields=("newsletter", "post"), name="one_triage_per_newsletter"),)
        indexes = (models.Index(fields=("newsletter", "standing", "at"), name="triage_standing"),)

    def __str__(self) -> str:
        return f"{self.post} for {self.newsletter}: {self.get_standing_display()}"

    @classmethod
    def of(cls, newsletter: str, posts: Collection[int]) -> dict[int, Triage]:
        """What stands about these posts, by post."""
        found = cls.objects.filter(newsletter=newsletter, post__in=posts).select_related("by")
        return {one.post_id: one for one in found}

    @classmethod
    def decide(
        cls, newsletter: str, seen: Mapping[int, str], standing: str, now: datetime, by: Any = None, reason: str = ""
    ) -> Told:
        """Give a verdict on posts that stood, when somebody looked, as `seen` says; whoever came between is not undone.

        A verdict that stands already is left as it is, with who gave it first.
        """
        with transaction.atomic():
            rows = cls._held(newsletter, seen)
            mine = [row for row in rows if row.standing == seen[row.post_id] and row.standing != standing]
            others = [row for row in rows if row.standing not in (seen[row.post_id], standing)]
            act = uuid4() if mine else None
            if act:
                _keep(act, mine, standing, now, by, reason)
                read = Coalesce("read_at", models.Value(now, output_field=models.DateTimeField()))
                numbers = [row.pk for row in mine]
                cls.objects.filter(pk__in=numbers).update(standing=standing, reason=reason, by=by, at=now, read_at=read)
            return Told(act, [row.post_id for row in mine], others)

    @classmethod
    def undo(cls, newsletter: str, act: UUID, now: datetime, by: Any = None) -> Told:
        """Take one press back, wherever nobody has decided since; what was taken back stands as it did before it."""
        with transaction.atomic():
            done, rows = cls._of_act(newsletter, act)
            mine = [row for row in rows if _stands(row, done[row.post_id])]
            back = uuid4()
            for row in mine:
                before = done[row.post_id]
                Decision.objects.create(
                    act=back, newsletter=newsletter, post_id=row.post_id, was=row.standing, became=before.was, by=by,
                    at=now, reason="undone",
                )  # fmt: skip
                row.standing, row.reason = before.was, before.was_reason
                row.by_id, row.at = before.was_by_id, before.was_at
                row.read_at = None if row.read_at == before.at else row.read_at
            Triage.objects.bulk_update(mine, ["standing", "reason", "by", "at", "read_at"])
            told = {row.post_id for row in mine}
            others = [row for row in rows if row.post_id not in told and row.standing != done[row.post_id].was]
            return Told(back if mine else None, sorted(told), others)

    @classmethod
    def explain(cls, newsletter: str, act: UUID, reason: str) -> Told:
        """Say afterwards why one press was made: in the log, and wherever its verdict still stands."""
        with transaction.atomic():
            done, rows = cls._of_act(newsletter, act)
            mine = [row for row in rows if _stands(row, done[row.post_id])]
            Decision.objects.filter(pk__in=[done[row.post_id].pk for row in mine]).update(reason=reason)
            cls.objects.filter(pk__in=[row.pk for row in mine]).update(reason=reason)
            return Told(act, [row.post_id for row in mine])

    @classmethod
    def read(cls, newsletter: str, posts: Collection[int], now: datetime | None) -> list[int]:
        """Mark posts as read, or with None as unread; return those of which it was not so."""
        with transaction.atomic():
            rows = [row for row in cls._held(newsletter, posts) if (row.read_at is None) != (now is None)]
            cls.objects.filter(pk__in=[row.pk for row in rows]).update(read_at=now)
            return [row.post_id for row in rows]

    @classmethod
    def add(cls, newsletter: str, post: Post, now: datetime, by: Any = None, reason: str = "") -> Told:
        """Bring a post in for this newsletter, and star it: whoever brings it in wants it."""
        with transaction.atomic():
            (row,) = cls._held(newsletter, [post.pk])
            cls.objects.filter(pk=row.pk, added_at=None).update(added_at=now)
            return cls.decide(newsletter, {post.pk: row.standing}, Standing.STARRED, now, by, reason)

    @classmethod
    def _of_act(cls, newsletter: str, act: UUID) -> tuple[dict[int, Decision], list[Triage]]:
        """What one press has done, by post, and what stands about those posts now."""
        done = {one.post_id: one for one in Decision.objects.filter(newsletter=newsletter, act=act)}
        return done, cls._held(newsletter, done)

    @classmethod
    def _held(cls, newsletter: str, posts: Collection[int]) -> list[Triage]:
        """The rows of these posts, made where there are none, and nobody else's to change until this is done."""
        wanted = sorted(Post.objects.filter(pk__in=posts).values_list("pk", flat=True))
        # In the order of their numbers, so that two editors cannot wait for each other.
        made = [Triage(newsletter=newsletter, post_id=pk) for pk in wanted]
        Triage.objects.bulk_create(made, ignore_conflicts=True)
        rows = cls.objects.select_for_update(of=("self",)).filter(newsletter=newsletter, post__in=wanted)
        return list(rows.order_by("post_id"))


class Decision(models.Model):
    """A line of the log: a verdict on one post, what stood before, who gave it, when and why.

    All that one press has changed bears the same `act`.
    """

    act = models.UUIDField(db_index=True)
    newsletter = models.SlugField(max_length=63, db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="decisions")
    was = models.CharField(max_length=8, choices=Standing, blank=True, default=Standing.OPEN)
    was_reason = models.TextField(blank=True)
    was_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    was_at = models.DateTimeField(null=True, blank=True)
    became = models.CharField(max_length=8, choices=Standing, blank=True, default=Standing.OPEN)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.post} for {self.newsletter}: {self.get_became_display()}"

    @classmethod
    def about(cls, newsletter: str, post: Post) -> models.QuerySet[Decision]:
        """What was decided about a post, latest first."""
        return cls.objects.filter(newsletter=newsletter, post=post).select_related("by")


def _stands(row: Triage, done: Decision) -> bool:
    """Whether nobody has decided about a post since."""
    return (row.standing, row.at) == (done.became, done.at)


def _keep(act: UUID, rows: Collection[Triage], standing: str, now: datetime, by: Any, reason: str) -> None:
    Decision.objects.bulk_create(
        Decision(
            act=act, newsletter=row.newsletter, post_id=row.post_id, was=row.standing, was_reason=row.reason,
            was_by_id=row.by_id, was_at=row.at, became=standing, reason=reason, by=by, at=now,
        )
        for row in rows
    )  # fmt: skip
