"""Counting in the background what takes too long whenever somebody looks; each page says as of when it was counted.

What is due is found from the rows: nothing is lost if the job breaks off, and two at once only do the same twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from newsletter.config import Config
from newsletter.models import Issue, Message, Rollup, Trial
from newsletter.track.report import cohorts, figures, providers, variants

log = logging.getLogger(__name__)

Of = Rollup.Of
Clock = Callable[[], datetime]
OFTEN = timedelta(minutes=2)
"""At most so often an issue is counted, while it is new."""
SHARE = 20
"""What was counted is never older than so great a part of the issue's age; nor takes counting more of the time."""
DAILY = timedelta(days=1)
SMALL = 10_000
"""Of so many messages or people and fewer, everything is counted when somebody looks."""


def roll_up(config: Config, clock: Clock, stopping: Callable[[], bool] = lambda: False, anew: bool = False) -> int:
    """Count the issues and newsletters whose time has come, or all; return how many."""
    done = 0
    begun: Any = Issue.objects.filter(started_at__isnull=False).order_by("-started_at")
    for issue in begun.annotate(counted_at=Max("rollups__at"), took=Max("rollups__seconds")):
        if stopping():
            return done
        if anew or _due(issue, clock()):
            roll_issue(config, issue, clock)
            done += 1
    for name in config.newsletters:
        kept = Rollup.objects.filter(newsletter=name).first()
        if not stopping() and (anew or kept is None or clock() - kept.at > DAILY):
            roll_newsletter(config, name, clock)
            done += 1
    return done


def roll_issue(config: Config, issue: Issue, clock: Clock) -> None:
    """Count an issue's messages by state, who was left out, and the providers of its readers."""
    own = providers.own_domains(config, issue.newsletter)
    if not (states := _kept(Of.MESSAGES, issue, clock, lambda: list(Message.counts(issue).items()))):
        return
    _kept(Of.EXCLUDED, issue, clock, lambda: list(figures.excluded(issue).items()))
    _kept(Of.PROVIDERS, issue, clock, lambda: providers.rows(providers.count(issue, own)))
    if Trial.objects.filter(issue=issue).exists():
        _kept(Of.VARIANTS, issue, clock, lambda: variants.rows(issue))
    log.debug("%s: counted, %s", issue, dict(states))


def roll_newsletter(config: Config, name: str, clock: Clock) -> None:
    """Count who of a newsletter's lists has stayed."""
    began, at = time.monotonic(), clock()
    rows = cohorts.rows(cohorts.count(config, name, at))
    Rollup.keep(Of.COHORTS, rows, at, time.monotonic() - began, newsletter=name)


def shares_of(config: Config, issue: Issue, messages: int) -> tuple[list[providers.Share] | None, datetime | None]:
    """The providers of an issue of so many messages, and as of when: of a small one, now (None).

    Of a large one that has not been counted yet, nothing.
    """
    if messages <= SMALL:
        return providers.count(issue, providers.own_domains(config, issue.newsletter)), None
    kept = issue.rollups.filter(of=Of.PROVIDERS).first()
    return (providers.read(kept.rows), kept.at) if kept else (None, None)


def cohorts_of(config: Config, name: str, now: datetime) -> tuple[list[cohorts.Cohort] | None, datetime | None]:
    """The cohorts of a newsletter, and as of when, likewise."""
    if cohorts.are_few(config, name, SMALL):
        return cohorts.count(config, name, now), None
    kept = Rollup.objects.filter(newsletter=name, of=Of.COHORTS).first()
    return (cohorts.read(kept.rows), kept.at) if kept else (None, None)


def _kept(of: str, issue: Issue, clock: Clock, count: Callable[[], list[Any]]) -> list[Any]:
    """Count and keep, unless there is nothing: of messages that are gone, what was counted last stays."""
    began, at = time.monotonic(), clock()
    if rows := count():
        Rollup.keep(of, rows, at, time.monotonic() - began, issue=issue)
    return rows


def _due(issue: Any, now: datetime) -> bool:
    """Whether it is time to count an issue again; it says when it was counted last, and how long each part took."""
    if issue.counted_at is None:
        return True
    rest = max(OFTEN, (now - issue.started_at) / SHARE, timedelta(seconds=issue.took * SHARE))
    return bool(now - issue.counted_at >= rest)
