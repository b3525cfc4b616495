"""Ingesting: what stands in the spool comes into the database, each hit once, whatever dies meanwhile.

How far a file has come is a row that changes with the events, in one transaction. So a process that is killed, or a
commit whose answer is lost, leaves either both or neither, and whoever comes next asks the row where to go on. One
process of a machine does it at a time, for all of them.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event as Stop

from django.db import Error, connection, transaction
from django.utils import timezone

from newsletter.config import Config
from newsletter.models import Spooled
from newsletter.track import spool
from newsletter.track.intake import ingest
from newsletter.track.judging.intake import happenings

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks at the spool."""
REST = 10.0
"""Seconds until the database is asked again that has failed."""
_LOCK = "ingesting.lock"


class Moved(RuntimeError):
    """Somebody else has brought this in meanwhile."""


class Ingester:
    """Brings the hits of a spool in, and counts what it could not use."""

    def __init__(self, config: Config) -> None:
        self._config, self._folder = config, config.var / spool.FOLDER
        self._reached: dict[str, int] = {}
        """How far files have come that are still written to, so that the database is asked only if there is more."""
        self.fault = ""
        """Why hits do not get into the database; empty if they do."""
        self.strange = 0
        """Hits of no message, or with a link that is not their message's, since the process began."""
        self.bad = 0
        """Lines that held no hit."""

    def keep_ingesting(self, stop: Stop) -> None:
        """Bring in what comes, until somebody asks to stop."""
        while not stop.is_set():
            rest = EVERY
            try:
                with alone(self._folder) as ours:
                    if ours:
                        self.ingest(stop)
                self._well()
            except (Error, OSError, Moved) as error:
                self._unwell(str(error))
                rest = REST
            except Exception as error:
                log.exception("opens and clicks cannot be brought in")
                self._unwell(str(error))
                rest = REST
            stop.wait(rest)
        connection.close()

    def ingest(self, stop: Stop | None = None) -> int:
        """Bring in what stands in the files now; return how many hits that were."""
        return sum(self._file(file, stop) for file in spool.waiting(self._folder) if not (stop and stop.is_set()))

    def _file(self, file: Path, stop: Stop | None) -> int:
        number = 0
        try:
            with spool.opened(file) as (handle, complete):
                if not complete and os.fstat(handle).st_size <= self._reached.get(file.name, 0):
                    return 0
                # The row knows better than we do, after a commit whose answer was lost.
                reached = Spooled.reached(file.name)
                for page in spool.pages(handle, reached, complete) if reached is not None else ():
                    number += self._page(file.name, page)
                    if stop and stop.is_set():
                        return number
                if complete:
                    self._finish(file)
        except FileNotFoundError:
            pass  # another process was here first
        return number

    def _page(self, name: str, page: spool.Page) -> int:
        now = timezone.now()
        told = happenings(page.hits, self._config)
        with transaction.atomic():
            if not Spooled.advance(name, page.start, page.end):
                raise Moved(f"{name} is being brought in by somebody else")
            taken = ingest(told, self._config, now)
        self._reached[name] = page.end
        self.strange, self.bad = self.strange + taken.strange, self.bad + page.bad
        if page.bad:
            log.warning("%d lines of %s hold no hit: cut short, or lost with the machine's power", page.bad, name)
        return len(page.hits)

    def _finish(self, file: Path) -> None:
        """The file goes for good, then its row: without its row a file would be read once more."""
        Spooled.finish(file.name, timezone.now())
        spool.drop(file)
        Spooled.objects.filter(name=file.name).delete()
        self._reached.pop(file.name, None)

    def _well(self) -> None:
        if self.fault:
            self.fault = ""
            log.info("opens and clicks go into the database again")

    def _unwell(self, error: str) -> None:
        connection.close()
        if not self.fault:
            log.error("opens and clicks do not get into the database, and wait in %s: %s", self._folder, error)
        self.fault = "opens and clicks do not get into the database, and wait"


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else on this machine brings hits in; nobody else begins to as long as this lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
            return
        yield False
    finally:
        os.close(handle)
