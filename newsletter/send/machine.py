"""What keeps this machine from sending at all, whatever the transports do: that it can keep no journal.

Other machines go on, so nothing rests and no issue is paused. It is told at the issue, on the desk's first page, by
`/healthz` and by `newsletter check`, and staff are written to, once a day for each machine and issue.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain

from django.utils.text import slugify

from newsletter.config import Config
from newsletter.models import Hitch, Issue
from newsletter.send.alarms import warn
from newsletter.send.recovery import journals

KIND = "journal-"
"""How the names of these hitches begin; the machine's follows."""
_ROOM = 4_000_000
"""Bytes that must be free for the journals of some lanes, with sheets of the most messages that there may be in one."""
_AGAIN = timedelta(minutes=1)
_told: dict[str, tuple[str, datetime]] = {}
"""What this process has last told, and when: not each look need write."""


def name() -> str:
    """What this machine is called."""
    return socket.gethostname()


def fault(config: Config) -> str:
    """Why no journal can be kept here, as far as can be seen without keeping one; empty if nothing is in the way."""
    folder = journals(config)
    there = next(path for path in chain([folder], folder.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is no folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written to"
    return f"the disk of {there} is full" if shutil.disk_usage(there).free < _ROOM else ""


def look(config: Config, issues: Iterable[Issue], now: datetime) -> bool:
    """See whether journals can be kept here, and tell if they cannot; return whether they can."""
    found = fault(config)
    if found:
        tell(config, issues, found, now)
    else:
        well(now)
    return not found


def tell(config: Config, issues: Iterable[Issue], why: str, now: datetime) -> None:
    """Say that nothing is sent from this machine, and why; these issues would have been."""
    reason = f"no journal can be kept, so nothing is sent from {name()}: {why}"
    before = _told.get(KIND)
    if before is None or before[0] != reason or not timedelta(0) <= now - before[1] < _AGAIN:
        Hitch.report(_hitch(), reason, now, seen_at=now)
        _told[KIND] = (reason, now)
    for issue in issues:
        warn(config, issue, reason, now, f"journal {name()} {now:%Y-%m-%d}")


def well(now: datetime) -> None:
    """Take back what this machine has told; asked of the database once, since an earlier process may have told it."""
    if _told.get(KIND, ("?", now))[0]:
        Hitch.report(_hitch(), "", now)
        _told[KIND] = ("", now)


def _hitch() -> str:
    return (KIND + slugify(name()))[:63]
