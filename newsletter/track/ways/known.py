"""What is known of links without asking the database: where each leads, in memory, and in a file for the next start."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

FILE = "destinations"
"""The file's name under `site.var`."""


class Destination(NamedTuple):
    """The issue that a link belongs to, and where it leads; to nowhere if its address is none for the web."""

    issue: int
    location: str


class Known:
    """Where links lead. Whoever asks the database puts in what it says, and takes out what is gone.

    The file is for a process that starts while the database is away. It is of one database: another's numbers are
    other links. One that cannot be read or written is as good as none.
    """

    def __init__(self, file: Path, database: str) -> None:
        """`database` is the address of the database whose links these are."""
        self._file = file
        self._head = {"links of": hashlib.sha256(database.encode()).hexdigest()[:16]}
        self._there: dict[int, Destination] = {}
        self._is_kept, self._is_failing = True, False
        # Looked up for each click, so without a call of ours between.
        self.get: Callable[[int], Destination | None] = self._there.get
        self._read()

    def __len__(self) -> int:
        return len(self._there)

    def numbers(self) -> Collection[int]:
        """The links that are known."""
        return self._there.keys()

    def learn(self, links: Mapping[int, Destination]) -> None:
        """Put these in."""
        if any(self._there.get(number) != to for number, to in links.items()):
            self._is_kept = False
            self._there.update(links)

    def forget(self, numbers: Iterable[int]) -> None:
        """Take these out."""
        for number in numbers:
            if self._there.pop(number, None):
                self._is_kept = False

    def keep(self) -> None:
        """Write the file anew, whole or not at all, unless it says all of this already."""
        if self._is_kept:
            return
        self._is_kept = True
        draft = self._file.with_suffix(f".{os.getpid()}")
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as out:
                out.write(json.dumps(self._head) + "\n")
                out.writelines(f"{number}\t{to.issue}\t{to.location}\n" for number, to in dict(self._there).items())
            draft.replace(self._file)
            self._is_failing = False
        except OSError as error:
            self._is_kept = False
            if not self._is_failing:
                log.warning("where links lead is not kept for a start without the database: %s", error)
            self._is_failing = True
            draft.unlink(missing_ok=True)

    def _read(self) -> None:
        try:
            head, *lines = self._file.read_text(encoding="utf-8").splitlines()
            if json.loads(head) != self._head:
                return
            for line in lines:
                number, issue, location = line.split("\t")
                self._there[int(number)] = Destination(int(issue), location)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("where links lead cannot be read from %s: %s", self._file, error)
