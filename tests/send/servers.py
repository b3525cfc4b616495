"""Servers on the loopback that answer as a test scripts them: a mail server, and SendGrid's API."""

import json
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DROP, HANG, MIDWAY = "drop", "hang", "midway"
_USUAL = {
    "CONNECT": "220 ready", "EHLO": "250-here\r\n250 8BITMIME", "HELO": "250 here", "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok", "DATA": "354 go on", "TEXT": "250 2.0.0 queued", "RSET": "250 ok", "QUIT": "221 bye",
}  # fmt: skip


class SmtpServer:
    """`SmtpServer(RCPT=["250 ok", "421 closing"])` answers the second RCPT so, and everything else as usual.

    DROP cuts the connection, HANG says nothing any more; MIDWAY, an answer to DATA, cuts it in the middle of the text.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, **script: list[str]) -> None:
        self.tls = tls
        self.script = {step: deque(answers) for step, answers in script.items()}
        self.commands: list[str] = []
        self.texts: list[bytes] = []
        self.accepted: list[bytes] = []
        self.connections = 0
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        if self._over.is_set():
            return
        self._over.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            pass  # wakes the listening thread
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            if self._over.is_set():
                peer.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        peer.settimeout(5)
        with peer:
            try:
                peer = self.tls.wrap_socket(peer, server_side=True) if self.tls else peer
                with peer, peer.makefile("rb") as lines:
                    self._talk(peer, lines)
            except (OSError, EOFError):
                return

    def _talk(self, peer, lines) -> None:
        self._answer(peer, "CONNECT")
        while line := lines.readline():
            self.commands.append(line.decode().strip())
            step = self.commands[-1].split(" ")[0].split(":")[0].upper()
            answer = self._answer(peer, step)
            if answer == MIDWAY:
                peer.sendall(b"354 go on\r\n")
                lines.read(20)
                self._cut(peer)
            if step == "QUIT" or answer.startswith("421"):
                return
            if step == "DATA" and answer.startswith("354"):
                self._text(peer, lines)

    def _text(self, peer, lines) -> None:
        text = b"".join(iter(lines.readline, b".\r\n"))
        self.texts.append(text)
        answer = self._planned("TEXT")
        if answer.startswith("250"):
            self.accepted.append(text)
        self._say(peer, answer)
        if answer.startswith("421"):
            raise EOFError

    def _planned(self, step: str) -> str:
        waiting = self.script.get(step)
        return waiting.popleft() if waiting else _USUAL.get(step, "502 not known")

    def _answer(self, peer, step: str) -> str:
        answer = self._planned(step)
        self._say(peer, answer)
        return answer

    def _say(self, peer, answer: str) -> None:
        if answer == DROP:
            self._cut(peer)
        if answer == HANG:
            self._over.wait(5)
            raise EOFError
        if answer != MIDWAY:
            peer.sendall(answer.encode() + b"\r\n")

    def _cut(self, peer) -> None:
        """Close with a reset, as a crash would."""
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise EOFError


class Api(ThreadingHTTPServer):
    """`Api((429, {...}), HANG)` answers the first call so, the second never, and all others with 202."""

    def __init__(self, *answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = deque(answers)
        self.calls: list[dict] = []
        self.headers: dict[str, list[str]] = defaultdict(list)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()
        self.thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._reply(202, {"X-Message-Id": "abc123"}, None)

    def do_GET(self) -> None:
        self._reply(200, {}, {"scopes": ["mail.send"]})

    def _reply(self, *usual) -> None:
        for name, value in self.headers.items():
            self.server.headers[name].append(value)
        answer = self.server.answers.popleft() if self.server.answers else usual
        if answer == HANG:
            self.server.over.wait(5)
        elif answer == DROP:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            self._say(*answer)

    def _say(self, status: int, headers=None, body=None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""
