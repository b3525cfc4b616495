"""What staff ask for at the desk and a job does behind the answer: the page shows how it goes, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event

from newsletter.chores import fetching, looking, testing, visiting
from newsletter.chores.doing import Doing, Undone
from newsletter.config import Config
from newsletter.models import Chore

__all__ = ["KINDS", "Doing", "Undone", "carry_on", "testing"]

log = logging.getLogger(__name__)

KINDS: dict[str, Callable[[Doing], dict[str, object]]] = {
    Chore.Kind.TEST: testing.carry_out,
    Chore.Kind.VISIT: visiting.carry_out,
    Chore.Kind.LOOK: looking.carry_out,
    Chore.Kind.PAGE: fetching.carry_out,
}


def carry_on(config: Config, key: str, clock: Callable[[], datetime], stop: Event) -> None:
    """Do what waits, one after another; several workers may do so at once, each with other chores."""
    if lost := Chore.lapse(clock()):
        log.warning("%d things that staff had asked for were lost half way, and they are told so", lost)
    for chore in Chore.waiting():
        if stop.is_set():
            return
        if chore.take(clock()):
            _do(Doing(config, key, clock, chore))


def _do(doing: Doing) -> None:
    chore = doing.chore
    try:
        chore.finish(doing.clock(), KINDS[chore.kind](doing))
    except Undone as fault:
        chore.finish(doing.clock(), fault=str(fault))
    except Exception as error:
        log.exception("%s failed", chore)
        chore.finish(doing.clock(), fault=f"this should not have happened ({type(error).__name__}); the log has more")
