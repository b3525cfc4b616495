"""A place of its own to measure in: a database, made and dropped again, and processes that each do one step there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit


class StepFailed(RuntimeError):
    """A step ended without figures; the message is the last of what it said."""


@dataclass(frozen=True)
class Scratch:
    """An empty database and a folder, and the environment that makes the program use them."""

    url: str
    folder: Path
    steps: str = "steps"
    """The module of `newsletter.bench` that has the steps."""

    def step(self, name: str, *arguments: object) -> dict[str, Any]:
        """Do a step in a process of its own, and return its figures.

        Of its own, so that the peak of its memory is its own too.
        """
        return self.run(f"newsletter.bench.{self.steps}", name, *arguments)

    def run(self, module: str, name: str, *arguments: object) -> dict[str, Any]:
        """Run a module of steps in a process of its own, and return its figures."""
        command = [sys.executable, "-m", module, name, *map(str, arguments)]
        environment = {
            **os.environ,
            "NEWSLETTER_DATABASE__URL": self.url,
            "NEWSLETTER_SITE__VAR": str(self.folder / "var"),
            "DJANGO_SETTINGS_MODULE": "newsletter.settings",
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise StepFailed(f"{name}: {done.stderr.strip().rpartition(chr(10))[2] or 'it ended without a word'}")
        figures: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
        return figures


@contextmanager
def scratch(server: str, steps: str = "steps") -> Iterator[Scratch]:
    """A scratch database: a SQLite file, or one on the PostgreSQL server of this address, dropped in the end."""
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name:
        folder = Path(name)
        if not server.startswith("postgres"):
            yield Scratch(f"sqlite:///{folder / 'bench.sqlite3'}", folder, steps)
            return
        database = f"newsletter_bench_{os.getpid()}"
        _on(server, f"CREATE DATABASE {database}")
        try:
            yield Scratch(urlunsplit(urlsplit(server)._replace(path=f"/{database}")), folder, steps)
        finally:
            _on(server, f"DROP DATABASE {database} WITH (FORCE)")


def _on(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
