"""A/B tests on their way: when the wait begins and ends, and who says then which variant the rest gets.

What is due is found from the rows, and each step is a guarded update: two machines at once do each of them once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from newsletter.config import Config
from newsletter.models import Errand, Issue, Message, Trial
from newsletter.models.counting import by_state
from newsletter.track.report import variants
from newsletter.track.report.variants import Verdict

log = logging.getLogger(__name__)

State = Message.State
TO_GO = (State.PENDING, State.SUBMITTING)
"""While a variant's message stands there, the variants have not gone out. What is put off is not waited for."""


def countable(config: Config, newsletter: str, measure: str) -> bool:
    """Whether it is known of which readers clicks or opens are: without that nothing says which variant is better."""
    counted = config.track.clicks if measure == Trial.Measure.CLICKS else config.track.opens
    return counted and config.closely(newsletter) == "individual"


def decide_trials(clock: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False) -> int:
    """Take every trial that is under way a step further; return how many winners were found."""
    done = 0
    for trial in Trial.undecided():
        if stopping():
            break
        try:
            done += see_to(trial, clock())
        except Exception:
            log.exception("%s: this failed, and is tried again at the next turn", trial)
    return done


def see_to(trial: Trial, now: datetime) -> bool:
    """Begin the wait once the variants have gone out; end it; say whether this call has found the winner."""
    if trial.ends_at is None:
        if has_gone(trial.issue):
            trial.over_at(now + trial.wait)
        return False
    if now < trial.ends_at:
        return False
    if trial.way == Trial.Way.BY_HAND:
        with transaction.atomic():
            if trial.ask(now):
                _tell(trial, "decide", "", now)
        return False
    found = variants.verdict(trial, variants.count(trial))
    return _decided(trial, found, now)


def choose(trial: Trial, letter: str, by: Any, now: datetime) -> bool:
    """Let a person's choice go to the rest, whatever the trial waits for; say whether it was the first word on it.

    Raises TransitionRefused, and Variant.DoesNotExist.
    """
    trial.variant(letter)
    # Somebody waits for the answer: of a large issue, what was counted in the background is told.
    told = variants.standings(trial, sum(by_state(trial.issue).values()))
    found = variants.chosen(trial, letter, told.rows if told else ())
    return _decided(trial, found, now, by)


def has_gone(issue: Issue) -> bool:
    """Whether every variant that can go now has gone; not while nobody is meant at all."""
    messages = Message.objects.filter(issue=issue)
    if messages.filter(state__in=TO_GO, variant__gt="").exists():
        return False
    return messages.exclude(state=State.EXCLUDED).exists()


def _decided(trial: Trial, found: Verdict, now: datetime, by: Any = None) -> bool:
    with transaction.atomic():
        if not trial.decide(found.letter, now, found.words, found.confidence, by):
            return False
        _tell(trial, "decided", f"Variant {found.letter.upper()}: {found.words}", now, by)
    log.info("%s: %s", trial, found.words)
    return True


def _tell(trial: Trial, news: str, reason: str, now: datetime, by: Any = None) -> None:
    facts = {
        "issue": trial.issue_id, "news": news, "by": by.get_full_name() or by.get_username() if by else "",
        "reason": reason, "not_to": by.email if by else "",
    }  # fmt: skip
    Errand.leave(Errand.Kind.NEWS, facts, now)
