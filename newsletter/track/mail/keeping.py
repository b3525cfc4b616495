"""Mail that came, as rows: kept as it came before anything is understood, then seen to, and dropped after a time.

What cannot be understood stays, with the reason, until staff say that it is done with.
"""

from __future__ import annotations

import logging
import re
import zlib
from datetime import datetime, timedelta

from django.db.models import QuerySet

from newsletter.config import Config
from newsletter.markup.text import scrub
from newsletter.models import Payload
from newsletter.models.payload import FAULT
from newsletter.models.taking import Happening
from newsletter.settings import signing_keys
from newsletter.track.intake import ingest
from newsletter.track.mail.reports import Unclear
from newsletter.track.mail.sorting import SOURCE, sort
from newsletter.track.mail.whose import Distrusted, House
from newsletter.track.replies.incoming import Incoming, headers_of
from newsletter.track.replies.receiving import BROKEN

log = logging.getLogger(__name__)

_CUT = "X-Newsletter-Cut"
"""Stands before a mail of which there was more."""
_HEAD = 64_000
"""Bytes in which the headers of most mails end."""
_UNSAFE = re.compile(r"[\r\n\x00]+")


def keep(data: bytes, now: datetime, limit: int, *, to: str = "", sender: str | None = None) -> Payload:
    """Write down the first `limit` bytes of a mail, with its envelope before it as mail servers put it."""
    head = [f"{_CUT}: {len(data)}"] if len(data) > limit else []
    head += [f"Return-Path: <{sender.strip('<>')}>"] if sender is not None else []
    head += [f"X-Original-To: {to}"] if to else []
    trace = "".join(f"{_UNSAFE.sub(' ', line)}\r\n" for line in head)
    return Payload.keep(SOURCE, trace.encode("utf-8", "surrogateescape") + data[:limit], now)


def happenings(payload: Payload, config: Config) -> tuple[Happening, ...]:
    """What a kept mail tells of messages; a reader's reply becomes one. Raises ValueError, in words for staff."""
    data = payload.data
    incoming = Incoming.of_bytes(data, cut=data.startswith(_CUT.encode()))
    found = sort(data, incoming, House(config, signing_keys(), payload.received_at))
    if found.spent:
        Payload.objects.filter(pk=payload.pk).update(body=b"")
    return found.happenings


def take(data: bytes, incoming: Incoming, config: Config, now: datetime) -> None:
    """See at once to a mail that a provider has posted; it is kept if it cannot be understood.

    That is no reason for the provider to bring it again, so nothing is raised for it.
    """
    try:
        found = sort(data, incoming, House(config, signing_keys(), now))
    except (Unclear, Distrusted) as error:
        _put_aside(data, str(error), config, now)
    except BROKEN as error:
        log.exception("a mail that was posted cannot be understood")
        _put_aside(data, f"{type(error).__name__}: {error}", config, now)
    else:
        ingest(found.happenings, config, now)


def _put_aside(data: bytes, fault: str, config: Config, now: datetime) -> None:
    body = zlib.compress(data[: config.track.bounces.max_bytes], 1)
    fault = scrub(fault)[:FAULT]
    Payload.objects.create(source=SOURCE, received_at=now, body=body, done_at=now, fault=fault)


def glance(payload: Payload) -> Incoming:
    """The headers of a mail, read from its beginning, however large it is."""
    data = zlib.decompressobj().decompress(bytes(payload.body), _HEAD) if payload.body else b""
    return Incoming(headers_of(data))


def text(payload: Payload, longest: int) -> str:
    """The beginning of a mail as it came, as text that can be shown: not decoded, and without control characters."""
    data = zlib.decompressobj().decompress(bytes(payload.body), 4 * longest) if payload.body else b""
    return scrub(data.decode("utf-8", "replace"))[:longest]


def not_understood() -> QuerySet[Payload]:
    """The mails that wait for staff."""
    return Payload.objects.filter(source=SOURCE).exclude(fault="")


def settle(mails: QuerySet[Payload]) -> int:
    """Call these done with; return how many were not. From here on they are kept as long as others."""
    return not_understood().filter(pk__in=mails.values("pk")).update(fault="")


def forget(now: datetime, after: timedelta) -> int:
    """Drop the mails of long ago that were understood or seen to."""
    return Payload.objects.filter(source=SOURCE, fault="", done_at__lt=now - after).delete()[0]
