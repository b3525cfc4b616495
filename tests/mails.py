"""What a mail's links and image are answered with, and what of it gets into the database, as a process does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from newsletter.models import Link, Message
from newsletter.settings import signing_keys
from newsletter.track.gate import Gate
from newsletter.track.ways.wsgi import Before
from newsletter.wsgi import pages
from tests.factories import token_of


class Answer(NamedTuple):
    """An answer as a browser has it."""

    status: int
    headers: dict[str, str]
    body: bytes


class Mail:
    """Somebody who looks at a mail: `get` or `head` a path, then `arrive` brings what was seen into the database."""

    def __init__(self, application: Callable[..., Any] = pages) -> None:
        self.gate = Gate(settings.NEWSLETTER, signing_keys())
        self.application = Before(application, self.gate.door, self.gate.ask, self.gate.behind_proxy)

    def get(self, path: str, **extra: Any) -> Answer:
        return self.ask("GET", path, **extra)

    def head(self, path: str, **extra: Any) -> Answer:
        return self.ask("HEAD", path, **extra)

    def ask(self, method: str, path: str, **extra: Any) -> Answer:
        environ = RequestFactory(SERVER_NAME="127.0.0.1").generic(method, path, **extra).environ
        said: list[Any] = []
        # Within a test a connection stays open, as Django's own client sees to.
        request_started.disconnect(close_old_connections)
        try:
            body = b"".join(self.application(environ, lambda status, headers, _=None: said.append((status, headers))))
        finally:
            request_started.connect(close_old_connections)
        status, headers = said[0]
        return Answer(int(status[:3]), dict(headers), body)

    def click(self, message: Message, link: Link, **extra: Any) -> Answer:
        return self.get(click(link, token_of(message)), **extra)

    def open(self, message: Message, **extra: Any) -> Answer:
        return self.get(image(token_of(message)), **extra)

    def arrive(self) -> int:
        """Let what was seen get into the database; return how many hits that were."""
        self.gate.spool.leave()
        return self.gate.ingester.ingest()


def click(link: Link | int, token: str) -> str:
    """The path of a link."""
    return f"/c/{link if isinstance(link, int) else link.pk}/{token}"


def image(token: str) -> str:
    """The path of the image that counts opens."""
    return f"/o/{token}.gif"
