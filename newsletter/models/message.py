"""Message: the ledger. One row for each person an issue is for, and what has become of it.

Every change is a guarded update: it names the state it starts from, and counts only if a row was in that state. So any
job may run twice, late, or on two machines at once, and nobody gets two.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.db.models import Count, F, Min, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat

from newsletter.models import claims, freezing, settling
from newsletter.models.among import Among
from newsletter.models.freezing import Split
from newsletter.models.issue import Issue
from newsletter.models.settling import Verdict
from newsletter.models.transport import SKEW
from subscribers.audience import Audience
from subscribers.models import Subscriber

models.Field.register_lookup(Among)
models.ForeignKey.register_lookup(Among)
OWN_WAY = Value("", output_field=models.CharField())
SPARED = "put back, as most were refused: "
"""How the reason begins of what was refused when the breaker tripped."""
GONE = "unsubscribed, paused, suppressed or erased since the audience was frozen"


@dataclass(frozen=True)
class Hold:
    """Whose hands messages are in: which claim, by which transport, from when, and until when unless it is renewed."""

    claim: uuid.UUID
    transport: str
    at: datetime
    until: datetime
    ahead: timedelta = timedelta(0)
    """How far the worker's clock is ahead of the others': what is held until an hour is not let go by it."""


Place = tuple[int, str, str, str]
"""Where a lane looks for messages: issue, state, route and variant."""
Reached = dict[Place, tuple[datetime | None, int]]
"""The last message that a lane has taken of each place, by its hour and its number.

It begins its next look there. Where it began with the first message each time, PostgreSQL would walk past all that were
taken since it last cleaned its index up: 20 µs a message at 50,000 messages, and more the more there are.
"""
Row = tuple[int, int | None, int, str, datetime | None]
"""A message's number, whose it is, the attempts so far and what they came to, and its hour."""


class Due(NamedTuple):
    """A message that may be sent now, and what is known of whom it is for."""

    number: int
    person: int
    attempts: int
    email: str
    name: str
    fields: dict[str, Any]
    spared: bool = False
    """It was refused before, and that was taken for the transport's fault; of a second refusal it is not."""


class Message(models.Model):
    """One issue for one subscriber. Its id travels in the Message-ID, the token and the provider's arguments."""

    class State(models.TextChoices):
        """Where the message stands. Submitted is not delivered: only the receiving side can say that."""

        EXCLUDED = "excluded"
        HELD = "held"
        """It waits for its hour, `retry_at`; or, without one, for a decision, and then goes with what was decided."""
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
    route = models.CharField(
        max_length=63, blank=True, default="", db_default="",
        help_text="The transport that it is meant for; empty: its newsletter's, whichever that is.",
    )  # fmt: skip
    transport = models.CharField(
        max_length=63, blank=True, default="", db_default="", help_text="The transport by which it went."
    )
    variant = models.CharField(
        max_length=1, blank=True, default="", db_default="", editable=False,
        help_text="Which of several editions it is; empty: the issue's own, see Edition.of.",
    )  # fmt: skip
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "subscriber"), name="one_message_per_person"),)
        indexes = (
            # In the order in which messages are taken: first what has waited longest for another attempt.
            models.Index(fields=("issue", "state", "route", "retry_at", "id"), name="message_due"),
            models.Index(fields=("lease_until",), name="message_lease", condition=Q(lease_until__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.issue} to {self.subscriber}"

    @classmethod
    def freeze(
        cls,
        issue: Issue,
        audience: Audience,
        now: datetime,
        route: Combinable = OWN_WAY,
        *,
        hour: Combinable | None = None,
        split: Split | None = None,
    ) -> None:
        """Write the issue's audience in one statement: a row for each candidate, the excluded with their reason.

        `route` is an expression over people: the transport that their messages are meant for. So is `hour`: the moment
        until which they are held, or NULL where it has come. `split` says who gets which variant, and holds the
        others. A second call changes nothing.
        """
        table = connection.ops.quote_name(cls._meta.db_table)
        statement, params = freezing.statement(table, audience, now, route, hour, split)
        with connection.cursor() as cursor:
            cursor.execute(statement, [*params, issue.pk])

    @classmethod
    def take(
        cls,
        issue: Issue,
        routes: Sequence[str],
        number: int,
        hold: Hold,
        audience: Audience,
        *,
        reached: Reached | None = None,
        fields: bool = True,
        variant: str = "",
    ) -> list[Due]:
        """Put up to so many messages that are due into a worker's hands, and return what it needs to send them.

        From now on they are `submitting`: if nothing more is heard of them until the lease ends, nobody knows. Asked at
        this moment: is the issue still being sent, does the person still want it, and at which address? Without
        `fields`, what else is known of the person is left out. Of an issue with variants, only messages of `variant`.
        """
        marks = {} if reached is None else reached
        with transaction.atomic():
            rows: list[Row] = []
            for route in routes:
                rows += cls._due(issue, route, variant, number - len(rows), hold, marks)
            known = reachable(audience, (person for _, person, *_ in rows), hold.at, fields)
            found = [
                Due(pk, person or 0, attempts, *known[person], reason.startswith(SPARED))
                for pk, person, attempts, reason, _ in rows
                if person in known
            ]
            cls.objects.filter(pk__among=[due.number for due in found]).update(
                state=cls.State.SUBMITTING, claim=hold.claim, lease_until=hold.until, transport=hold.transport,
                attempts=F("attempts") + 1,
            )  # fmt: skip
            if gone := [pk for pk, person, *_ in rows if person not in known]:
                cls.objects.filter(pk__among=gone).update(state=cls.State.WITHHELD, reason=GONE)
        return found

    @classmethod
    def _due(
        cls, issue: Issue, route: str, variant: str, number: int, hold: Hold, reached: Reached
    ) -> list[Row]:  # fmt: skip
        """Messages of one route that may go now; first what was put off, then what was held.

        Each kind is looked for by itself, so that the database walks its index to them, past nothing else.
        """
        mine = cls.objects.filter(issue=issue, issue__status=Issue.Status.SENDING, route=route)
        if issue.variants:
            # Not if the issue has got another edition since it was read: that is the one to send then.
            mine = mine.filter(variant=variant, issue__edition=issue.edition_id)
        rows = cls._first(mine.filter(state=cls.State.DEFERRED, retry_at__lte=hold.at), number)
        for state in (cls.State.HELD, cls.State.PENDING) if issue.holds else (cls.State.PENDING,):
            due = mine.filter(state=state)
            if state == cls.State.HELD:
                due = due.filter(_let_go(issue, hold.at - hold.ahead))
            rows += cls._onwards(due, (issue.pk, state, route, variant), number - len(rows), reached)
        return rows

    @classmethod
    def _onwards(cls, due: QuerySet[Message], place: Place, number: int, reached: Reached) -> list[Row]:
        """So many that nobody has tried, from the mark on; from the first once there are no more behind it."""
        rows = list[Row]()
        if place in reached:
            hour, last = reached[place]
            rows = cls._first(due.filter(retry_at=hour, pk__gt=last), number)
        if len(rows) < number:
            rows = cls._first(due, number)  # what was put back stands before the mark
        if rows:
            reached[place] = (rows[-1][4], rows[-1][0])
        return rows

    @classmethod
    def _first(cls, due: QuerySet[Message], number: int) -> list[Row]:
        """Lock so many messages, in the order in which they are due."""
        if number <= 0:
            return []
        # Rows that another worker is just taking are passed over instead of waited for.
        skips = connection.features.has_select_for_update_skip_locked
        rows = due.select_for_update(skip_locked=True, of=("self",)) if skips else due
        return list(
            rows.order_by("retry_at", "pk").values_list("pk", "subscriber_id", "attempts", "reason", "retry_at")[
                :number
            ]
        )

    @classmethod
    def renew(cls, claim: uuid.UUID, numbers: Iterable[int], until: datetime) -> set[int]:
        """Hold on to messages for longer, also where the lease has lapsed; return those that the claim still holds.

        What a person has settled meanwhile is in its hands no more.
        """
        held = cls.held_by(claim).filter(pk__among=list(numbers))
        held.update(state=cls.State.SUBMITTING, lease_until=until)
        return set(held.values_list("pk", flat=True))

    @classmethod
    def held_by(cls, claim: uuid.UUID) -> QuerySet[Message]:
        """What a claim holds, or held when it fell silent."""
        # There is an index of the rows with a lease, which are few.
        return cls.objects.filter(
            claim=claim, lease_until__isnull=False, state__in=(cls.State.SUBMITTING, cls.State.UNCERTAIN)
        )

    @classmethod
    def settle(cls, claim: uuid.UUID, verdicts: Sequence[Verdict], now: datetime) -> int:
        """Record what became of messages that this claim holds; return how many rows took it.

        A row already called uncertain takes it too: a late answer is still an answer.
        """
        held = cls.objects.filter(claim=claim, state__in=(cls.State.SUBMITTING, cls.State.UNCERTAIN))
        return settling.settle(held, verdicts, now)

    @classmethod
    def spare(cls, numbers: Iterable[int]) -> set[int]:
        """Put back what was refused for a reason that is not the reader's; return the issues of which there was any."""
        refused = cls.objects.filter(
            pk__among=list(numbers), state__in=(cls.State.FAILED, cls.State.BOUNCED), attempts__gt=0
        )
        found = set(refused.values_list("issue_id", flat=True))
        words = Concat(Value(SPARED), F("reason"))
        refused.update(state=cls.State.PENDING, reason=words, attempts=F("attempts") - 1)
        return found

    @classmethod
    def lapse(cls, now: datetime, lease: timedelta) -> int:
        """Call uncertain what a worker held when it fell silent. Nothing sends it again by itself.

        So is what is held for longer than a lease that is given now could last: by a machine whose clock was ahead, and
        of which nobody would hear for as long as it was. If it is still there, it takes its messages back when it looks
        at them next. The claim stays, so that the worker's late answer, or its journal, still finds the row.
        """
        held = cls.objects.filter(state=cls.State.SUBMITTING).order_by("lease_until")
        overdue, ahead = held.filter(lease_until__lt=now), held.filter(lease_until__gt=now + lease + SKEW)
        # Asked first: every lane looks at every turn. In the index's order, since a database that has not counted the
        # rows yet takes all of them for leased, and would read the whole table.
        found = [rows for rows in (overdue, ahead) if rows.values_list("pk").first() is not None]
        return sum(rows.order_by().update(state=cls.State.UNCERTAIN, reason=claims.SILENT) for rows in found)

    @classmethod
    def bring_back(cls, issue: Issue, now: datetime, wait: timedelta, longest: timedelta) -> int:
        """Let messages that are put off for longer than any are now be tried again after `wait`; return how many.

        A machine whose clock was ahead had put them off. They were refused, so that trying them again is no second
        message; and where a clock is behind instead, they are only tried too early.
        """
        number = 0
        for route in cls.routes_of(issue):
            # By its route, so that the index leads to the last of them at once.
            ahead = cls.objects.filter(
                issue=issue, state=cls.State.DEFERRED, route=route, retry_at__gt=now + longest + SKEW
            )
            if ahead.order_by("-retry_at").values_list("pk").first() is not None:
                number += ahead.update(retry_at=now + wait)
        return number

    @classmethod
    def open_of(cls, issue: Issue) -> QuerySet[Message]:
        """Messages of an issue that are still to be sent or answered."""
        return cls.objects.filter(issue=issue, state__in=_OPEN)

    @classmethod
    def any_open(cls, issue: Issue) -> bool:
        """Whether anything of an issue is still to be sent or answered.

        Asked state by state in the index's order: of a database that counted the rows a while ago it would else be a
        search through all messages for one of many that are no longer there.
        """
        return any(
            cls.objects.filter(issue=issue, state=state).order_by("route", "retry_at", "pk").values_list("pk").first()
            for state in _OPEN
        )

    @classmethod
    def only_held(cls, issue: Issue, now: datetime) -> bool:
        """Whether all that is open of an issue is held, and need be for a while yet."""
        mine = cls.objects.filter(issue=issue)
        if any(
            mine.filter(state=state).order_by("route", "retry_at", "pk").values("pk").first() for state in _OPEN[:3]
        ):
            return False
        held = [mine.filter(state=cls.State.HELD, route=route) for route in cls.routes_of(issue, cls.State.HELD)]
        due = (rows.filter(_let_go(issue, now)).order_by("retry_at", "pk").values("pk").first() for rows in held)
        return bool(held) and not any(due)

    @classmethod
    def routes_of(cls, issue: Issue, *states: str) -> set[str]:
        """The routes of an issue's messages that wait to be sent, or are in some of the states; found by steps along
        the index, past all messages."""
        found = set()
        for state in states or (_WAITING if issue.holds else _WAITING[:2]):
            rows = cls.objects.filter(issue=issue, state=state)
            route = rows.aggregate(first=Min("route"))["first"]
            while route is not None:
                found.add(route)
                route = rows.filter(route__gt=route).aggregate(first=Min("route"))["first"]
        return found

    @classmethod
    def reroute(cls, issue: Issue, routes: Collection[str]) -> int:
        """Let messages of these routes that wait to be sent go by their newsletter's own transport; return how many."""
        return cls.objects.filter(issue=issue, state__in=_WAITING, route__in=routes).update(route=OWN_WAY.value)

    @classmethod
    def counts(cls, issue: Issue) -> dict[str, int]:
        """How many messages are in each state; states without any are left out."""
        found = cls.objects.filter(issue=issue).values_list("state").annotate(Count("pk")).order_by("state")
        return dict(found)


_WAITING = (Message.State.PENDING, Message.State.DEFERRED, Message.State.HELD)
_OPEN = (Message.State.PENDING, Message.State.SUBMITTING, Message.State.DEFERRED, Message.State.HELD)


def _let_go(issue: Issue, now: datetime) -> Q:
    """Of what is held, that which need not be any more: its hour has come, or what it waited for is decided."""
    return Q(retry_at__lte=now) if issue.local_time else Q(retry_at=None, issue__decided_at__isnull=False)


def reachable(
    audience: Audience, people: Iterable[int | None], now: datetime, fields: bool = True
) -> dict[int | None, tuple[str, str, dict[str, Any]]]:
    """Address, name and fields of those people who may be written to now; of `fields` none if they are not asked."""
    wanted = audience.reachable(now).filter(pk__among=[person for person in people if person])
    if fields:
        return {
            pk: (email, name, more) for pk, email, name, more in wanted.values_list("pk", "email", "name", "fields")
        }
    return {pk: (email, name, {}) for pk, email, name in wanted.values_list("pk", "email", "name")}
