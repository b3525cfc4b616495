"""Keeping: how long what came back stays as it was seen. What it counted for stays for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from newsletter.config import Config
from newsletter.models import Payload
from newsletter.models.folding import fold

SLICES = 500
"""Transactions of one turn, at most; what is left waits for the next one."""


def forget(config: Config, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Drop events and what providers told whose time is over; return how many events.

    What could not be understood of that is kept as long as events are, so that somebody can look at it.
    """
    keep = config.track.keep
    _each(lambda: Payload.forget(now - min(config.track.keep_payloads, keep), understood=True), stopped)
    _each(lambda: Payload.forget(now - keep, understood=False), stopped)
    return _each(lambda: fold(now - keep), stopped)


def _each(drop: Callable[[], int], stopped: Callable[[], bool]) -> int:
    """Drop slice by slice, until there is nothing more; return how much that was."""
    done = 0
    for _ in range(SLICES):
        if stopped() or not (number := drop()):
            break
        done += number
    return done
