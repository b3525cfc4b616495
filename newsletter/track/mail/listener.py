"""A mail server of our own (aiosmtpd): it takes mail for our reply and bounce addresses, and passes nothing on.

A mail is answered with 250 once it is a row, and not before; whoever gets another answer, or none, brings it again. It
speaks in the clear and believes whoever connects, so it belongs behind a mail server, or on a network of your own.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import Error, connections

from newsletter.config import Config
from newsletter.track.mail.keeping import keep
from newsletter.track.mail.whose import House, bare

log = logging.getLogger(__name__)

_LONGEST = 128_000
"""Bytes in a line: some programs write longer ones than SMTP allows."""
_WRITERS = 2
"""Mails written into the database at once."""
_SECONDS = 60
"""For which a client may be silent."""
_LAST = 3
"""Seconds that what is being written has when the server is to end."""
Clock = Callable[[], datetime]


class _Line(SMTP):
    """One connection; over the limit, it is ended with the request to come again."""

    line_length_limit = _LONGEST

    def __init__(self, door: _Door, open_now: set[SMTP], most: int, name: str, limit: int) -> None:
        super().__init__(
            door, data_size_limit=limit, enable_SMTPUTF8=True, hostname=name, ident="newsletter", timeout=_SECONDS
        )
        self._open, self._most = open_now, most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, or send it away."""
        super().connection_made(transport)
        self._open.add(self)
        if len(self._open) > self._most and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 too many connections, come again later\r\n")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Count it no more."""
        self._open.discard(self)
        super().connection_lost(error)


class _Door:
    """Who is let in, and what becomes of what they bring; the names of the methods are aiosmtpd's."""

    def __init__(self, config: Config, clock: Clock) -> None:
        house = House(config, (), clock())
        self.ours = house.bounces | house.replies
        self._limit = max(config.track.bounces.max_bytes, config.track.replies.max_bytes)
        self._clock = clock
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="mail")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for our own addresses, whatever token they bear: what that is worth is seen later."""
        if bare(address) not in self.ours:
            return "550 5.1.1 there is no such mailbox here, and nothing is passed on"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 go on"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer once the mail is kept."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._writers, partial(self._keep, envelope))
        except (Error, RuntimeError) as error:  # no database, or no more work because we are to end
            log.warning("a mail could not be kept, and its server is asked to bring it again: %s", error)
            return "451 4.3.0 it could not be kept, come again later"
        return "250 2.0.0 it is kept"

    def _keep(self, envelope: Envelope) -> None:
        """Write it down, for each of its recipients."""
        data = envelope.original_content or b""
        try:
            for one in dict.fromkeys(envelope.rcpt_tos):
                keep(data, self._clock(), self._limit, to=one, sender=envelope.mail_from or "")
        finally:
            connections.close_all()

    def end(self) -> None:
        """Take no more, and finish what is being written."""
        self._writers.shutdown(wait=True, cancel_futures=True)


@contextmanager
def listening(config: Config, clock: Clock) -> Iterator[int]:
    """Listen as config.yaml says until the block ends; gives the port, 0 where it says nothing. Raises OSError."""
    if not config.track.smtp.listen:
        yield 0
        return
    host, _, port = config.track.smtp.listen.rpartition(":")
    with socket.create_server((host.strip("[]"), int(port)), family=_family(host)) as listener:
        loop, door, up = asyncio.new_event_loop(), _Door(config, clock), threading.Event()
        thread = threading.Thread(target=_serve, args=(loop, door, listener, config, up), name="mail", daemon=True)
        thread.start()
        # Else it might be told to stop before it has begun.
        up.wait()
        try:
            yield int(listener.getsockname()[1])
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_LAST)
            door.end()


def fault(config: Config) -> str:
    """Why this machine cannot listen where it is told to; whoever listens there already may well be ourselves."""
    if not config.track.smtp.listen:
        return ""
    host, _, port = config.track.smtp.listen.rpartition(":")
    try:
        socket.create_server((host.strip("[]"), int(port)), family=_family(host)).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return f"this machine cannot listen there: {error.strerror or error}"
    return ""


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _serve(
    loop: asyncio.AbstractEventLoop, door: _Door, listener: socket.socket, config: Config, up: threading.Event
) -> None:
    settings, open_now = config.track.smtp, set[SMTP]()
    name = min(door.ours).rpartition("@")[2]
    asyncio.set_event_loop(loop)
    try:
        server = loop.run_until_complete(
            loop.create_server(
                lambda: _Line(door, open_now, settings.connections, name, settings.max_bytes), sock=listener
            )
        )
    finally:
        up.set()
    try:
        loop.run_forever()
    finally:
        server.close()
        loop.run_until_complete(_end(loop))
        loop.close()


async def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Hang up on everybody; what was not answered with 250 comes again."""
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
