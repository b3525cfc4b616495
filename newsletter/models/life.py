"""Signs of life: when a person was last seen to read, write or choose anything; and who has shown none for long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from newsletter.models.event import READING
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.poll import Like, Vote
from newsletter.models.reply import Reply
from newsletter.models.sign import Sign
from subscribers.models import Consent, Origin, Subscriber, Subscription, Suppression

CHUNK = 2000
"""People looked at with one statement for each kind of sign."""
_SENT = (Message.State.SUBMITTED, Message.State.DELIVERED)
_OWN = (Origin.PAGE, Origin.EMBED, Origin.MAIL, Origin.ONE_CLICK, Origin.PREFERENCES)
# What people did themselves; but anybody may ask for a list under anybody's address.
_CHOSEN = Q(source__in=_OWN, by="") & ~Q(action=Consent.Action.ASKED) | Q(action=Consent.Action.STAYED)


def last_signs(people: Sequence[int]) -> dict[int, datetime]:
    """The last sign of life of each of these people."""
    signs: dict[int, datetime] = {}
    for rows in _signs(people):
        for person, at in rows:
            if at is not None and at > signs.get(person, at.min.replace(tzinfo=at.tzinfo)):
                signs[person] = at
    return signs


def silent(issues: int, now: datetime) -> Iterator[list[int]]:
    """Active people who were sent so many issues since their last sign of life, a chunk at a time.

    Only who can be written to at all: on a list, not suppressed, not pausing.
    """
    begun = Issue.public().order_by("-started_at").values_list("started_at", flat=True)[issues - 1 : issues]
    if not (horizon := begun.first()):
        return
    after = 0
    # By their own row first, then by others': one statement for both would have the database walk all lists each time.
    while people := list(_quiet(horizon, now).filter(pk__gt=after).values_list("pk", flat=True)[:CHUNK]):
        since = _since(people, issues)
        signs = last_signs(list(since))
        yield [pk for pk, nth in since.items() if signs[pk] < nth]
        after = people[-1]


def _quiet(horizon: datetime, now: datetime) -> QuerySet[Subscriber]:
    """Who may be silent, by what their own row says."""
    return Subscriber.objects.filter(
        Q(opened_at=None) | Q(opened_at__lt=horizon), Q(clicked_at=None) | Q(clicked_at__lt=horizon),
        Q(paused_until=None) | Q(paused_until__lte=now), created_at__lt=horizon, status=Subscriber.Status.ACTIVE,
    ).order_by("pk")  # fmt: skip


def _since(people: Sequence[int], issues: int) -> dict[int, datetime]:
    """When the last so many issues began to reach them, those of these people who can be written to and had so many."""
    sent = Message.objects.filter(subscriber=OuterRef("pk"), state__in=_SENT, submitted_at__isnull=False)
    nth = Subquery(sent.order_by("-submitted_at").values("submitted_at")[issues - 1 : issues])
    on_a_list = Subscription.objects.filter(subscriber=OuterRef("pk"), status=Subscription.Status.ACTIVE)
    held = Suppression.objects.filter(key=OuterRef("key"))
    reachable = Subscriber.objects.filter(Exists(on_a_list), ~Exists(held), pk__in=people)
    rows = reachable.annotate(nth=nth).order_by("pk").values_list("pk", "nth")
    return {pk: at for pk, at in rows if at is not None}


def _signs(people: Sequence[int]) -> Iterator[Iterable[tuple[int, datetime | None]]]:
    """Each kind of sign: whose, and when last."""
    own = Subscriber.objects.filter(pk__in=people).values_list("pk", "created_at", "opened_at", "clicked_at")
    yield [(person, at) for person, *moments in own for at in moments]
    for rows, whose, moment in (
        (Subscription.objects.filter(status=Subscription.Status.ACTIVE), "subscriber", "joined_at"),
        (Consent.objects.filter(_CHOSEN), "subscriber", "at"),
        (Sign.objects.filter(kind__in=READING, link=None, human__gt=0), "message__subscriber", "last_at"),
        (Reply.objects.exclude(state=Reply.State.UNCONFIRMED), "subscriber", "received_at"),
        (Like.objects.all(), "subscriber", "at"),
        (Vote.objects.all(), "subscriber", "at"),
    ):
        mine = rows.filter(**{f"{whose}__in": people}).order_by()
        yield mine.values_list(whose).annotate(last=Max(moment))
