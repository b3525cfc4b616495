"""Import: a file of people on its way in, kept in the database so that any machine can go on with it."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import Q

from subscribers.models.lists import List


class Import(models.Model):
    """One file, what to make of it, and how far it has come."""

    class Kind(models.TextChoices):
        """What the file holds."""

        PEOPLE = "people"
        SUPPRESSIONS = "suppressions", "addresses not to write to"

    class Status(models.TextChoices):
        """Where it stands. Only one that is running, or being undone, is worked on; whoever does so holds its claim."""

        UPLOADED = "uploaded", "waiting for you to look it over"
        READY = "ready", "waiting for its turn"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone"

    class Merge(models.TextChoices):
        """What becomes of what is known already."""

        KEEP = "keep", "keep what is known"
        FILL = "fill", "fill in what is blank"
        OVERWRITE = "overwrite", "overwrite with the file's values; a blank cell changes nothing"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PEOPLE)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0, help_text="Bytes.")
    format = models.CharField(max_length=30, blank=True, help_text="What the file was recognised as.")
    list = models.ForeignKey(List, models.SET_NULL, null=True, blank=True, related_name="+")
    list_name = models.CharField(
        max_length=63, blank=True, default="", db_default="", editable=False, help_text="Once the list is deleted."
    )
    layout = models.JSONField(default=dict, editable=False, help_text="How to read it; see `subscribers.importing`.")
    mapping = models.JSONField(default=dict, help_text="What each column is; see `subscribers.importing`.")
    tags = models.JSONField(default=builtins.list, blank=True, help_text="Names of tags that all of them get.")
    merge = models.CharField(max_length=9, choices=Merge, default=Merge.FILL)
    basis = models.CharField(
        max_length=300, blank=True, help_text="How these people agreed to be written to; kept with each of them."
    )
    restore = models.CharField(
        max_length=300, blank=True,
        help_text="Why people who unsubscribed, or are suppressed, are brought back all the same; empty: they are not.",
    )  # fmt: skip
    dry_run = models.BooleanField(default=False, help_text="Look at every row, and change nothing.")
    source = models.CharField(max_length=12, default="import")
    by = models.CharField(max_length=150, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.UPLOADED)
    reason = models.TextField(blank=True, help_text="Why it failed.")
    rows_total = models.BigIntegerField(null=True, help_text="Rows in the file, where that is known.")
    rows_done = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="How many rows came to what.")
    undoing = models.JSONField(default=dict, editable=False, help_text="Who asked for the undoing, and its counts.")
    undone_to = models.BigIntegerField(
        default=0, db_default=0, editable=False, help_text="The last subscription seen to."
    )
    claim = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(
                fields=("status",), name="import_open", condition=Q(status__in=("ready", "running", "undoing"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_name} (import {self.pk})"


class Upload(models.Model):
    """A piece of a file that is being imported; dropped once it has served."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("of", "number"), name="one_piece_per_number"),)

    def __str__(self) -> str:
        return f"piece {self.number} of {self.of_id}"


class Seen(models.Model):
    """That an import has met an address which it did not have to bring in: so it knows one that stands there twice."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="+", db_index=False)
    mark = models.BigIntegerField(help_text="The first 60 bits of the address's SHA-256.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("of", "mark"), name="one_mark_per_address"),)

    def __str__(self) -> str:
        return f"{self.mark:x} of {self.of_id}"


class Refusal(models.Model):
    """A row that was not taken, with its reason."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="refusals", db_index=False)
    line = models.BigIntegerField(help_text="Line in the file; the first is 1.")
    text = models.CharField(max_length=330, blank=True, help_text="The address as it stands there.")
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ("of", "line")
        indexes = (models.Index(fields=("of", "line"), name="refusal_of_import"),)

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
