"""Keeping: how long what came back stays as it was seen. What it counted for stays for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from newsletter.config import Config
from newsletter.models.folding import fold

SLICES = 500
"""Transactions of one turn, at most; what is left waits for the next one."""


def forget(config: Config, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Drop events whose time is over, slice by slice; return how many."""
    done = 0
    for _ in range(SLICES):
        if stopped() or not (number := fold(now - config.track.keep)):
            break
        done += number
    return done
