"""A publication in a folder of its own, with the processes that an operator would start there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from newsletter.bench import letter, people
from newsletter.bench.servers import free_port
from newsletter.config.sending import Smtp

NAME = "harbours"
LEASE = "10s"


class Publication:
    """A newsletter of one story to so many people, that sends itself as soon as it is started."""

    def __init__(self, folder: Path, database: str, server: dict[str, Any], *, connections: int, var: Path) -> None:
        self.folder, self.database, self.var = folder, database, var
        self.processes: list[subprocess.Popen[str]] = []
        self.started = 0
        folder.mkdir(parents=True, exist_ok=True)
        letter.write(folder / "posts")
        self._configure(server, connections)

    def readers(self, number: int) -> None:
        """Put so many people on its list."""
        people.write(self.folder / "readers.csv", number)

    def command(self, *arguments: str) -> None:
        """Run a command to its end; raise subprocess.CalledProcessError if it fails."""
        subprocess.run(  # noqa: S603 - our own program
            self._line(arguments), cwd=self.folder, env=environment(), check=True, capture_output=True, text=True
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that stays up; what it says goes to a file in the folder."""
        self.started += 1
        with (self.folder / f"{self.started:03}-{arguments[0]}.log").open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                self._line(arguments), cwd=self.folder, env=environment(), stdout=log, stderr=log, text=True
            )
        self.processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[str]) -> float:
        """Ask a process to end; return how many seconds it took. Raises RuntimeError unless it ends well."""
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        self.processes.remove(process)
        if code:
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

    def said(self) -> str:
        """Everything that the processes have printed."""
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    @property
    def _file(self) -> Path:
        return self.var / "newsletter.sqlite3"

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "newsletter", *arguments]

    def _configure(self, server: dict[str, Any], connections: int) -> None:
        port = free_port()
        smtp = {"host": "127.0.0.1", **server}
        if "connections" in Smtp.model_fields:
            smtp["connections"] = connections
        config = {
            "site": {"listen": f"127.0.0.1:{port}", "url": f"http://127.0.0.1:{port}", "var": str(self.var)},
            "database": {"url": self.database},
            "collect": {"every": "1h", "sources": {"posts": {"kind": "folder", "location": "posts"}}},
            "send": {"transport": "smtp", "lease": LEASE, "workers": 4, "smtp": smtp, "retry": {"first": "2s"}},
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


def environment() -> dict[str, str]:
    """Our own environment, without what would change a publication's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "DJANGO_"))}
    return {**kept, "NO_COLOR": "1"}


def _on_postgresql(address: str, statement: str) -> list[tuple[Any, ...]]:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=5) as server:
            return server.execute(statement.encode()).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
        return []
