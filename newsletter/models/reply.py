"""Reply: what a reader wrote back about an issue, what staff answered, and what was not taken, with the reason."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q, QuerySet

from newsletter.markup.said import to_html
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from subscribers.models import Subscriber


class Reply(models.Model):
    """Words of a reader, or of staff to a reader, about an issue. Threads are one level deep."""

    class State(models.TextChoices):
        """Where the reply stands. Each may be left only for some of the others, by a guarded update."""

        UNCONFIRMED = "unconfirmed"
        HELD = "held"
        PUBLISHED = "published"
        HIDDEN = "hidden"
        PRIVATE = "private"

    class Via(models.TextChoices):
        """How it came."""

        PAGE = "page"
        MAIL = "mail"
        DESK = "desk"

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="replies")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="replies")
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, blank=True, related_name="replies")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="answers")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    author_name = models.CharField("name", max_length=200, blank=True)
    via = models.CharField(max_length=4, choices=Via)
    state = models.CharField(max_length=11, choices=State)
    text = models.TextField(blank=True, help_text="As it was written, without what it quotes.")
    html = models.TextField(blank=True, editable=False, help_text="Made from the text; holds nothing else.")
    original = models.TextField(blank=True, help_text="The mail's whole text, where it holds more than the reply.")
    note = models.TextField(blank=True, help_text="Why it is held, or what is odd about it.")
    key = models.CharField(max_length=64, unique=True, editable=False, help_text="The same reply twice is one row.")
    received_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "replies"
        ordering = ("-received_at", "-pk")
        indexes = (
            models.Index(fields=("issue", "state", "received_at"), name="reply_page"),
            models.Index(fields=("state",), name="reply_held", condition=Q(state="held")),
        )

    def __str__(self) -> str:
        return f"{self.author_name or 'somebody'} on {self.issue}"

    PER_HOUR, AN_HOUR = 5, timedelta(hours=1)  # of one reader: on the page no more are taken, those by mail are held

    # What staff can do, and from where; doing it twice is doing it once.
    FROM = {
        State.PUBLISHED: (State.HELD, State.HIDDEN),
        State.HIDDEN: (State.HELD, State.PUBLISHED, State.UNCONFIRMED),
    }

    @property
    def by_staff(self) -> bool:
        """Whether it speaks for the publication."""
        return self.via == self.Via.DESK

    @classmethod
    def take(cls, key: str, **fields: Any) -> tuple[Reply, bool]:
        """Keep a reply, or find the one that came under the same key before; say whether this call kept it."""
        html = to_html(fields["text"])
        return cls.objects.get_or_create(key=key, defaults={**fields, "html": html})

    @classmethod
    def standing(cls, issue: Issue, subscriber: Subscriber | None, moderation: str) -> tuple[State, str]:
        """Where a new reply of this reader begins, and why."""
        if subscriber is None:
            return cls.State.HELD, "the reader is no longer a subscriber"
        if Muted.objects.filter(key=subscriber.key).exists():
            return cls.State.HIDDEN, "the reader is blocked"
        if issue.status == Issue.Status.CANCELLED:
            return cls.State.HELD, "the issue was cancelled"
        known = cls.objects.filter(subscriber=subscriber, state=cls.State.PUBLISHED).exists()
        if moderation == "all":
            return cls.State.HELD, "every reply is read first"
        if moderation == "first" and not known:
            return cls.State.HELD, "no reply of this reader has been approved yet"
        return cls.State.PUBLISHED, ""

    @classmethod
    def move(cls, replies: QuerySet[Reply], state: State, now: datetime) -> int:
        """Approve or hide those of the replies whose stored state allows it; return how many moved."""
        rows = cls.objects.filter(pk__in=replies.values("pk"), state__in=cls.FROM[state])
        published_at = {"published_at": now} if state == cls.State.PUBLISHED else {}
        return rows.update(state=state, **published_at)

    def confirm(self, state: State, note: str, now: datetime) -> bool:
        """Let a reply go on that waited for its reader to sign in; say whether this call did it."""
        published_at = now if state == self.State.PUBLISHED else None
        found = Reply.objects.filter(pk=self.pk, state=self.State.UNCONFIRMED)
        return bool(found.update(state=state, note=note, published_at=published_at))

    @classmethod
    def shown(cls, issue: Issue, subscriber: Subscriber | None = None) -> QuerySet[Reply]:
        """The replies on an issue's page, newest first, with the answers to each, oldest first.

        A reader also sees what they wrote themselves and is held, so that nobody writes it again.
        """
        public = Q(state=cls.State.PUBLISHED)
        seen = public | Q(state=cls.State.HELD, subscriber=subscriber) if subscriber else public
        answers = cls.objects.filter(seen).select_related("staff").order_by("received_at", "pk")
        top = cls.objects.filter(seen, issue=issue, parent=None)
        return top.prefetch_related(Prefetch("answers", answers, to_attr="thread")).order_by("-received_at", "-pk")

    @classmethod
    def held(cls) -> QuerySet[Reply]:
        """What waits for staff."""
        return cls.objects.filter(state=cls.State.HELD)

    @classmethod
    def forget_unconfirmed(cls, before: datetime) -> int:
        """Drop what nobody ever confirmed: it may have been typed by anybody."""
        return cls.objects.filter(state=cls.State.UNCONFIRMED, received_at__lt=before).delete()[0]


class Muted(models.Model):
    """A person whose replies are hidden as they come. They are kept, with that reason, so nothing is lost."""

    key = models.CharField(max_length=320, unique=True, verbose_name="address")
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "blocked address"
        verbose_name_plural = "blocked addresses"

    def __str__(self) -> str:
        return self.key

    @classmethod
    def block(cls, replies: QuerySet[Reply], reason: str) -> int:
        """Block the readers who wrote these, and hide what is there of theirs; return how many people."""
        keys = set(replies.filter(subscriber__isnull=False).values_list("subscriber__key", flat=True))
        Muted.objects.bulk_create([Muted(key=key, reason=reason[:200]) for key in keys], ignore_conflicts=True)
        mine = Reply.objects.filter(subscriber__key__in=keys, state__in=(Reply.State.HELD, Reply.State.PUBLISHED))
        mine.update(state=Reply.State.HIDDEN, note="the reader is blocked")
        return len(keys)


class Rejected(models.Model):
    """A mail to the reply address that is no reply: kept for a while, so that nothing vanishes without a word."""

    class Why(models.TextChoices):
        """The closed vocabulary of reasons."""

        AUTOMATIC = "automatic", "automatic answer"
        BOUNCE = "bounce", "bounce"
        LOOP = "loop", "our own mail"
        LIST = "list", "from a mailing list"
        UNADDRESSED = "unaddressed", "no reply address"
        FORGED = "forged", "not signed here"
        EXPIRED = "expired", "address has ended"
        TEST = "test", "answers a test mail"
        GONE = "gone", "message is gone"
        UNREADABLE = "unreadable", "cannot be read"

    why = models.CharField(max_length=11, choices=Why)
    reason = models.TextField(blank=True)
    sender = models.CharField("from", max_length=320, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=64, unique=True, editable=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = "rejected mail"
        verbose_name_plural = "rejected mail"

    def __str__(self) -> str:
        return f"{self.get_why_display()}: {self.subject}"

    @classmethod
    def forget(cls, before: datetime) -> int:
        """Drop the rows of long ago."""
        return cls.objects.filter(at__lt=before).delete()[0]


class MailboxMark(models.Model):
    """How far a mailbox has been read, so that nothing in it needs to be marked."""

    mailbox = models.CharField(max_length=64, unique=True, help_text="SHA-256 of server, user and folder.")
    validity = models.BigIntegerField(help_text="The folder's UIDVALIDITY; with another, it is read anew.")
    last_uid = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.mailbox[:12]} up to {self.last_uid}"

    @classmethod
    def of(cls, place: str, validity: int) -> MailboxMark:
        """The mark of a mailbox; back at the beginning if the server has numbered it anew."""
        mark, _ = cls.objects.get_or_create(mailbox=digest(place), defaults={"validity": validity})
        if mark.validity != validity:
            cls.objects.filter(pk=mark.pk, validity=mark.validity).update(validity=validity, last_uid=0)
            mark.refresh_from_db()
        return mark

    def forward(self, uid: int) -> None:
        """Note that everything up to here has been read; never backward, whoever reads beside us."""
        MailboxMark.objects.filter(pk=self.pk, validity=self.validity, last_uid__lt=uid).update(last_uid=uid)


def digest(text: str) -> str:
    """What a row is found again by: SHA-256, whatever the length of the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
