"""Servers on the loopback that answer as a test scripts them: a mail server, and SendGrid's API."""

import json
import select
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

DROP, CLOSE, HANG, MIDWAY, LATE, EARLY, STUCK = "drop", "close", "hang", "midway", "late ", "early ", "stuck "
_USUAL = {
    "CONNECT": "220 ready", "HELO": "250 here", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on",
    "TEXT": "250 2.0.0 queued", "RSET": "250 ok", "NOOP": "250 ok", "QUIT": "221 bye", "STARTTLS": "220 go on",
    "AUTH": "235 2.7.0 welcome",
}  # fmt: skip


class SmtpServer:
    """`SmtpServer(RCPT=["250 ok", "421 closing"])` answers the second RCPT so, and everything else as usual.

    DROP cuts the connection, CLOSE ends it in order, HANG says nothing any more; MIDWAY, an answer to DATA, cuts it
    in the middle of the text. LATE before an answer keeps it back until more has come in; EARLY, at DATA, gives one to
    the text before it is read and hangs up, STUCK gives one and reads no more. A server `offers` extensions, closes a
    connection after so many texts (`closes_after`), and, if `deaf`, forgets what came in with a text.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        offers: tuple[str, ...] = (),
        starttls: ssl.SSLContext | None = None,
        closes_after: int = 0,
        deaf: bool = False,
        **script: list[str],
    ) -> None:
        self.tls, self.starttls, self.closes_after, self.deaf = tls, starttls, closes_after, deaf
        self.usual = _USUAL | {"EHLO": "\r\n".join(["250-here", *(f"250-{one}" for one in offers), "250 8BITMIME"])}
        self.script = {step: deque(answers) for step, answers in script.items()}
        self.commands: list[str] = []
        self.texts: list[bytes] = []
        self.accepted: list[bytes] = []
        self.connections = self.dots = 0
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        if self.over.is_set():
            return
        self.over.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            pass  # wakes the listening thread
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def planned(self, step: str) -> str:
        """The next answer at this step."""
        waiting = self.script.get(step)
        return waiting.popleft() if waiting else self.usual.get(step, "502 not known")

    def takes(self, answer: str) -> bool:
        """Whether a text that gets this answer is kept."""
        return answer.removeprefix(LATE).startswith("25")

    def said(self, step: str) -> list[str]:
        """The commands of this kind that came in."""
        return [line for line in self.commands if line.upper().startswith(step)]

    def _listen(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            if self.over.is_set():
                peer.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = None
        try:
            peer = _Peer(self, self.tls.wrap_socket(sock, server_side=True) if self.tls else sock)
            peer.talk()
        except (OSError, EOFError):
            pass
        finally:
            (peer or sock).close()


class _Lines:
    """What has come in on a connection, by line."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._have = sock, b""

    def readline(self) -> bytes:
        while b"\n" not in self._have:
            if not self._more():
                return b""
        line, _, self._have = self._have.partition(b"\n")
        return line + b"\n"

    def wait(self) -> None:
        """Until there is something."""
        if not self._have:
            self._more()

    def forget(self) -> None:
        """What has come in and not been read."""
        while select.select([self._sock], [], [], 0.02)[0] and self._more():
            pass
        self._have = b""

    def _more(self) -> bool:
        data = self._sock.recv(65_536)
        self._have += data
        return bool(data)


class _Peer:
    """One connection to the server."""

    def __init__(self, server: SmtpServer, sock: socket.socket) -> None:
        self.server, self.texts = server, 0
        self._wear(sock)

    def close(self) -> None:
        self.sock.close()

    def talk(self) -> None:
        self.answer("CONNECT")
        while line := self.lines.readline():
            self.server.commands.append(line.decode().strip())
            step = self.server.commands[-1].split(" ")[0].split(":")[0].upper()
            answer = self.answer(step)
            if answer == MIDWAY:
                self.sock.sendall(b"354 go on\r\n")
                self.lines.wait()
                self.cut()
            if step == "QUIT" or "421" in answer[:9]:
                return
            if step == "DATA" and answer.startswith("354"):
                self._text()
            if step == "AUTH":
                self._challenge(answer)
            if step == "STARTTLS" and self.server.starttls:
                self._wear(self.server.starttls.wrap_socket(self.sock, server_side=True))

    def _wear(self, sock: socket.socket) -> None:
        self.sock, self.lines = sock, _Lines(sock)

    def _challenge(self, answer: str) -> None:
        while answer.startswith("334"):
            self.server.commands.append(self.lines.readline().decode().strip())
            answer = self.answer("AUTH")

    def _text(self) -> None:
        text = b"".join(iter(self._line, b".\r\n"))
        if not text:
            self.server.dots += 1
            self.say("554 5.5.1 no valid recipients")
            return
        self.server.texts.append(text)
        answer = self.server.planned("TEXT")
        if self.server.takes(answer):
            self.server.accepted.append(text)
        if self.server.deaf:
            self.lines.forget()
        self.say(answer)
        self.texts += 1
        if answer.startswith("421") or self.texts == self.server.closes_after:
            raise EOFError

    def _line(self) -> bytes:
        line = self.lines.readline()
        if not line:
            raise EOFError
        return line

    def answer(self, step: str) -> str:
        answer = self.server.planned(step)
        self.say(answer)
        return answer

    def say(self, answer: str) -> None:
        if answer == DROP:
            self.cut()
        if answer == CLOSE:
            raise EOFError
        if answer == HANG:
            self._hang()
        if answer.startswith(LATE):
            self.lines.wait()
        if answer.startswith((EARLY, STUCK)):
            self._refuse_unread(answer)
        if answer != MIDWAY:
            self.sock.sendall(answer.removeprefix(LATE).encode() + b"\r\n")

    def _refuse_unread(self, answer: str) -> None:
        self.sock.sendall(b"354 go on\r\n")
        self.lines.wait()
        self.sock.sendall(answer.removeprefix(EARLY).removeprefix(STUCK).encode() + b"\r\n")
        if answer.startswith(STUCK):
            self._hang()
        raise EOFError

    def _hang(self) -> None:
        self.server.over.wait(5)
        raise EOFError

    def cut(self) -> None:
        """Close with a reset, as a crash would."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
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
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.server.calls.append(dict(parse_qsl(body)) if is_form else json.loads(body))
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
