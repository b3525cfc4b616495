"""Bulk: something done to many people at once, in steps that any process can go on with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from subscribers.models.lists import List
from subscribers.models.people import Tag


class Bulk(models.Model):
    """One act: what, to whom, and how far it has come. Each step is one transaction that also moves `cursor` on."""

    class Kind(models.TextChoices):
        """What is done."""

        ADD = "add", "add to a list"
        REMOVE = "remove", "remove from a list"
        TAG = "tag", "add a tag"
        UNTAG = "untag", "remove a tag"
        SUPPRESS = "suppress"
        LIFT = "lift", "lift suppressions"
        DELETE = "delete", "delete a list"

    class Status(models.TextChoices):
        """Where it stands."""

        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"

    UNDONE_BY = {Kind.TAG: Kind.UNTAG, Kind.UNTAG: Kind.TAG, Kind.SUPPRESS: Kind.LIFT, Kind.REMOVE: Kind.ADD}

    kind = models.CharField(max_length=8, choices=Kind)
    wanted = models.JSONField(default=dict, help_text="Who: see `subscribers.wanted`.")
    list = models.ForeignKey(List, models.SET_NULL, null=True, blank=True, related_name="+")
    tag = models.ForeignKey(Tag, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True, help_text="Why; of an addition, how these people agreed.")
    restore = models.CharField(
        max_length=300,
        blank=True,
        help_text="Why those are brought in too who unsubscribed, are suppressed or never confirmed.",
    )
    by = models.CharField(max_length=150, blank=True)
    undoes = models.OneToOneField("self", models.CASCADE, null=True, blank=True, related_name="undone_by")
    status = models.CharField(max_length=9, choices=Status, default=Status.RUNNING)
    total = models.BigIntegerField(default=0, help_text="People who matched when it began.")
    first = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="How many people came to what.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = "bulk change"
        indexes = (models.Index(fields=("status",), name="bulk_open", condition=Q(status="running")),)

    def __str__(self) -> str:
        if self.kind == self.Kind.DELETE:
            return f"delete the list {self.wanted.get('list', '')}"
        what = {"list": self.list, "tag": self.tag}.get("tag" if self.kind in ("tag", "untag") else "list")
        return f"{self.get_kind_display()}{f' {what.name}' if what else ''}"

    @property
    def percent(self) -> int:
        """How much of it has been gone through."""
        if self.status != self.Status.RUNNING:
            return 100
        if self.kind == self.Kind.DELETE:
            return round(100 * int(self.counts.get("changed", 0)) / max(1, self.total))
        return round(100 * (self.cursor - self.first + 1) / max(1, self.last - self.first + 1))


class Touched(models.Model):
    """That an act changed something for a person, and what it was before, so that it can be undone for a while.

    The person is a number alone: whoever is erased meanwhile leaves nothing else here.
    """

    act = models.ForeignKey(Bulk, models.CASCADE, related_name="touched", db_index=False)
    person = models.BigIntegerField()
    was = models.CharField(max_length=12, blank=True, default="", db_default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("act", "person"), name="touched_once"),)

    def __str__(self) -> str:
        return f"{self.person} by {self.act_id}"
