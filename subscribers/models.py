"""Lists, the people on them, and the addresses that must not be written to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When


class List(models.Model):
    """A group of people who asked for the same thing."""

    name = models.SlugField(max_length=63, unique=True, help_text="As config.yaml calls it.")
    title = models.CharField(max_length=200, blank=True)
    seeded_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name


class Subscriber(models.Model):
    """A person, known by one email address."""

    email = models.CharField(max_length=320, help_text="As typed.")
    key = models.CharField(max_length=320, unique=True, editable=False)
    name = models.CharField(max_length=200, blank=True)
    fields = models.JSONField(default=dict, blank=True, help_text="Custom fields: short texts, each under its name.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


class Subscription(models.Model):
    """That a person is, or was, on a list."""

    class Status(models.TextChoices):
        """Whether the person wants this list's mail."""

        ACTIVE = "active"
        UNSUBSCRIBED = "unsubscribed"

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="subscriptions")
    list = models.ForeignKey(List, models.CASCADE, related_name="subscriptions")
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    changed_at = models.DateTimeField()
    how = models.CharField(max_length=200, blank=True, help_text="What brought about the present status.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("subscriber", "list"), name="one_subscription_per_list"),)
        indexes = (models.Index(fields=("list", "status", "subscriber"), name="subscription_audience"),)

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.list}: {self.status}"


class Suppression(models.Model):
    """An address that must not be written to, whatever the lists say."""

    key = models.CharField(max_length=320, unique=True, verbose_name="address")
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.key} ({self.reason})"


def audience(lists: Iterable[str]) -> QuerySet[Subscriber]:
    """Everyone with an active subscription to one of the lists, once each.

    Each is annotated with `exclusion`: why this person must not be written to all the same, or the empty string.
    """
    active = Subscription.objects.filter(
        subscriber=OuterRef("pk"), list__name__in=tuple(lists), status=Subscription.Status.ACTIVE
    )
    suppressed = Exists(Suppression.objects.filter(key=OuterRef("key")))
    exclusion = Case(When(suppressed, then=Value("suppressed")), default=Value(""), output_field=CharField())
    return Subscriber.objects.filter(Exists(active)).annotate(exclusion=exclusion)


def lists_of(subscribers: Iterable[int | None]) -> dict[int, frozenset[str]]:
    """The names of the lists that these people are active on, in one statement; nobody who is on none."""
    active = Subscription.objects.filter(subscriber__in=list(subscribers), status=Subscription.Status.ACTIVE)
    found: dict[int, set[str]] = {}
    for person, name in active.values_list("subscriber_id", "list__name"):
        found.setdefault(person, set()).add(name)
    return {person: frozenset(names) for person, names in found.items()}


def unsubscribe(subscriber: Subscriber, lists: Iterable[str], how: str, now: datetime) -> int:
    """End the person's active subscriptions to these lists; return how many there were."""
    active = subscriber.subscriptions.filter(list__name__in=tuple(lists), status=Subscription.Status.ACTIVE)
    return active.update(status=Subscription.Status.UNSUBSCRIBED, changed_at=now, how=how)
