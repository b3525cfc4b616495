"""Watching: the latest issues, looked at every few minutes for what the figures should not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from newsletter.config import Config, SendGrid
from newsletter.models import Alarm, Event, Issue, Message, Payload, Tally
from newsletter.track.alarms.sounding import sound

Kind, State, Cause = Event.Kind, Message.State, Alarm.Cause

OF_LATE = timedelta(days=14)
"""Issues that began to be sent longer ago are not looked at any more."""
SETTLED = timedelta(hours=1)
"""Clicks are looked at once they have been judged for good."""
_SENT = (State.SUBMITTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)
_NEVER = (State.EXCLUDED, State.HELD, State.PENDING, State.WITHHELD)
_ONCE = (Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED, Kind.DROPPED)


@dataclass(frozen=True)
class Look:
    """An issue and its figures at one moment."""

    issue: Issue
    states: dict[str, int]
    tallies: dict[str, tuple[int, int]]
    """Of each kind: how many events, and of how many messages."""
    now: datetime

    @property
    def sent(self) -> int:
        """Messages that went out and were not refused at once."""
        return sum(self.states.get(state, 0) for state in _SENT)

    @property
    def tried(self) -> int:
        """Messages that may have gone out."""
        return sum(count for state, count in self.states.items() if state not in _NEVER)

    def messages(self, *kinds: str) -> int:
        """Of how many messages such a thing is told."""
        return sum(self.tallies.get(kind, (0, 0))[1] for kind in kinds)


def watch(config: Config, now: datetime) -> int:
    """Look at the latest issues, and tell staff what is odd; return how many alarms that were."""
    found = 0
    for issue in Issue.objects.filter(started_at__gte=now - OF_LATE).order_by("pk"):
        look = _look(issue, now)
        for cause, words in _odd(config, look):
            found += sound(config, issue, cause, words, now)
    return found


def _look(issue: Issue, now: datetime) -> Look:
    rows = issue.tallies.filter(link=None).order_by().values_list("kind").annotate(Sum("events"), Sum("messages"))
    return Look(issue, Message.counts(issue), {kind: (events, some) for kind, events, some in rows}, now)


def _odd(config: Config, look: Look) -> Iterator[tuple[Alarm.Cause, str]]:
    if words := _too_many(look):
        yield Cause.TOO_MANY, words
    for cause, kinds, percent, name in (
        (Cause.COMPLAINTS, (Kind.COMPLAINED,), config.track.alarms.complaints, "were called spam"),
        (Cause.BOUNCES, (Kind.BOUNCED, Kind.SOFT_BOUNCED), config.track.alarms.bounces, "bounced"),
    ):
        number = look.messages(*kinds)
        if number >= config.track.alarms.least and number * 100 > percent * look.sent:
            share = f"{100 * number / look.sent:.2g} %" if look.sent else "all"
            yield cause, f"{number:,} of {look.sent:,} messages {name}, {share}; no more than {percent:g} % should be"
    if words := _silent(config, look):
        yield Cause.SILENT, words
    if words := _only_bots(config, look):
        yield Cause.ONLY_BOTS, words


def _too_many(look: Look) -> str:
    for kind in _ONCE:
        events = look.tallies.get(kind, (0, 0))[0]
        if events > look.tried:
            return (
                f"There are {events:,} events that say “{kind.label}”, and only {look.tried:,} messages went out: some "
                "went twice, or somebody else's events are taken for ours"
            )
    return ""


def _silent(config: Config, look: Look) -> str:
    """SendGrid posts `processed` within seconds of taking a message; where nothing came, its webhook does not work."""
    names = [name for name, one in config.transports.items() if isinstance(one, SendGrid)]
    quiet = config.track.alarms.silence
    if not (config.track.sendgrid.verification_key and names):
        return ""
    went = look.issue.messages.filter(transport__in=names, state=State.SUBMITTED, submitted_at__lt=look.now - quiet)
    if Payload.objects.filter(source="sendgrid", received_at__gte=look.issue.started_at).exists() or not went.exists():
        return ""
    hours = quiet.total_seconds() / 3600
    return (
        f"SendGrid took messages more than {hours:g} hours ago, and its Event Webhook has told nothing since: is it "
        f"switched on, signed, and led to {config.site.url}/hooks/sendgrid/events/?"
    )


def _only_bots(config: Config, look: Look) -> str:
    rows = Tally.objects.filter(issue=look.issue, kind=Kind.CLICK, link__isnull=False).order_by().values("link__url")
    counted = rows.annotate(all=Sum("events"), people=Sum("human"), late=Sum("events", filter=_lately(look.now)))
    odd = counted.filter(people=0, all__gte=config.track.alarms.least).filter(Q(late=None) | Q(late=0))
    urls = [str(row["link__url"]) for row in odd.order_by("-all")[:3]]
    more = odd.count() - len(urls)
    others = f" and {more} more" if more > 0 else ""
    return f"Only programs followed {', '.join(urls)}{others}: is it a link that no reader sees?" if urls else ""


def _lately(now: datetime) -> Q:
    return Q(hour__gt=now - SETTLED - timedelta(hours=1))
