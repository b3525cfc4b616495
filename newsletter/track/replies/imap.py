"""A mailbox that is looked into now and then. It is opened for reading only: nothing in it is deleted, moved or marked.

How far it was read is remembered by UID (RFC 3501, 2.3.1.1). A mail that is read twice is one reply all the same.
"""

from __future__ import annotations

import contextlib
import logging
import re
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from imaplib import IMAP4
from threading import Event
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxUnencrypted

from newsletter.config import Config, Imap
from newsletter.models import MailboxMark, Rejected
from newsletter.models.reply import digest
from newsletter.settings import signing_keys
from newsletter.track.replies.incoming import Incoming, headers_of
from newsletter.track.replies.receiving import BROKEN, receive, reject

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def fetch_replies(config: Config, clock: Clock, stop: Event) -> int:
    """Take every mail that has come since the last look; return how many. A server that is away is tried again."""
    settings = config.track.replies.imap
    try:
        with _opened(settings) as mailbox:
            return _read(mailbox, config, clock, stop)
    except (ImapToolsError, IMAP4.error, OSError, UnicodeError) as error:
        log.warning("the mailbox at %s cannot be read: %s", settings.host, _words(error))
        return 0


def _read(mailbox: BaseMailBox, config: Config, clock: Clock, stop: Event) -> int:
    settings = config.track.replies.imap
    validity = int(mailbox.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    mailbox.folder.set(settings.folder, readonly=True)
    place = f"{settings.host}:{settings.port} {settings.username} {settings.folder}"
    mark = MailboxMark.of(place, validity)
    taken = 0
    for uid in _new(mailbox, mark.last_uid):
        if stop.is_set():
            break
        _take(mailbox, uid, config, f"{place} {validity} {uid}", clock())
        mark.forward(uid)
        taken += 1
    return taken


def _new(mailbox: BaseMailBox, last: int) -> list[int]:
    """The UIDs after the last one read. `n:*` always names the newest mail, so what is not newer is left out."""
    return sorted(uid for uid in map(int, mailbox.uids(f"UID {last + 1}:*")) if uid > last)


def _take(mailbox: BaseMailBox, uid: int, config: Config, name: str, now: datetime) -> None:
    """One mail; whatever is wrong with it must not keep the next ones from being read."""
    data, cut = _bytes(mailbox, uid, config.track.replies.max_bytes)
    if data is None:
        return  # it was deleted since we asked for the list
    try:
        receive(Incoming.of_bytes(data, cut=cut), config, signing_keys(), now)
    except BROKEN as error:
        log.exception("mail %d of the mailbox cannot be read", uid)
        nothing = Incoming(headers_of(b""))
        reject(nothing, digest(name), Rejected.Why.UNREADABLE, f"{type(error).__name__}: {error}"[:300], now)


def _bytes(mailbox: BaseMailBox, uid: int, limit: int) -> tuple[bytes | None, bool]:
    """A mail's bytes, asked for without marking it as read; of one over the limit, its headers alone."""
    size = _asked(mailbox, uid, "(RFC822.SIZE)")
    found = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(part for one in size for part in _parts(one)))
    large = bool(found and int(found[1]) > limit)
    answer = _asked(mailbox, uid, "(BODY.PEEK[HEADER])" if large else "(BODY.PEEK[])")
    body = next((one[1] for one in answer if isinstance(one, tuple)), None)
    return body, large


def _asked(mailbox: BaseMailBox, uid: int, what: str) -> list[Any]:
    status, data = mailbox.client.uid("fetch", str(uid), what)
    if status != "OK":
        raise OSError(f"the server did not show mail {uid}: {status}")
    return list(data)


def _parts(answer: Any) -> Iterator[bytes]:
    yield from (part for part in (answer if isinstance(answer, tuple) else (answer,)) if isinstance(part, bytes))


@contextlib.contextmanager
def _opened(settings: Imap) -> Iterator[BaseMailBox]:
    """A mailbox that is signed in to, and left again."""
    mailbox = _connected(settings)
    try:
        if settings.security == "starttls":
            mailbox.client.starttls(ssl_context=ssl.create_default_context())
        mailbox.login(settings.username, settings.password.get_secret_value(), initial_folder=None)
        yield mailbox
    finally:
        with contextlib.suppress(ImapToolsError, IMAP4.error, OSError):
            mailbox.logout()
        with contextlib.suppress(OSError):
            mailbox.client.shutdown()  # a goodbye that failed leaves the socket open


def _connected(settings: Imap) -> BaseMailBox:
    seconds = settings.timeout.total_seconds()
    if settings.security == "tls":
        return MailBox(settings.host, settings.port, timeout=seconds, ssl_context=ssl.create_default_context())
    return MailBoxUnencrypted(settings.host, settings.port, timeout=seconds)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
