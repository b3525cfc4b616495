"""Consent: every change to whether somebody may be written to, with who, when, how, and the words they were shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Q

from subscribers.models.lists import List
from subscribers.models.people import Subscriber


class Origin(models.TextChoices):
    """By which way a change came."""

    PAGE = "page", "subscribe page"
    EMBED = "embed", "form on another site"
    API = "api", "API"
    MAIL = "mail", "link in a mail"
    ONE_CLICK = "one_click", "one click in the mail program"
    PREFERENCES = "preferences", "preferences page"
    IMPORT = "import"
    SEED = "seed", "seed file"
    DESK = "desk"
    COMMAND = "command", "command line"
    PROVIDER = "provider", "mail provider"
    RULE = "rule", "rule of the house"
    OTHER = "other"


class Wording(models.Model):
    """A text that people agreed to, kept once; its number is its version."""

    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the text.")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"version {self.pk}"

    @classmethod
    def keep(cls, text: str) -> Wording:
        """The row of this text, made at its first use."""
        return cls.objects.get_or_create(digest=hashlib.sha256(text.encode()).hexdigest(), defaults={"text": text})[0]


@dataclass(frozen=True)
class Occasion:
    """The circumstances of a change: the moment, the way, in words, and who was there.

    `by` is a member of staff, empty for the person themselves; `network` an address without its last part; `form` the
    page or form; `wording` what it said; `issue` the issue whose mail led there.
    """

    at: datetime
    source: Origin
    how: str
    by: str = ""
    network: str = ""
    form: str = ""
    wording: Wording | None = None
    issue: str = ""


class Consent(models.Model):
    """One change, as it happened. Rows are added, never changed, but for the name that an erasure takes out."""

    class Action(models.TextChoices):
        """The closed vocabulary of what can happen."""

        ASKED = "asked", "asked to join"
        CONFIRMED = "confirmed", "confirmed by mail"
        JOINED = "joined", "joined at once"
        IMPORTED = "imported"
        ADDED = "added", "added by staff"
        RETURNED = "returned", "came back"
        RESTORED = "restored", "brought back by staff"
        LEFT = "left", "unsubscribed"
        REMOVED = "removed", "removed by staff"
        EXPIRED = "expired", "never confirmed"
        CHOSE = "chose", "changed preferences"
        PAUSED = "paused"
        RESUMED = "resumed"
        SUPPRESSED = "suppressed"
        RELEASED = "released", "suppression lifted"
        ASKED_TO_STAY = "win_back", "asked whether to stay"
        STAYED = "stayed"
        STOPPED = "stopped", "no sign of life"
        EXPORTED = "exported", "got their data"
        ERASED = "erased"

    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, blank=True, related_name="consents")
    hash = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="SHA-256 of the address, once it is erased."
    )
    list = models.ForeignKey(
        List, models.SET_NULL, null=True, blank=True, related_name="consents", db_index=False, db_constraint=False
    )
    list_name = models.CharField(max_length=63, blank=True, default="", db_default="")
    action = models.CharField(max_length=10, choices=Action)
    at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=Origin, default=Origin.OTHER)
    by = models.CharField(max_length=150, blank=True, default="", db_default="", help_text="Staff; empty: the person.")
    network = models.CharField(max_length=45, blank=True, default="", db_default="", help_text="Address, truncated.")
    form = models.CharField(max_length=200, blank=True, default="", db_default="")
    wording = models.ForeignKey(Wording, models.PROTECT, null=True, blank=True, related_name="consents", db_index=False)
    issue = models.CharField(max_length=130, blank=True, default="", db_default="")
    note = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=("list", "subscriber"), name="consent_list"),
            models.Index(fields=("hash",), name="consent_hash", condition=~Q(hash="")),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.list_name}".strip()

    @property
    def who(self) -> str:
        """Staff by name, the person, or, where neither was there, the way it came by."""
        unattended = (Origin.IMPORT, Origin.SEED, Origin.COMMAND, Origin.PROVIDER, Origin.RULE)
        return self.by or (self.get_source_display().lower() if self.source in unattended else "the person")

    @classmethod
    def note_all(
        cls, action: str, occasion: Occasion, people: Iterable[int], wanted: List | None = None, note: str = ""
    ) -> None:
        """Write the change down for each of these people."""
        rows = (cls._of(action, occasion, person, wanted, note) for person in people)
        Consent.objects.bulk_create(rows, batch_size=1000)

    @classmethod
    def note_each(cls, action: str, people: Iterable[tuple[Occasion, int]]) -> None:
        """Write the change down for people, each of whom has an occasion of their own."""
        Consent.objects.bulk_create((cls._of(action, occasion, person) for occasion, person in people), batch_size=1000)

    @classmethod
    def _of(
        cls, action: str, occasion: Occasion, person: int, wanted: List | None = None, note: str = ""
    ) -> Consent:  # fmt: skip
        return cls(
            subscriber_id=person, list=wanted, list_name=wanted.name if wanted else "", action=action,
            at=occasion.at, source=occasion.source, by=occasion.by[:150], network=occasion.network,
            form=occasion.form[:200], wording=occasion.wording, issue=occasion.issue,
            note=(note or occasion.how)[:300],
        )  # fmt: skip
