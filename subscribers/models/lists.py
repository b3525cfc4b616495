"""List: a group of people who asked for the same thing."""

from __future__ import annotations

from django.db import models


class Lists(models.Manager["List"]):
    """Those that are there for anybody: one that is being deleted is not."""

    def get_queryset(self) -> models.QuerySet[List]:
        """All but those."""
        return super().get_queryset().filter(going=False)


class List(models.Model):
    """A group of people who asked for the same thing."""

    class OptIn(models.TextChoices):
        """What it takes to be on the list."""

        DOUBLE = "double", "double: by a button in a mail"
        SINGLE = "single", "single: at once"

    name = models.SlugField(max_length=63, unique=True, help_text="As config.yaml calls it.")
    title = models.CharField(max_length=200, blank=True, help_text="What readers call it; the name if empty.")
    description = models.TextField(
        blank=True, max_length=2000, help_text="Told on the page where people subscribe: what comes, and how often."
    )
    public = models.BooleanField(
        default=True, help_text="Anybody may subscribe on its own page. To a private list staff add people."
    )
    opt_in = models.CharField(
        max_length=6, choices=OptIn, default=OptIn.DOUBLE,
        help_text="Double opt-in proves that the owner of the address asked for it, and keeps others from doing so.",
    )  # fmt: skip
    language = models.CharField(
        max_length=35, blank=True, help_text="Of its page and mails, such as “de”; the newsletter's if empty."
    )
    tags = models.JSONField(default=list, blank=True, help_text="Words to find and sort lists by, for staff alone.")
    going = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Whether it is being deleted; see `deleting`."
    )
    seeded_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = Lists()
    everywhere = models.Manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name
