"""A PostgreSQL server of one's own, gone afterwards, which may be stopped in the middle of things."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newsletter.bench.servers import NotHere, cpu_of, free_port

OWNER = "postgres"
"""Who runs it where we are root, which it refuses to run as."""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """Where its first database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def database(self, name: str) -> str:
        """Make a database, and return its address."""
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        return self.address.rpartition("/")[0] + f"/{name}"

    def restart(self, mode: Literal["fast", "immediate"]) -> None:
        """Stop it, in order or as a crash would, and start it again."""
        _control(self.folder, "-m", mode, "restart")

    def stop(self) -> None:
        """Stop it as a crash would."""
        _control(self.folder, "-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        _control(self.folder, "-l", self.folder / "log", "-o", options, "start")


@contextmanager
def own_server() -> Iterator[Postgres]:
    """Set a server up as Debian would, and take it away again."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-bench-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    try:
        _run("initdb", "-D", folder / "db", "-U", "postgres", "-A", "trust", "-E", "UTF8")
        server = Postgres(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            # Whoever had it may have stopped it, and gone wrong before it was started again.
            if (folder / "db" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def installed() -> bool:
    """Whether a server can be set up here."""
    return _program("initdb").exists()


def cpu_of_server(address: str) -> float:
    """Seconds of processor time that all processes of a server have used; 0 where it is not on this machine."""
    if not address:
        return 0.0
    import psycopg

    with psycopg.connect(address) as connection:
        backend = Path("/proc") / str(connection.info.backend_pid)
        if not (backend / "comm").exists() or not (backend / "comm").read_text().startswith("postgres"):
            return 0.0
        postmaster = int((backend / "stat").read_text().rpartition(")")[2].split()[1])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return cpu_of(postmaster) + sum(cpu_of(int(child)) for child in children)


def _control(folder: Path, *arguments: object) -> None:
    _run("pg_ctl", "-D", folder / "db", "-w", "-s", *arguments)


def _run(name: str, *arguments: object) -> None:
    # As root we hand over to another user, who cannot look into the folder that we stand in.
    user = OWNER if os.geteuid() == 0 else None
    command = [str(_program(name)), *map(str, arguments)]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        command, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise NotHere(f"{name}: {done.stderr.strip() or done.returncode}")


def _program(name: str) -> Path:
    found = shutil.which(name)
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return Path(found) if found else (versions[-1] if versions else Path("/nowhere")) / name
