"""Message: the ledger. One row for each person an issue is for, and what has become of it.

Every change is a guarded update: it names the state it starts from, and counts only if a row was in that state. So any
job may run twice, late, or on two machines at once, and nobody gets two.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, models, transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from newsletter.models import claims
from newsletter.models.issue import Issue
from subscribers.audience import Audience
from subscribers.models import Subscriber
from subscribers.traces import without_addresses


class Message(models.Model):
    """One issue for one subscriber. Its id travels in the Message-ID, the token and the provider's arguments."""

    class State(models.TextChoices):
        """Where the message stands. Submitted is not delivered: only the receiving side can say that."""

        EXCLUDED = "excluded"
        PENDING = "pending"
        SUBMITTING = "submitting"
        SUBMITTED = "submitted"
        DEFERRED = "deferred"
        FAILED = "failed"
        UNCERTAIN = "uncertain"
        WITHHELD = "withheld"
        DELIVERED = "delivered"
        BOUNCED = "bounced"
        COMPLAINED = "complained"

    # The constraint would be checked once for each of a million rows of one issue, which is locked as they are written;
    # and every index but its own begins with it.
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="messages", db_constraint=False, db_index=False)
    # Here the freeze locks the people instead, in a sixth of the time; whoever deletes one takes that lock first.
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, related_name="messages", db_constraint=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING, db_default=State.PENDING)
    reason = models.TextField(blank=True, default="", db_default="", help_text="The answer, or why it was not sent.")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False, help_text="The worker that has taken it.")
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    transport = models.CharField(max_length=20, blank=True, default="", db_default="")
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "subscriber"), name="one_message_per_person"),)
        indexes = (
            models.Index(fields=("issue", "state", "id"), name="message_state"),
            models.Index(fields=("lease_until",), name="message_lease", condition=Q(lease_until__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.issue} to {self.subscriber}"

    @classmethod
    def freeze(cls, issue: Issue, audience: Audience, now: datetime) -> None:
        """Write the issue's audience in one statement: a row for each candidate, the excluded with their reason.

        A second call changes nothing.
        """
        select, params = audience.statement(now)
        if connection.vendor == "postgresql":
            select += f" FOR KEY SHARE OF {connection.ops.quote_name(Subscriber._meta.db_table)}"
        table = connection.ops.quote_name(cls._meta.db_table)
        with connection.cursor() as cursor:
            # Materialized: state and reason both come from the exclusion, which is worked out once for each person.
            cursor.execute(
                f"WITH people (id, exclusion) AS MATERIALIZED ({select})"  # noqa: S608 - only names of ours
                f" INSERT INTO {table} (issue_id, subscriber_id, state, reason)"
                " SELECT %s, id, CASE WHEN exclusion = '' THEN %s ELSE %s END, exclusion FROM people WHERE true"
                " ON CONFLICT DO NOTHING",
                [*params, issue.pk, cls.State.PENDING, cls.State.EXCLUDED],
            )

    @classmethod
    def claim_batch(cls, issue: Issue, size: int, now: datetime, lease: timedelta) -> list[Message]:
        """Take up to `size` messages that are due, for this caller alone until the lease ends."""
        unsent = Q(state=cls.State.PENDING) | Q(state=cls.State.DEFERRED, retry_at__lte=now)
        return claims.take(cls.objects.filter(unsent, claims.free(now), issue=issue), size, now, lease)

    @classmethod
    def begin(
        cls, messages: Sequence[Message], audience: Audience, transport: str, now: datetime, lease: timedelta
    ) -> list[Message]:
        """Mark messages as about to go on the wire; return those that may, read afresh. Only they may be sent.

        Asked at the last moment, under the rows' own locks: is the claim still ours, is the issue still being sent,
        does the person still want it, and at which address?
        """
        held = cls.objects.filter(
            pk__in=[message.pk for message in messages], claim=messages[0].claim, lease_until__gte=now,
            state__in=(cls.State.PENDING, cls.State.DEFERRED), issue__status=Issue.Status.SENDING,
        )  # fmt: skip
        with transaction.atomic():
            rows = held.select_for_update(of=("self",)) if connection.features.has_select_for_update_of else held
            found = list(rows.select_related("subscriber").order_by("pk"))
            wanted = _reachable(audience, found, now)
            ready: list[Message] = [message for message in found if message.subscriber_id in wanted]
            cls.objects.filter(pk__in=[message.pk for message in ready]).update(
                state=cls.State.SUBMITTING, transport=transport, attempts=F("attempts") + 1, lease_until=now + lease
            )
        return ready

    @classmethod
    def withhold_gone(cls, messages: Sequence[Message], audience: Audience, now: datetime) -> int:
        """Keep from sending what is for people who have left since the audience was frozen; return how many."""
        wanted = _reachable(audience, messages, now)
        gone = [message.pk for message in messages if message.subscriber_id not in wanted]
        return cls.objects.filter(
            pk__in=gone, claim=messages[0].claim, state__in=(cls.State.PENDING, cls.State.DEFERRED)
        ).update(
            state=cls.State.WITHHELD, claim=None, lease_until=None,
            reason="unsubscribed, paused, suppressed or erased since the audience was frozen",
        )  # fmt: skip

    @classmethod
    def settle(
        cls, claim: uuid.UUID | None, ids: Sequence[int], state: str, reason: str, now: datetime, **changes: object
    ) -> int:
        """Record the answer for messages that this claim put on the wire; return how many rows took it.

        A row already called uncertain takes it too: a late answer is still an answer. About somebody who was erased
        meanwhile it is kept without the address that it may name.
        """
        if state == cls.State.SUBMITTED:
            changes["submitted_at"] = now
        return cls.objects.filter(
            pk__in=ids, claim=claim, state__in=(cls.State.SUBMITTING, cls.State.UNCERTAIN)
        ).update(state=state, reason=_said(reason), claim=None, lease_until=None, **changes)

    @classmethod
    def unbegin(cls, claim: uuid.UUID | None, ids: Sequence[int]) -> int:
        """Put back messages that were announced but certainly never left; the attempt does not count.

        That too may come late, for a row already called uncertain.
        """
        return cls.objects.filter(
            pk__in=ids, claim=claim, state__in=(cls.State.SUBMITTING, cls.State.UNCERTAIN)
        ).update(state=cls.State.PENDING, reason="", claim=None, lease_until=None, attempts=F("attempts") - 1)

    @classmethod
    def release(cls, claim: uuid.UUID | None) -> int:
        """Give back what was claimed and not begun."""
        return cls.objects.filter(claim=claim, state__in=(cls.State.PENDING, cls.State.DEFERRED)).update(
            claim=None, lease_until=None
        )

    @classmethod
    def lapse(cls, now: datetime) -> int:
        """Call uncertain what a worker had on the wire when it fell silent. Nothing sends it again by itself.

        The claim stays, so that the worker's late answer still finds the row.
        """
        return cls.objects.filter(state=cls.State.SUBMITTING, lease_until__lt=now).update(
            state=cls.State.UNCERTAIN, lease_until=None, reason=claims.SILENT
        )

    @classmethod
    def open_of(cls, issue: Issue) -> QuerySet[Message]:
        """Messages of an issue that are still to be sent or answered."""
        return cls.objects.filter(issue=issue, state__in=(cls.State.PENDING, cls.State.SUBMITTING, cls.State.DEFERRED))

    @classmethod
    def counts(cls, issue: Issue) -> dict[str, int]:
        """How many messages are in each state; states without any are left out."""
        found = cls.objects.filter(issue=issue).values_list("state").annotate(Count("pk")).order_by("state")
        return dict(found)


def _said(reason: str) -> Case | str:
    """What a server answered, without the address in it where the person is no longer there."""
    if (clean := without_addresses(reason)) == reason:
        return reason
    return Case(When(subscriber=None, then=Value(clean)), default=Value(reason), output_field=models.TextField())


def _reachable(audience: Audience, messages: Sequence[Message], now: datetime) -> set[int | None]:
    """Those of the messages' people who may be written to now."""
    people = [message.subscriber_id for message in messages if message.subscriber_id]
    return set(audience.reachable(now).filter(pk__in=people).values_list("pk", flat=True))
