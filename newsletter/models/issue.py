"""Issue: one edition of a newsletter, from draft to sent, and the items in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet

from newsletter.models import moves
from newsletter.models.deeds import person
from newsletter.models.post import Post, reading_minutes
from subscribers.models import Segment

if TYPE_CHECKING:
    from newsletter.models.edition import Edition


LONGEST_REST = timedelta(hours=2)
"""No transport rests for longer by itself: half an hour after failures, or an hour because a provider says so."""


class TransitionRefused(ValueError):
    """The issue is not in a state that allows this; the message says which states are."""


class Series(models.Model):
    """What is remembered of a newsletter besides its issues."""

    newsletter = models.SlugField(max_length=63, unique=True)
    since = models.DateTimeField(
        help_text="When this newsletter was first seen; earlier due dates are not made up for."
    )

    summed_up = models.DateTimeField(
        null=True, blank=True, help_text="Monthly summaries are made of the months that ended after this moment."
    )

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.newsletter


class Issue(models.Model):
    """One edition of a newsletter, due at one moment."""

    class Status(models.TextChoices):
        """Where the issue stands."""

        DRAFT = "draft"
        IN_REVIEW = "in_review", "in review"
        APPROVED = "approved"
        SCHEDULED = "scheduled"
        SENDING = "sending"
        PAUSED = "paused"
        SENT = "sent"
        SKIPPED = "skipped"
        CANCELLED = "cancelled"

    class Kind(models.TextChoices):
        """What it is made of."""

        REGULAR = "regular"
        SUMMARY = "summary", "monthly summary"

    newsletter = models.SlugField(max_length=63)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.REGULAR, db_default=Kind.REGULAR)
    slug = models.SlugField(max_length=63, help_text="The due date in the newsletter's zone.")
    due_at = models.DateTimeField()
    since_at = models.DateTimeField(null=True, blank=True, help_text="Posts are taken after this moment …")
    cut_off_at = models.DateTimeField(help_text="… and until this one.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    reason = models.TextField(blank=True, help_text="Why it was skipped, paused or cancelled, or cannot go on.")
    subject = models.TextField(
        blank=True, help_text="Left empty, the newsletter's own pattern makes it. It may name {{ reader.first_name }}."
    )
    preheader = models.TextField(blank=True, help_text="Left empty, the newsletter's own pattern makes it.")
    opening = models.TextField(
        blank=True, help_text="A letter above the stories, in Markdown. It may speak to each reader: {{ reader.name }}."
    )
    closing = models.TextField(blank=True, help_text="A word below the stories, in Markdown, likewise.")
    edition = models.ForeignKey(
        "Edition", models.PROTECT, null=True, blank=True, related_name="+", help_text="What was approved, and is sent."
    )
    variants = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True, editable=False,
        help_text="The numbers of the other editions that were approved, by their letters: see Edition.of.",
    )  # fmt: skip
    decided_at = models.DateTimeField(
        null=True, blank=True, editable=False,
        help_text="When it was settled which variant the rest of its readers get, who wait for that.",
    )  # fmt: skip
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+",
        help_text="Who edited it last.",
    )  # fmt: skip
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", help_text="It goes to these people alone."
    )
    left_out = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", help_text="It does not go to these people."
    )
    send_at = models.DateTimeField(null=True, blank=True)
    local_time = models.BooleanField(
        default=False, db_default=False, help_text="Each reader gets it when it is that time of day where they live."
    )
    starts_at = models.DateTimeField(
        null=True, blank=True, editable=False,
        help_text="When it is looked next whether it is that time of day where any of them lives; not before that.",
    )  # fmt: skip
    retry_at = models.DateTimeField(null=True, blank=True, help_text="The transport rests until then.")
    halted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it paused itself; empty where a person did."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=0, db_default=0, editable=False, help_text="Counts its edits.")

    class Meta:
        ordering = ("-due_at", "-pk")
        constraints = (
            # A monthly summary may be due at the very minute of an issue.
            models.UniqueConstraint(fields=("newsletter", "kind", "due_at"), name="one_issue_per_due_date"),
            models.UniqueConstraint(fields=("newsletter", "slug"), name="one_issue_per_slug"),
        )
        indexes = (models.Index(fields=("status", "send_at"), name="issue_to_start"),)
        permissions = (
            ("approve_issue", "Can approve issues"),
            ("send_issue", "Can schedule, send, pause, resume and cancel issues"),
        )

    def __str__(self) -> str:
        return f"{self.newsletter}/{self.slug}"

    # Each stage of the way may be left only for these; anything else is refused.
    FROM = {
        Status.IN_REVIEW: (Status.DRAFT,),
        Status.APPROVED: (Status.DRAFT, Status.IN_REVIEW),
        Status.SCHEDULED: (Status.APPROVED, Status.SCHEDULED),
        Status.SENDING: (Status.SCHEDULED, Status.PAUSED),
        Status.PAUSED: (Status.SENDING,),
        Status.SENT: (Status.SENDING,),
        Status.SKIPPED: (Status.DRAFT,),
        Status.CANCELLED: (
            Status.DRAFT,
            Status.IN_REVIEW,
            Status.APPROVED,
            Status.SCHEDULED,
            Status.SENDING,
            Status.PAUSED,
        ),
    }

    GOING = (Status.SENDING, Status.PAUSED, Status.SENT)
    """Once it has gone out to somebody, and was not given up."""
    EDITABLE = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED)
    """Until sending starts."""

    def go(self, status: Issue.Status, *, only: tuple[Issue.Status, ...] = (), **changes: Any) -> None:
        """Move to a status if the stored row, not this copy of it, still allows it; else raise TransitionRefused.

        `only` narrows the statuses it may be left from.
        """
        allowed = only or self.FROM[status]
        changes.setdefault("halted_at", None)
        if not self._move(Issue.objects.filter(status__in=allowed), status=status, **changes):
            wanted = " or ".join(_word(one) for one in allowed)
            raise TransitionRefused(f"{self} is {_word(self.status)}; only what is {wanted} can become {_word(status)}")

    def _move(self, among: QuerySet[Issue], **changes: Any) -> bool:
        """Change it if it is among these rows; say whether it was. The log gets what it was and is, and by whom."""
        with transaction.atomic():
            before = Issue.objects.filter(pk=self.pk).values(*moves.TOLD).first()
            moved = bool(among.filter(pk=self.pk).update(**changes))
            self.refresh_from_db()
            if moved and before:
                moves.write_down(self, before)
        return moved

    def look_again(self, at: datetime) -> None:
        """Put off the look at whether its hour has come anywhere, unless it was scheduled anew meanwhile."""
        mine = Issue.objects.filter(pk=self.pk, status=self.Status.SCHEDULED, starts_at=self.starts_at)
        mine.update(starts_at=at)

    def halt(self, reason: str, now: datetime) -> bool:
        """Pause it because it cannot go on by itself; say whether this call, and no other worker or person, did it."""
        sending = Issue.objects.filter(status=self.Status.SENDING)
        return self._move(sending, status=self.Status.PAUSED, reason=reason, halted_at=now)

    def start(self, now: datetime) -> bool:
        """Begin to send it if its time has come; say whether this call, and no other worker, did it."""
        # Asked again of the stored row: since it was read it may have been put off, sent elsewhere, or paused.
        due = Issue.to_start(now).order_by()
        return self._move(due, status=self.Status.SENDING, started_at=now, reason="", retry_at=None)

    def approve(
        self, edition: Edition, by: Any, now: datetime, variants: Mapping[str, Edition] | None = None
    ) -> None:  # fmt: skip
        """Bind the approval to the very content that will be sent: the edition, and those of all variants by letter."""
        numbers = {letter: one.pk for letter, one in (variants or {}).items()}
        self.go(
            self.Status.APPROVED, edition=edition, variants=numbers, approved_at=now, approved_by=by, reason=""
        )  # fmt: skip

    def decide(self, variant: str, now: datetime) -> bool:
        """Let the rest of its readers have one of its variants; say whether this call, and nobody before it, did it.

        From then on that is the issue's own edition, on the web too; who waited for this is due at once.
        """
        open_ = Issue.objects.filter(status__in=self.GOING, decided_at=None)
        return self._move(open_, edition_id=self.variants[variant], decided_at=now)

    def edited(self) -> None:
        """Remember who edited it, and void an approval: what was approved is no longer what the issue says."""
        Issue.objects.filter(pk=self.pk).update(edited_by=person())
        self._move(
            Issue.objects.filter(status__in=(self.Status.APPROVED, self.Status.SCHEDULED)),
            status=self.Status.IN_REVIEW, edition=None, variants={}, approved_at=None, approved_by=None,
            reason="edited after it was approved; approve it again",
        )  # fmt: skip

    def note(self, reason: str, retry_at: datetime | None = None) -> None:
        """Keep what stands in the way where staff see it, without changing the status."""
        Issue.objects.filter(pk=self.pk).update(reason=reason, retry_at=retry_at)
        self.reason, self.retry_at = reason, retry_at

    def copy_anew(self) -> int:
        """Copy anew the posts that have changed since, in a draft that nobody has approved; return how many have.

        Section, note and position are the editor's, and stay; so do the fields that an editor wrote anew.
        """
        with transaction.atomic():
            held = Issue.objects.select_for_update().filter(
                pk=self.pk, status=self.Status.DRAFT, edition=None, approved_at=None, started_at=None
            )
            if held.first() is None:
                return 0
            return sum(item.copy_anew() for item in self.items.select_related("post"))

    @property
    def holds(self) -> bool:
        """Whether some of its messages may wait for their hour or for a decision."""
        return self.local_time or bool(self.variants)

    @property
    def is_public(self) -> bool:
        """Whether readers have it in their mail, or some of them."""
        return self.started_at is not None and self.edition_id is not None

    @classmethod
    def public(cls) -> QuerySet[Issue]:
        """Issues that readers have in their mail, or some of them: paused and cancelled ones too, once begun."""
        return cls.objects.filter(started_at__isnull=False, edition__isnull=False)

    @classmethod
    def regular(cls, newsletter: str) -> QuerySet[Issue]:
        """The issues of a newsletter that are made of posts, not of other issues."""
        return cls.objects.filter(newsletter=newsletter, kind=cls.Kind.REGULAR)

    @classmethod
    def in_archive(cls) -> QuerySet[Issue]:
        """Public issues that the archive lists: a monthly summary only says again what others have told."""
        return cls.public().filter(kind=cls.Kind.REGULAR)

    @classmethod
    def to_start(cls, now: datetime) -> QuerySet[Issue]:
        """Scheduled issues whose time has come, or may have come somewhere."""
        due = models.Q(starts_at=None, send_at__lte=now) | models.Q(starts_at__lte=now)
        return cls.objects.filter(due, status=cls.Status.SCHEDULED).order_by("send_at", "pk")

    @classmethod
    def to_send(cls, now: datetime) -> QuerySet[Issue]:
        """Issues being sent whose transport is not resting; more than any rest is of a clock that was set back."""
        due = models.Q(retry_at=None) | models.Q(retry_at__lte=now) | models.Q(retry_at__gt=now + LONGEST_REST)
        return cls.objects.filter(due, status=cls.Status.SENDING).order_by("started_at", "pk")

    @classmethod
    def halted(cls) -> QuerySet[Issue]:
        """Paused issues that no person has paused: they wait for one."""
        return cls.objects.filter(status=cls.Status.PAUSED, halted_at__isnull=False)

    @classmethod
    def named(cls, name: str) -> Issue:
        """The issue with this number, or `newsletter/date` name; raises Issue.DoesNotExist."""
        if name.isdigit():
            return cls.objects.get(pk=int(name))
        newsletter, _, slug = name.partition("/")
        return cls.objects.get(newsletter=newsletter, slug=slug)


def _word(status: str) -> str:
    return Issue.Status(status).label.lower()


class Item(models.Model):
    """A post in an issue: a copy, so that a later edit of the post changes nothing here."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="items")
    post = models.ForeignKey(Post, models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    section = models.CharField(max_length=200, blank=True)
    section_emoji = models.CharField(max_length=50, blank=True)
    note = models.TextField(blank=True, help_text="The editor's word on it.")
    title = models.TextField()
    summary = models.TextField(blank=True)
    html = models.TextField(blank=True)
    url = models.TextField(blank=True)
    authors = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    image_url = models.TextField(blank=True)
    image_alt = models.TextField(blank=True)
    image_dark = models.TextField(blank=True, help_text="The same image for dark screens.")
    image_width = models.PositiveIntegerField(default=0, help_text="In pixels; 0 where nobody knows.")
    image_height = models.PositiveIntegerField(default=0, help_text="In pixels; 0 where nobody knows.")
    language = models.CharField(max_length=35, blank=True)
    words = models.PositiveIntegerField(default=0)
    personal = models.BooleanField(default=False, help_text="Its text speaks to each reader: see Post.")
    published_at = models.DateTimeField()
    pinned = models.BooleanField(default=False, db_default=False, help_text="It stands first in its section.")
    own = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Names of the fields the editor wrote anew."
    )

    COPIED = (
        "title", "summary", "html", "url", "authors", "tags", "image_url", "image_alt", "image_dark",
        "image_width", "image_height", "language", "words", "personal", "published_at",
    )  # fmt: skip

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("issue", "post"), name="one_item_per_post"),)

    def __str__(self) -> str:
        return self.title

    @classmethod
    def copy_of(cls, post: Post, **place: Any) -> Item:
        """An unsaved item holding the post as it is now."""
        return cls(post=post, **{name: getattr(post, name) for name in cls.COPIED}, **place)

    def copy_anew(self) -> bool:
        """Take over what has changed in the post, and nothing else; return whether anything has."""
        kept = self.own.split()
        now = {name: getattr(self.post, name) for name in self.COPIED if name not in kept}
        changed = {name: value for name, value in now.items() if value != getattr(self, name)}
        return bool(changed) and bool(Item.objects.filter(pk=self.pk).update(**changed))

    @property
    def reading_minutes(self) -> int:
        """Minutes to read; at least one."""
        return reading_minutes(self.words)
