"""The gate: the door of this process with what belongs to it, from the configuration to the threads behind it."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from time import monotonic, time

from newsletter.config import Config
from newsletter.settings import current, signing_keys
from newsletter.track.ingesting import Ingester
from newsletter.track.looking import EVERY, Looking, ask
from newsletter.track.spool import FOLDER, Spool, stuck
from newsletter.track.ways import Door, Known
from newsletter.track.ways.known import FILE


class Gate:
    """Where links and the image of mails are answered in this process, and how what was seen gets on."""

    def __init__(self, config: Config, keys: Sequence[str]) -> None:
        self.known = Known(config.var / FILE, config.database_url)
        self._folder = config.var / FOLDER
        self.spool = Spool(self._folder)
        self.door = Door(self.known, keys, self.spool.write, clicks=config.track.clicks, opens=config.track.opens)
        self.behind_proxy = config.site.behind_proxy
        self.looking, self.ingester = Looking(self.known), Ingester(config)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def ask(self, link: int) -> bool | None:
        """Ask the database for a link: whether there is one; None if it does not answer."""
        return ask(self.known, link)

    def start(self, ingests: bool) -> None:
        """Look for new links behind the answers; and bring hits in, unless another process does that."""
        work = {"links": self._keep_up} | ({"hits": self.ingester.keep_ingesting} if ingests else {})
        for name, run in work.items():
            thread = threading.Thread(target=run, args=(self._stop,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _keep_up(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.looking.try_to_look(monotonic())
            self.spool.leave_if_old()
            stop.wait(EVERY)

    def stop(self) -> None:
        """End; what is not in the database by then waits in its file for the next start."""
        self._stop.set()
        self.spool.leave()
        for thread in self._threads:
            thread.join()

    @property
    def fault(self) -> str:
        """What staff should know, in words; empty if all is well."""
        if self.spool.fault:
            return f"opens and clicks cannot be kept: {self.spool.fault} ({self.spool.lost} lost since the start)"
        if stuck(self._folder, time()):
            return "opens and clicks have not got into the database for ten minutes, and wait"
        return ""


_gates: dict[int, Gate] = {}
_lock = threading.Lock()


def here(ingests: bool = True) -> Gate:
    """The gate of this process, made and started when it is first asked for; after a fork it is another.

    `ingests` says whether one of its threads is to bring hits into the database.
    """
    with _lock:
        process = os.getpid()
        if process not in _gates:
            _gates[process] = Gate(current(), signing_keys())
            _gates[process].start(ingests)
        return _gates[process]


def fault() -> str:
    """What is wrong with the gate of this process, if it has one; empty if nothing is."""
    gate = _gates.get(os.getpid())
    return gate.fault if gate else ""
