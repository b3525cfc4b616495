"""SendGrid's API as far as sending goes: `python -m newsletter.bench.stub [--log FILE]` takes all and counts it.

It keeps its connections, refuses what SendGrid would refuse for its size, and with a log writes down each message
before it answers, as the mail server of `newsletter.bench.sink` does.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from newsletter.bench.sink import say

PEOPLE, BYTES = 1000, 30_000_000


class Stub(ThreadingHTTPServer):
    """The server, and how many people it has been asked to write to."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, log: str, delay: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.delay, self.people, self.calls = delay, 0, 0
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if log else -1
        self._one_at_a_time = threading.Lock()

    def take(self, people: list[dict[str, Any]]) -> None:
        """Count a call, and write down whom it names with a single write."""
        with self._one_at_a_time:
            self.calls += 1
            self.people += len(people)
            if self._log >= 0:
                lines = (f"{one['custom_args']['message']}\t{one['to'][0]['email']}\n" for one in people)
                os.write(self._log, "".join(lines).encode())


class _Handler(BaseHTTPRequestHandler):
    server: Stub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Take a call."""
        data = self.rfile.read(int(self.headers["Content-Length"]))
        people = json.loads(data)["personalizations"]
        if len(people) > PEOPLE or len(data) > BYTES:
            self._say(400, {"errors": [{"message": "too many personalizations, or too many bytes"}]})
            return
        self.server.take(people)
        if self.server.delay:
            time.sleep(self.server.delay)
        self._say(202, None)

    def do_GET(self) -> None:
        """What the key may do."""
        self._say(200, {"scopes": ["mail.send"]})

    def _say(self, status: int, body: Any) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Message-Id", f"stub-{self.server.calls}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


def main(arguments: list[str] | None = None) -> None:
    """Listen, say on which port, and serve until SIGTERM; then say how many were taken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--log", default="", help="file that each message is written to before the call is answered")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds before a call is answered")
    given = parser.parse_args(arguments)
    stub = Stub(given.port, given.log, given.delay / 1000)
    signal.signal(signal.SIGTERM, _stop)
    say(port=stub.server_port)
    try:
        stub.serve_forever()
    except (SystemExit, KeyboardInterrupt):
        say(taken=stub.people, calls=stub.calls)


def _stop(number: int, frame: object) -> None:
    raise SystemExit


if __name__ == "__main__":
    main()
