"""Mailboxes that are looked into now and then. They are opened for reading only: nothing is deleted, moved or marked.

How far one was read is remembered by UID (RFC 3501, 2.3.1.1). A mail that is read twice counts once all the same. What
it is, is for `sorting` to say: a mailbox may hold replies, bounces, or both.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from imaplib import IMAP4
from threading import Event

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxUnencrypted

from newsletter.config import Imap
from newsletter.models import MailboxMark
from newsletter.track.mail.keeping import keep

log = logging.getLogger(__name__)

_AWAY = (ImapToolsError, IMAP4.error, OSError, UnicodeError)

Clock = Callable[[], datetime]


def fetch(settings: Imap, limit: int, clock: Clock, stop: Event) -> int:
    """Keep every mail that has come since the last look, `limit` bytes of each; return how many.

    Without a host there is nothing to look into. A server that is away is tried again at the next look.
    """
    if not settings.host:
        return 0
    try:
        with _opened(settings) as mailbox:
            return _read(mailbox, settings, limit, clock, stop)
    except _AWAY as error:
        log.warning("the mailbox at %s cannot be read: %s", settings.host, _words(error))
        return 0


def fault(settings: Imap) -> str:
    """Why a mailbox cannot be read; nothing where it can, or where there is none to read."""
    if not settings.host:
        return ""
    try:
        with _opened(settings) as mailbox:
            mailbox.folder.set(settings.folder, readonly=True)
    except _AWAY as error:
        return f"the mailbox cannot be read: {_words(error)}"
    return ""


def _read(mailbox: BaseMailBox, settings: Imap, limit: int, clock: Clock, stop: Event) -> int:
    validity = int(mailbox.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    mailbox.folder.set(settings.folder, readonly=True)
    place = f"{settings.host}:{settings.port} {settings.username} {settings.folder}"
    mark = MailboxMark.of(place, validity)
    taken = 0
    for uid in _new(mailbox, mark.last_uid):
        if stop.is_set():
            break
        data = _bytes(mailbox, uid, limit)
        if data is not None:  # else it was deleted since we asked for the list
            keep(data, clock(), limit)
        mark.forward(uid)
        taken += 1
    return taken


def _new(mailbox: BaseMailBox, last: int) -> list[int]:
    """The UIDs after the last one read. `n:*` always names the newest mail, so what is not newer is left out."""
    return sorted(uid for uid in map(int, mailbox.uids(f"UID {last + 1}:*")) if uid > last)


def _bytes(mailbox: BaseMailBox, uid: int, limit: int) -> bytes | None:
    """A mail's bytes, asked for without marking it as read; of one over the limit, the beginning and one byte more."""
    status, answer = mailbox.client.uid("fetch", str(uid), f"(BODY.PEEK[]<0.{limit + 1}>)")
    if status != "OK":
        raise OSError(f"the server did not show mail {uid}: {status}")
    return next((one[1] for one in answer if isinstance(one, tuple)), None)


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
