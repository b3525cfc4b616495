"""The servers that a measurement sends to, each a process of its own that ends with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SBIN = "/usr/sbin"
"""Where Debian puts Postfix's test programs, which is not on everybody's path."""


class NotHere(RuntimeError):
    """A server did not come up; the message says which."""


@dataclass
class Server:
    """A running server: its port, and its process."""

    name: str
    port: int
    process: subprocess.Popen[str]

    def cpu(self) -> float:
        """Seconds of processor time that it has used; 0 where the system does not say."""
        return cpu_of(self.process.pid)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.communicate(timeout=10)


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process has used, with the children it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[at]) for at in (11, 12, 13, 14)) / _TICKS


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(module: str, *arguments: object) -> Server:
    """Start one of our own servers, which says its port as soon as it listens."""
    command = [sys.executable, "-m", f"newsletter.bench.{module}", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own modules
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise NotHere(f"newsletter.bench.{module} did not start")
    return Server(module, json.loads(line)["port"], process)


@contextmanager
def running(module: str, *arguments: object) -> Iterator[Server]:
    """One of our own servers, for as long as it is needed."""
    server = start(module, *arguments)
    try:
        yield server
    finally:
        server.stop()


def program(name: str) -> str:
    """Where a program of Postfix's is; nothing if it is not installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SBIN}") or ""


@contextmanager
def postfix_sink() -> Iterator[Server]:
    """Postfix's smtp-sink."""
    port = free_port()
    # It will not take mail as root, and needs to be told whom to become.
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    command = [program("smtp-sink"), *user, f"127.0.0.1:{port}", "512"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True)  # noqa: S603 - found above
    try:
        wait_for_port(port, "smtp-sink")
        yield Server("smtp-sink", port, process)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def mail_server() -> Iterator[Server]:
    """Postfix's smtp-sink where it is installed, else our own."""
    with postfix_sink() if program("smtp-sink") else running("sink") as server:
        yield server


def wait_for_port(port: int, name: str, seconds: float = 60) -> None:
    """Wait until somebody listens there; raise NotHere if nobody does within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise NotHere(f"{name} does not listen on port {port}")
