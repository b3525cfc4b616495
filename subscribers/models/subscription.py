"""Subscription: that a person is, was, or asks to be, on a list."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Q

from subscribers.models.consent import Origin
from subscribers.models.lists import List
from subscribers.models.people import Subscriber, Tagging


class Subscription(models.Model):
    """That a person is, was, or asks to be, on a list."""

    class Status(models.TextChoices):
        """Whether the person wants this list's mail."""

        PENDING = "pending", "waiting for the button in the mail"
        ACTIVE = "active"
        UNSUBSCRIBED = "unsubscribed"

    class Frequency(models.TextChoices):
        """How much of it the person wants."""

        EVERY = "every", "every issue"
        MONTHLY = "monthly", "a monthly summary"

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="subscriptions", db_index=False)
    # A constraint would be checked for each of a million rows of one list, which an import locks while it writes them.
    list = models.ForeignKey(List, models.CASCADE, related_name="subscriptions", db_index=False, db_constraint=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    changed_at = models.DateTimeField(help_text="When the present status began.")
    joined_at = models.DateTimeField(null=True, blank=True, help_text="When the person was last put on the list.")
    how = models.CharField(max_length=200, blank=True, help_text="What brought about the present status.")
    source = models.CharField(max_length=12, choices=Origin, default=Origin.OTHER, db_default=Origin.OTHER)
    issue = models.CharField(
        max_length=130, blank=True, default="", db_default="", help_text="The issue that led to the present status."
    )
    reason = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Why the person left, in their own words."
    )
    frequency = models.CharField(max_length=7, choices=Frequency, default=Frequency.EVERY, db_default=Frequency.EVERY)
    without = models.JSONField(default=builtins.list, blank=True, help_text="Topics the person does not want.")
    import_number = models.BigIntegerField(null=True, editable=False, help_text="The import that last changed it.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("subscriber", "list"), name="one_subscription_per_list"),)
        indexes = (
            models.Index(fields=("list", "status", "subscriber"), name="subscription_audience"),
            # Few want no more than a summary; whether anybody does is asked often.
            models.Index(fields=("list", "subscriber"), name="subscription_monthly", condition=Q(frequency="monthly")),
        )

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.list}: {self.status}"


@dataclass(frozen=True)
class Membership:
    """What a mail may ask about a person's place here: the names of the lists and tags, and the topics not wanted."""

    lists: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


def memberships(
    subscribers: Iterable[int | None], of: Iterable[str] = (), tagged: bool = False
) -> dict[int, Membership]:
    """The lists that these people are active on, in one statement; nobody who is on none.

    With `of`, a topic counts as not wanted only if it is left out on every one of those lists that the person is on;
    `tagged` asks for their tags too, in another statement.
    """
    asked, people = frozenset(of), list(subscribers)
    active = Subscription.objects.filter(subscriber__in=people, status=Subscription.Status.ACTIVE)
    names: dict[int, set[str]] = {}
    without: dict[int, frozenset[str]] = {}
    for person, name, left in active.values_list("subscriber_id", "list__name", "without"):
        names.setdefault(person, set()).add(name)
        if name in asked:
            without[person] = without.get(person, frozenset(left)) & frozenset(left)
    tags = _tags(people) if tagged else {}
    return {
        person: Membership(frozenset(found), without.get(person, frozenset()), frozenset(tags.get(person, ())))
        for person, found in names.items()
    }


def _tags(subscribers: list[int | None]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for person, name in Tagging.objects.filter(subscriber__in=subscribers).values_list("subscriber_id", "tag__name"):
        found.setdefault(person, []).append(name)
    return found
