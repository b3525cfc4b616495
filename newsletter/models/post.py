"""Post: one published story, whatever number of sources it was seen in."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from newsletter.models.source import Source


class Post(models.Model):
    """A story as it was collected: sanitised, its links absolute, its address canonical."""

    key = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the canonical address.")
    source = models.ForeignKey(Source, models.PROTECT, related_name="posts", help_text="Where it was seen first.")
    url = models.TextField(blank=True, help_text="Canonical address; empty where the post is published by us alone.")
    title = models.TextField()
    likeness = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False,
        help_text="By which the same title is found in other sources; empty where a title says too little.",
    )  # fmt: skip
    summary = models.TextField(blank=True, help_text="Plain text.")
    html = models.TextField(blank=True, help_text="Sanitised.")
    authors = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    image_url = models.TextField(blank=True)
    image_alt = models.TextField(blank=True)
    image_dark = models.TextField(blank=True, help_text="The same image for dark screens.")
    image_width = models.PositiveIntegerField(default=0, help_text="In pixels; 0 where nobody knows.")
    image_height = models.PositiveIntegerField(default=0, help_text="In pixels; 0 where nobody knows.")
    language = models.CharField(max_length=35, blank=True)
    words = models.PositiveIntegerField(default=0)
    personal = models.BooleanField(
        default=False, help_text="Its HTML is a template that asks about the reader; only our own folders bring such."
    )
    published_at = models.DateTimeField()
    collected_at = models.DateTimeField(help_text="When it was first seen.")
    updated_at = models.DateTimeField(help_text="When its content last changed.")

    class Meta:
        ordering = ("-published_at", "-pk")
        indexes = (
            models.Index(fields=("published_at",), name="post_published"),
            models.Index(fields=("likeness", "published_at"), name="post_likeness"),
            models.Index(fields=("source", "published_at"), name="post_of_source"),
        )
        permissions = (("triage_post", "Can star, reject and add posts in the inbox"),)

    def __str__(self) -> str:
        return self.title

    @property
    def reading_minutes(self) -> int:
        """Minutes to read, at 230 words a minute; at least one."""
        return reading_minutes(self.words)

    @classmethod
    def public(cls) -> QuerySet[Post]:
        """Posts that have a page of ours: published nowhere else, and in an issue that readers have."""
        from newsletter.models.issue import Issue

        told = cls.objects.filter(items__issue__in=Issue.public()).exclude(url__istartswith="http")
        return told.select_related("source").distinct()

    @classmethod
    def inbox_of(cls, newsletter: str, sources: Iterable[str]) -> QuerySet[Post]:
        """Posts that one of these sources has brought, or an editor for this newsletter."""
        from newsletter.models.triage import Triage

        added = Triage.objects.filter(post=OuterRef("pk"), newsletter=newsletter, added_at__isnull=False)
        seen = Sighting.objects.filter(post=OuterRef("pk"), source__name__in=tuple(sources))
        # Most posts are told by the source that brought them first, which asks no other table.
        first = Q(source__in=Source.objects.filter(name__in=tuple(sources)))
        return cls.objects.filter(first | Q(Exists(seen)) | Q(Exists(added)))

    @classmethod
    def for_issue(
        cls, newsletter: str, sources: Iterable[str], after: datetime | None, until: datetime, oldest: datetime
    ) -> QuerySet[Post]:
        """Posts that the newsletter may still use, newest first; `starred` says of each whether an editor asks for it.

        Published after `after` and by `until`; also those that turned up later than the issue they belonged to, unless
        older than `oldest`, those of an issue that was given up since, and any that is starred. Never one that an issue
        of this newsletter holds, unless nobody got that issue and nobody will; and never one that was rejected.
        """
        from newsletter.models.issue import Item
        from newsletter.models.triage import Standing, Triage

        triage = Triage.objects.filter(post=OuterRef("pk"), newsletter=newsletter)
        starred, rejected = triage.filter(standing=Standing.STARRED), triage.filter(standing=Standing.REJECTED)
        items = Item.objects.filter(post=OuterRef("pk"), issue__newsletter=newsletter)
        cancelled_unsent = Q(issue__status="cancelled", issue__started_at=None)
        used = items.exclude(Q(issue__status="skipped") | cancelled_unsent)
        posts = cls.inbox_of(newsletter, sources).annotate(starred=Exists(starred))
        posts = posts.filter(~Exists(used), ~Exists(rejected), published_at__lte=until)
        if after is None:
            return posts
        late = Q(collected_at__gt=after, published_at__gt=oldest)
        # Given up when the issue after it was drawn up already. Once only: what the next one has no room for stays out.
        freed = items.filter(cancelled_unsent).exclude(issue__finished_at__lte=after)
        return posts.filter(Q(published_at__gt=after) | late | Q(starred=True) | Exists(freed))


class Sighting(models.Model):
    """That a source carries a post, under the source's own id for it."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="sightings")
    source = models.ForeignKey(Source, models.PROTECT, related_name="sightings")
    guid = models.CharField(max_length=64, help_text="SHA-256 of the source's id for the post.")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the content when last seen.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "guid"), name="one_sighting_per_guid"),)

    def __str__(self) -> str:
        return f"{self.post} in {self.source}"


def reading_minutes(words: int) -> int:
    """Minutes to read so many words, at 230 a minute; at least one."""
    return max(1, round(words / 230))


LEAST = 12
"""Letters and digits that a title must have to tell one story from another: “Open thread” is each week another one."""


def likeness(title: str) -> str:
    """SHA-256 of a title's letters and digits, the same however it is spelt; empty if there are too few of them."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    told = "".join(one for one in plain if one.isalnum())
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest() if len(told) >= LEAST else ""
