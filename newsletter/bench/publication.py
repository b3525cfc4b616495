"""A publication in a folder of its own, with the processes that an operator would start there."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from newsletter.bench import letter, people
from newsletter.bench.scratch import StepFailed
from newsletter.bench.servers import free_port

NAME = "harbours"


class Publication:
    """A newsletter of one story to so many people, that sends itself as soon as it is started."""

    def __init__(self, folder: Path, database: str, send: dict[str, Any], var: Path | None = None) -> None:
        """`send` is that part of its configuration; without a database's address it has SQLite where that belongs."""
        self.folder, self.database, self.var = folder, database, var or folder / "var"
        self.processes: list[subprocess.Popen[str]] = []
        self.started = self.port = 0
        folder.mkdir(parents=True, exist_ok=True)
        letter.write(folder / "posts")
        self.configure(send)

    def readers(self, number: int) -> None:
        """Put so many people on its list."""
        people.write(self.folder / "readers.csv", number)

    def command(self, *arguments: str) -> None:
        """Run a command to its end; raise StepFailed if it does not end well."""
        self._run([sys.executable, "-m", "newsletter", *arguments], arguments[0])

    def step(self, name: str, *arguments: object, module: str = "send_steps") -> dict[str, Any]:
        """Do a step of a module of newsletter.bench in a process of its own, and return its figures."""
        line = [sys.executable, "-m", f"newsletter.bench.{module}", name, *map(str, arguments)]
        figures: dict[str, Any] = json.loads(self._run(line, name).strip().rpartition("\n")[2])
        return figures

    def start(self, *arguments: str, module: str = "newsletter", core: int | None = None) -> subprocess.Popen[str]:
        """Start a command that stays up, on one core if one is named; what it says goes to a file in the folder."""
        self.started += 1
        pinned = None if core is None or not hasattr(os, "sched_setaffinity") else partial(_pin, core)
        with (self.folder / f"{self.started:03}-{(arguments or (module,))[0]}.log").open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", module, *arguments],
                preexec_fn=pinned,
                cwd=self.folder,
                env=environment(),
                stdout=log,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[str]) -> float:
        """Ask a process to end; return how many seconds it took. Raises RuntimeError unless it ends well.

        One that is still being loaded may end by the signal itself.
        """
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        self.processes.remove(process)
        if code not in (0, -signal.SIGTERM):
            raise RuntimeError(f"a process that was asked to stop ended with {code}; see {self.folder}")
        return time.monotonic() - began

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill it at once."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.processes.remove(process)

    def kill_all(self) -> None:
        """Kill whatever still runs."""
        for process in list(self.processes):
            self.kill(process)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database answers, asked beside the program; nothing while it cannot be asked."""
        if self.database.startswith("postgres"):
            return _on_postgresql(self.database, statement)
        try:
            with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as connection:
                return connection.execute(statement).fetchall()
        except sqlite3.OperationalError:
            return []

    def change(self, statement: str) -> None:
        """Change rows beside the program, while it does not run."""
        if self.database.startswith("postgres"):
            import psycopg

            with psycopg.connect(self.database) as server:
                server.execute(statement.encode())
            return
        with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
            connection.execute(statement)

    def said(self) -> str:
        """Everything that the processes have printed."""
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    @property
    def _file(self) -> Path:
        return self.var / "newsletter.sqlite3"

    def _run(self, line: list[str], name: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own program
            line, cwd=self.folder, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StepFailed(f"{name}: {done.stderr.strip().rpartition(chr(10))[2] or 'it ended without a word'}")
        return done.stdout

    def configure(self, send: dict[str, Any], track: dict[str, Any] | None = None) -> None:
        """Write its config.yaml."""
        self.port = port = free_port()
        address = f"127.0.0.1:{port}"
        config = {
            "site": {"listen": address, "url": f"http://{address}", "var": str(self.var)},
            "database": {"url": self.database},
            "collect": {"every": "1h", "sources": {"posts": {"kind": "folder", "location": "posts"}}},
            "send": send,
            "track": track or {},
            "newsletters": {NAME: _newsletter()},
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def _newsletter() -> dict[str, Any]:
    return {
        "title": "Harbours", "layout": "post", "sources": ["posts"], "summary": None, "max": 1,
        "lists": [{"name": "readers", "seed": "readers.csv"}],
        "sender": {"name": "Harbours", "address": "mail@harbours.example.org"}, "postal_address": "1 Quay Street",
        "approval": "automatic", "first_issue": "at_once", "schedule": {"cron": "0 8 1 1 *", "time_zone": "UTC"},
    }  # fmt: skip


def _pin(core: int) -> None:
    os.sched_setaffinity(0, {core})


def environment() -> dict[str, str]:
    """Our own environment, without what would change a publication's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "DJANGO_"))}
    return {**kept, "NO_COLOR": "1", "DJANGO_SETTINGS_MODULE": "newsletter.settings"}


def _on_postgresql(address: str, statement: str) -> list[tuple[Any, ...]]:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=5) as server:
            return server.execute(statement.encode()).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
        return []
