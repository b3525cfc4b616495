"""A process of ours beside this one: it ends with us, however we end, and is started again should it end before."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

log = logging.getLogger(__name__)

REST = 10.0
"""Seconds before one is started again."""


class Beside:
    """A module that runs as a program beside us, for as long as its standard input is open."""

    def __init__(self, module: str) -> None:
        self._module, self._stop = module, threading.Event()
        self._process = self._started()
        self._thread = threading.Thread(target=self._mind, name=module, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let it end, and wait for it."""
        self._stop.set()
        self._end()
        self._thread.join()

    def _end(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()

    def _mind(self) -> None:
        while True:
            code = self._process.wait()
            if self._stop.is_set():
                return
            log.error("%s has ended with %d, and is started again in %d s", self._module, code, REST)
            if self._stop.wait(REST):
                return
            self._process = self._started()
            if self._stop.is_set():
                self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", self._module]
        return subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own module
