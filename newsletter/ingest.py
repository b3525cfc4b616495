"""The process beside the web server that brings opens and clicks into the database: `python -m newsletter.ingest`.

A process, and no thread of the web server: Python lets one thread run at a time, and one that is busy gives way only
when asked, after a while, at each turn of the loop that answers readers. Its turn at the processor is the last, too.
It ends when its standard input does, as it does when the web server dies, however that happens.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

import django

django.setup()

from newsletter.settings import current  # noqa: E402
from newsletter.track.ingesting import Ingester  # noqa: E402


def main() -> None:
    """Bring in what comes, until standard input ends."""
    # A terminal's Ctrl-C, or a service's end, is for the web server: it lets us know.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(10)
    stop = threading.Event()
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()
    Ingester(current()).keep_ingesting(stop)


def _watch(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    main()
