"""What a process remembers of the jobs it ran, until it tells the database: all of them at once, and seldom."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from django.db import DatabaseError

from newsletter.models import Beat

log = logging.getLogger(__name__)

EVERY = 15
"""Seconds between two times of telling."""


class Heart:
    """The last run of each job of this process."""

    def __init__(self) -> None:
        self._beats: dict[str, Beat] = {}
        self._told = float("-inf")
        self._lock = threading.Lock()

    def beat(self, job: str, at: datetime, seconds: float, fault: str = "") -> None:
        """Take note of a run, and tell of all if the last time was long enough ago."""
        with self._lock:
            self._beats[job] = Beat(job=job, at=at, seconds=seconds, fault=fault)
            if time.monotonic() - self._told < EVERY:
                return
            self._told, beats, self._beats = time.monotonic(), list(self._beats.values()), {}
        try:
            # Always in one order, so that processes that tell at once do not wait for each other in a circle.
            Beat.tell(sorted(beats, key=lambda one: one.job))
        except DatabaseError as error:
            log.debug("nobody is told which jobs ran: %s", error)
