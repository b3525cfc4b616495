"""Real processes, a real mail server, a real web server and a real database, all on this machine."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import logging
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from aiosmtpd.controller import Controller
from psycopg import sql

from tests import migrated

ROOT = Path(__file__).parents[2]
PATIENCE = 180
"""Seconds that anything may take of which we do not promise how long it takes: the machine may have other work."""

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every line it reads


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what: Callable[[], Any], describe: str, log: Callable[[], str] = str) -> Any:
    """Wait until `what` is true, and return it; fail with a description, and the log as it is then, after PATIENCE."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.1)
    pytest.fail(f"{describe}: not within {PATIENCE} s\n{log()}")


class Mailbox:
    """A real SMTP server (aiosmtpd) that keeps what it accepts."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.senders: dict[str, str] = {}
        self.delay = 0.0
        self.in_hand = self.most_in_hand = 0
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.port = self._controller.port

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.in_hand -= 1
        self.received += [(address, envelope.content) for address in envelope.rcpt_tos]
        self.senders |= dict.fromkeys(envelope.rcpt_tos, envelope.mail_from)
        return "250 kept"

    @property
    def counts(self) -> Counter[str]:
        """How many messages each address has got."""
        return Counter(address for address, _ in list(self.received))

    def messages(self) -> list[EmailMessage]:
        """What was received, parsed."""
        return [email.message_from_bytes(data, policy=email.policy.default) for _, data in self.received]

    def close(self) -> None:
        self._controller.stop()


class Site:
    """A web server that serves what a test puts into `pages`."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked = self.hangs = False
        self._over = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked = True
                if site.hangs:
                    site._over.wait(60)
                    return
                kind, body = site.pages.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


class Publication:
    """A publication folder and the processes that work on it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.database_url = folder, database_url
        self.processes: list[subprocess.Popen[str]] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment: dict[str, str] = {}

    def listen_by_environment(self) -> None:
        """Use this publication's own port though its config.yaml names another."""
        self.environment = {
            "NEWSLETTER_SITE__LISTEN": f"127.0.0.1:{self.port}",
            "NEWSLETTER_SITE__URL": self.url,
        }

    def configure(self, **parts: Any) -> None:
        """Write config.yaml: a newsletter `daily` from the folder `posts` to the list `readers`; parts replace it."""
        newsletter = {
            "title": "The Daily", "sources": ["posts"], "lists": [{"name": "readers", "seed": "readers.csv"}],
            "sender": {"name": "The Daily", "address": "daily@news.example.org"}, "postal_address": "1 Test Street",
            "approval": "automatic", "first_issue": "at_once", "schedule": {"cron": "0 8 * * *", "time_zone": "UTC"},
            **parts.pop("newsletter", {}),
        }  # fmt: skip
        sources = {"posts": {"kind": "folder", "location": "posts"}, **parts.pop("sources", {})}
        config = {
            "site": {"listen": f"127.0.0.1:{self.port}", "url": self.url},
            "database": {"url": self.database_url},
            "collect": {"every": "2s", "sources": sources},
            "newsletters": {"daily": newsletter},
            **parts,
        }
        (self.folder / "posts").mkdir(parents=True, exist_ok=True)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def begin_migrated(self, config: pytest.Config) -> None:
        """Begin with tables on SQLite, as if `newsletter migrate` had been there."""
        var = self.folder / "var"
        var.mkdir(exist_ok=True)
        shutil.copy(migrated.template(config.cache.mkdir("migrated")), var / "newsletter.sqlite3")

    def readers(self, number: int) -> set[str]:
        """Write a list of so many people; return their addresses."""
        people = {f"reader{index}@people.example.org" for index in range(number)}
        lines = "\n".join(f"{address},Reader" for address in sorted(people))
        (self.folder / "readers.csv").write_text(f"email,name\n{lines}\n", encoding="utf-8")
        return people

    def post(self, name: str, text: str) -> None:
        """Put a Markdown file into the folder."""
        (self.folder / "posts" / name).write_text(text, encoding="utf-8")

    def command(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `newsletter` command to its end, in the publication's folder unless another is named."""
        return subprocess.run(
            self._line(arguments), cwd=cwd or self.folder, env=self._env(), capture_output=True, text=True, timeout=120
        )

    def python(self, statements: str) -> None:
        """Run statements of Python where the program's rows are."""
        env = {**self._env(), "DJANGO_SETTINGS_MODULE": "newsletter.settings", "NEWSLETTER_CONFIG": "config.yaml"}
        line = [sys.executable, "-c", f"import django; django.setup(); {statements}"]
        subprocess.run(line, cwd=self.folder, env=env, check=True, timeout=60)

    def facts(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        done = self.command(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def row(self, statement: str) -> tuple[Any, ...] | None:
        """The first row of an answer, asked beside the program; none while there is nothing to ask.

        To wait with: a command would take a second of the processor each time.
        """
        try:
            if self.database_url:
                with psycopg.connect(self.database_url) as server:
                    return server.execute(statement.encode()).fetchone()
            file = f"file:{self.folder / 'var' / 'newsletter.sqlite3'}?mode=rw"
            with closing(sqlite3.connect(file, uri=True, timeout=30)) as connection:
                row: tuple[Any, ...] | None = connection.execute(statement).fetchone()
                return row
        except (psycopg.errors.UndefinedTable, sqlite3.OperationalError):
            return None

    def wait_for(self, what: Callable[[], Any], describe: str) -> Any:
        """Wait until something is true; fail with what the processes have printed."""
        return wait_for(what, describe, self.log)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a `newsletter` command that stays up; its output goes to a file."""
        log = (self.folder / f"{arguments[0]}-{len(self.processes)}.log").open("w")
        process = subprocess.Popen(
            self._line(arguments), cwd=self.folder, env=self._env(), stdout=log, stderr=subprocess.STDOUT, text=True
        )
        log.close()
        self.processes.append(process)
        return process

    def stop_all(self) -> None:
        """Kill whatever still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)

    def log(self) -> str:
        """Everything the processes have printed."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-W", "error::RuntimeWarning", "-m", "newsletter", *arguments]

    def _env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "DJANGO_"))}
        return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200", **self.environment}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


@contextmanager
def postgresql(like: str = "template1") -> Iterator[str]:
    """The address of a new PostgreSQL database like another; skipped, and said so, where no server is reachable."""
    base = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
    name = f"newsletter_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(base, autocommit=True, connect_timeout=3)
    except psycopg.Error as error:
        pytest.skip(f"no PostgreSQL is reachable ({' '.join(str(error).split())})")
    with server:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(make.format(sql.Identifier(name), sql.Identifier(like)))
        yield base.rpartition("/")[0] + f"/{name}"
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    with postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql() -> Iterator[str]:
    """A PostgreSQL database that is migrated, to be copied."""
    with postgresql() as url:
        migrated.migrate(url)
        yield url


@pytest.fixture
def migrated_postgresql_url(migrated_postgresql: str) -> Iterator[str]:
    """A new PostgreSQL database that is migrated, and holds nothing else."""
    with postgresql(like=migrated_postgresql.rpartition("/")[2]) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each of the two databases in turn; the empty string means SQLite where the program puts it."""
    return "" if request.param == "sqlite" else request.getfixturevalue("migrated_postgresql_url")


@pytest.fixture
def publication(tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> Iterator[Publication]:
    """A publication on each database in turn, which is migrated: that takes longer than most of what is tested."""
    made = Publication(tmp_path / "publication", database_url)
    made.folder.mkdir()
    if not database_url:
        made.begin_migrated(request.config)
    yield made
    made.stop_all()
