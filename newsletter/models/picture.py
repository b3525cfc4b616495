"""Picture: an image that an editor has uploaded, as mails and pages show it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Picture(models.Model):
    """An uploaded image. It never changes: another image has another name.

    Its bytes are in the database, so that every machine has them, and a copy of the database is a copy of everything.
    """

    digest = models.CharField(max_length=32, unique=True, help_text="The beginning of SHA-256 of its bytes, in hex.")
    kind = models.CharField(max_length=4, help_text="As its name ends: png, jpg or gif.")
    width = models.PositiveIntegerField(help_text="In pixels.")
    height = models.PositiveIntegerField(help_text="In pixels.")
    data = models.BinaryField()
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.digest}.{self.kind}"
