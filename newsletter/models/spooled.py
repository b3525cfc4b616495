"""Spooled: how far a file of hits has come into the database, kept with the events themselves."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Spooled(models.Model):
    """A file under `site.var`, on whichever machine, of which the database has the beginning."""

    name = models.CharField(max_length=60, primary_key=True, help_text="The file's name, which no other file has.")
    offset = models.BigIntegerField(default=0, help_text="Bytes of it that have been brought in.")
    done_at = models.DateTimeField(null=True, blank=True, help_text="When the last of it was; it may be deleted.")

    def __str__(self) -> str:
        return f"{self.name} up to {self.offset}"

    @classmethod
    def reached(cls, name: str) -> int | None:
        """How far a file has come; None if all of it has."""
        row = cls.objects.get_or_create(name=name)[0]
        return row.offset if row.done_at is None else None

    @classmethod
    def advance(cls, name: str, start: int, end: int) -> bool:
        """Move on from where we believe it to stand; say whether it stood there, and so whether this is ours to do.

        In the transaction of what was read: the row is locked until that is there, or none of it is.
        """
        return cls.objects.filter(name=name, offset=start, done_at=None).update(offset=end) == 1

    @classmethod
    def finish(cls, name: str, now: datetime) -> None:
        """All of it is here, and nobody writes to it any more."""
        cls.objects.filter(name=name).update(done_at=now)

    @classmethod
    def forget(cls, before: datetime) -> None:
        """Drop what is left of files that were finished long ago, by processes that died before they could do it."""
        cls.objects.filter(done_at__lt=before).delete()
