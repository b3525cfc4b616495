"""The sunset rule: who shows no sign of life is asked whether to go on, and let go if they do not answer.

Every step is a guarded change of rows, so it may break off, run twice or side by side. Before anybody is asked or let
go it looks whether the figures can be true at all: a broken counter of opens must not put a whole list to sleep.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from threading import Event as Stop
from typing import TypeVar

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from newsletter import links, tokens
from newsletter.config import Config, Problem
from newsletter.models import Event, Hitch, Issue, Message, Notice, Tally
from newsletter.models.life import CHUNK, last_signs, silent
from newsletter.models.reply import digest
from subscribers.models import Occasion, Origin, Subscriber
from subscribers.sunset import ask_anew, ask_to_stay, stay, stop

log = logging.getLogger(__name__)

NAME = "sunset"
DAY = timedelta(days=1)
AT_ONCE = 500
"""People asked in one transaction."""
Status = Subscriber.Status
T = TypeVar("T")


@dataclass(frozen=True)
class Outlook:
    """What the rule would do at a moment."""

    config: Config
    now: datetime

    @cached_property
    def to_ask(self) -> list[int]:
        """Who would be asked whether to go on."""
        issues = self.config.audience.sunset.issues
        return [person for chunk in silent(issues, self.now) for person in chunk] if issues else []

    @cached_property
    def waiting(self) -> int:
        """How many have been asked and may still answer."""
        return Subscriber.objects.filter(status=Status.ASKED).count()

    @cached_property
    def readers(self) -> int:
        """How many are written to."""
        return Subscriber.objects.exclude(status=Status.DORMANT).count()

    @property
    def to_stop(self) -> int:
        """How many were asked long enough ago, and have not answered."""
        return _answerless(self.config, self.now).count()

    @cached_property
    def hindrance(self) -> str:
        """Why nobody must be asked or let go now, or the empty string."""
        rule = self.config.audience.sunset
        if not self.config.track.opens:
            return "opens are not counted (`track.opens`), so that most readers show no sign of life"
        if quiet := _unopened(self.now - rule.wait, self.now):
            return (
                f"not one open was recorded of {quiet} issues sent since {self.now - rule.wait:%Y-%m-%d}: "
                "look whether the address in `site.url` can be reached from outside"
            )
        quiet = len(self.to_ask) + self.waiting
        if quiet * 100 > rule.share * self.readers:
            return (
                f"{quiet} of {self.readers} readers seem to read nothing, more than {rule.share} %: look whether opens "
                "are counted as they should be; if they are, raise `audience.sunset.share` for once"
            )
        return ""


def sunset(config: Config, key: str, now: datetime, halt: Stop) -> Outlook | None:
    """Carry out the rule of config.yaml, as far as it can be trusted; what it saw, or None where there is none."""
    if config.audience.sunset.issues is None:
        Hitch.report(NAME, "", now)
        return None
    _welcome_back(now)
    _ask_anew(config, now)
    outlook = Outlook(config, now)
    Hitch.report(NAME, outlook.hindrance, now)
    if outlook.hindrance:
        log.error("nobody is asked whether to stay, and nobody is let go: %s", outlook.hindrance)
        return outlook
    _let_go(config, now)
    _ask(config, key, outlook.to_ask, now, halt)
    return outlook


def check(config: Config) -> list[Problem]:
    """What keeps the rule from being carried out, as its last turn found it."""
    held = Hitch.objects.filter(name=NAME).first() if config.audience.sunset.issues else None
    return [Problem("audience.sunset", f"since {held.since:%Y-%m-%d}: {held.reason}")] if held else []


def _unopened(since: datetime, now: datetime) -> int:
    """How many issues were sent since a moment, a day ago at least, if nobody opened one of them; else none."""
    sent = Issue.public().filter(started_at__gte=since, finished_at__lte=now - DAY)
    opened = Tally.objects.filter(issue__in=sent, kind=Event.Kind.OPEN, events__gt=0).exists()
    return 0 if opened else sent.count()


def _welcome_back(now: datetime) -> None:
    """Who opened, followed or wrote something after being asked goes on."""
    occasion = Occasion(now, Origin.RULE, "showed a sign of life after being asked")
    asked = Subscriber.objects.filter(status=Status.ASKED).order_by("pk").values_list("pk", "asked_at")
    for rows in _chunks(list(asked), CHUNK):
        signs = last_signs([pk for pk, _ in rows])
        stay([pk for pk, at in rows if at is None or signs[pk] > at], occasion)


def _ask_anew(config: Config, now: datetime) -> None:
    """Whom the question has not reached by the end of its time, as far as anybody knows, is as before."""
    ours = Notice.objects.filter(subscriber=OuterRef("pk"), kind=Notice.Kind.WIN_BACK).order_by("-pk")
    asked = Subscriber.objects.filter(status=Status.ASKED, asked_at__lte=now - config.audience.sunset.wait)
    on_the_way = (Notice.State.PENDING, Notice.State.SUBMITTING, Notice.State.SUBMITTED)
    lost = asked.annotate(fate=Subquery(ours.values("state")[:1])).exclude(fate__in=on_the_way)
    ask_anew(lost.values_list("pk", flat=True))


def _let_go(config: Config, now: datetime) -> None:
    """Stop writing to those who got our question and did not answer."""
    occasion = Occasion(now, Origin.RULE, "asked whether to stay, and did not answer")
    for chunk in _chunks(list(_answerless(config, now).values_list("pk", flat=True)), AT_ONCE):
        stop(chunk, occasion)


def _answerless(config: Config, now: datetime) -> QuerySet[Subscriber]:
    """Those who were asked by a mail that was taken long enough ago; not those whom it may never have reached."""
    ours = Notice.objects.filter(subscriber=OuterRef("pk"), kind=Notice.Kind.WIN_BACK).order_by("-pk")
    asked = Subscriber.objects.filter(status=Status.ASKED).annotate(told=Subquery(ours.values("submitted_at")[:1]))
    return asked.filter(told__lte=now - config.audience.sunset.wait).order_by("pk")


def _ask(config: Config, key: str, people: Sequence[int], now: datetime, halt: Stop) -> None:
    """Have a mail sent to each of these, from the newsletter that wrote to them last."""
    occasion = Occasion(now, Origin.RULE, f"no sign of life in {config.audience.sunset.issues} issues")
    for chunk in _chunks(people, AT_ONCE):
        if halt.is_set():
            return
        with transaction.atomic():
            # The mark and the mail are one: nobody is asked without a mail, and nobody gets two.
            asked = ask_to_stay(chunk, occasion)
            Notice.objects.bulk_create([_notice(config, key, *row, now) for row in _addressed(asked)])


def _addressed(people: Sequence[int]) -> Iterator[tuple[Subscriber, str]]:
    """The people, each with the newsletter that wrote to them last."""
    sent = Message.objects.filter(subscriber=OuterRef("pk"), submitted_at__isnull=False).order_by("-submitted_at")
    rows = Subscriber.objects.filter(pk__in=people).annotate(letter=Subquery(sent.values("issue__newsletter")[:1]))
    for one in rows.order_by("pk"):
        yield one, one.letter


def _notice(config: Config, key: str, person: Subscriber, letter: str, now: datetime) -> Notice:
    until = now + config.audience.sunset.wait
    known = letter if letter in config.newsletters else next(iter(config.newsletters))
    facts = {
        "stay_url": links.stay(config, tokens.sign(person.pk, key, tokens.STAY)), "expires": until.isoformat(),
        "preferences_url": links.preferences(config, tokens.sign(person.pk, key, tokens.SUBSCRIBER)),
    }  # fmt: skip
    return Notice(
        kind=Notice.Kind.WIN_BACK, newsletter=known, to=person.email, name=person.name, subscriber=person,
        created_at=now, until=until, facts=facts, dedupe=digest(f"stay {person.pk} {now.isoformat()}"),
    )  # fmt: skip


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
