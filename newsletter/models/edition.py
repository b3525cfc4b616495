"""Edition: what an issue looks like in the mail, with holes for each reader, and the links in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from newsletter import links
from newsletter.models.issue import Issue


class Edition(models.Model):
    """One rendering of an issue. Never changed once written: the same content is the same row."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="editions")
    variant = models.CharField(max_length=20, default="a")
    digest = models.CharField(max_length=64, help_text="SHA-256 of everything that is sent, holes aside.")
    marker = models.CharField(
        max_length=64, help_text="What a hole begins with; unguessable, so that no post can hold one."
    )
    subject = models.TextField()
    preheader = models.TextField(blank=True)
    sender_name = models.TextField(
        blank=True, default="", db_default="", help_text="Empty: the newsletter's own, as config.yaml has it."
    )
    html = models.TextField()
    text = models.TextField()
    late = models.JSONField(
        default=list, blank=True, help_text="What is asked of each reader: the expressions that the holes number."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "variant", "digest"), name="one_edition_per_content"),)

    def __str__(self) -> str:
        return f"{self.issue} {self.variant} {self.digest[:12]}"

    @classmethod
    def of(cls, issue: Issue, variant: str = "") -> Edition | None:
        """What a message of an issue is made of, by `Message.variant`: the issue's own edition, or that of a letter.

        Whatever goes from a message to what stood in it asks here: two readers of one issue may have got two editions.
        """
        return cls.objects.get(pk=issue.variants[variant]) if variant else issue.edition

    @classmethod
    def keep(
        cls, issue: Issue, marker: str, late: Sequence[Any] = (), variant: str = "a", sender_name: str = "",
        **parts: str,
    ) -> Edition:  # fmt: skip
        """Store a rendering, or find the row that already holds the very same one."""
        # What is asked of readers is part of what was approved; an edition that asks nothing is known as it always was.
        asked = [json.dumps(late)] if late else []
        named = [f"from {sender_name}"] if sender_name else []
        digest = digest_of(marker, *(parts[name] for name in ("subject", "preheader", "html", "text")), *asked, *named)
        made = {"marker": marker, "late": list(late), "sender_name": sender_name, **parts}
        return cls.objects.get_or_create(issue=issue, variant=variant, digest=digest, defaults=made)[0]


class Link(models.Model):
    """An address that a mail of an issue leads to; its id travels in the mail, the address stays here."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="links")
    key = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the address.")
    url = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "key"), name="one_link_per_address"),)

    def __str__(self) -> str:
        return self.url

    @staticmethod
    def number(issue: Issue, urls: Iterable[str]) -> dict[str, int]:
        """The id of each address, given out once per issue."""
        keys = {digest_of(url): url for url in urls}
        Link.objects.bulk_create(
            [Link(issue=issue, key=key, url=url) for key, url in keys.items()], ignore_conflicts=True
        )
        return {keys[key]: pk for key, pk in Link.objects.filter(issue=issue, key__in=keys).values_list("key", "pk")}

    @property
    def is_unseen(self) -> bool:
        """Whether it is the link that no person sees."""
        return self.url.endswith(links.UNSEEN)

    @staticmethod
    def unseen(issues: Iterable[int]) -> set[int]:
        """The ids of the links of these issues that no person sees."""
        found = Link.objects.filter(issue__in=set(issues), url__endswith=links.UNSEEN)
        return set(found.values_list("pk", flat=True))


def digest_of(*parts: str) -> str:
    """SHA-256 over the parts, each with its length before it, so that no two lists of parts run together."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()
