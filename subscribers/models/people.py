"""Subscriber: a person, and what is known of them: typed custom fields and tags."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from subscribers.models.suppression import Suppression


class Subscriber(models.Model):
    """A person, known by one email address."""

    class Status(models.TextChoices):
        """Whether there is any sign of life. An address that must not be written to is a Suppression."""

        ACTIVE = "active"
        ASKED = "asked", "asked whether to stay"
        DORMANT = "dormant"

    class Flag(models.TextChoices):
        """What kind of address it is, if not one person's own."""

        NONE = "", "none"
        ROLE = "role", "role address"
        DISPOSABLE = "disposable"

    email = models.CharField(max_length=320, help_text="As typed.")
    key = models.CharField(max_length=320, editable=False)
    domain = models.CharField(max_length=255, default="", db_default="", editable=False)
    name = models.CharField(max_length=200, blank=True, default="", db_default="")
    fields = models.JSONField(
        default=dict, blank=True, help_text="Custom fields, each under its name; typed as its Field says."
    )
    language = models.CharField(max_length=35, blank=True, default="", db_default="")
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE, db_default=Status.ACTIVE)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When we asked whether they want to stay.")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Nothing is sent before then.")
    flag = models.CharField(max_length=10, choices=Flag, blank=True, default=Flag.NONE, db_default="")
    opened_at = models.DateTimeField(null=True, blank=True, help_text="The last time an issue was opened.")
    clicked_at = models.DateTimeField(null=True, blank=True, help_text="The last time a link was followed.")
    untracked = models.BooleanField(
        default=False, db_default=False, help_text="What they open and follow is not to be known of them."
    )
    import_number = models.BigIntegerField(null=True, editable=False, help_text="The import that made this person.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (
            # Compared byte by byte, one index tells both whole addresses and how they begin; `unique=True` makes two.
            models.UniqueConstraint(fields=("key",), name="one_person_per_address", opclasses=("varchar_pattern_ops",)),
        )
        indexes = (
            models.Index(fields=("domain",), name="subscriber_domain"),
            # These hold only the people of whom there is something to hold; an import brings none.
            models.Index(fields=("opened_at",), name="subscriber_opened", condition=Q(opened_at__isnull=False)),
            models.Index(fields=("clicked_at",), name="subscriber_clicked", condition=Q(clicked_at__isnull=False)),
            models.Index(fields=("status",), name="subscriber_status", condition=~Q(status="active")),
            models.Index(fields=("paused_until",), name="subscriber_paused", condition=Q(paused_until__isnull=False)),
            models.Index(fields=("flag",), name="subscriber_flag", condition=~Q(flag="")),
        )

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email

    @classmethod
    def locked(cls, numbers: Iterable[int]) -> list[int]:
        """Lock these people until the transaction ends; return who of them is there.

        To be asked before anybody is looked at to be deleted: an issue's audience may just be being written of them.
        """
        return list(cls.objects.select_for_update().filter(pk__in=numbers).order_by("pk").values_list("pk", flat=True))

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the domain beside the key that it is part of."""
        self.domain = self.key.rpartition("@")[2]
        if kwargs.get("update_fields") is None:
            # Whoever was erased with a complaint or a bounce, and is here again, is still known by it.
            Suppression.know_again(self.key)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Tag(models.Model):
    """A word that staff put to people, to find and address them by."""

    name = models.SlugField(max_length=63, unique=True)
    title = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    people = models.ManyToManyField(Subscriber, through="Tagging", related_name="tags")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name


class Tagging(models.Model):
    """That a person has a tag."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings", db_index=False)
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="taggings")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tag", "subscriber"), name="one_tagging_per_person"),)

    def __str__(self) -> str:
        return f"{self.tag} of {self.subscriber}"


class Field(models.Model):
    """A custom field of people: its name and the kind of its values."""

    class Kind(models.TextChoices):
        """What its values are. See `subscribers.fields` for how each is kept."""

        TEXT = "text"
        NUMBER = "number"
        DATE = "date"
        YES_NO = "yes_no", "yes or no"

    name = models.SlugField(max_length=63, unique=True, help_text="As mails and segments call it: reader.fields.NAME.")
    title = models.CharField(max_length=200, blank=True, help_text="What staff read; the name if empty.")
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.TEXT)
    description = models.CharField(max_length=500, blank=True)
    becoming = models.CharField(
        max_length=7, blank=True, default="", db_default="", editable=False,
        help_text="The kind that its values are being changed to, or “removed”.",
    )  # fmt: skip
    reached = models.BigIntegerField(default=0, db_default=0, editable=False, help_text="The last person seen to.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name
