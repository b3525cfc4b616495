"""Issues on their way, a clock that is set by hand, and transports that do as they are told."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Event

import pytest

from newsletter.config import Config
from newsletter.holes import hole
from newsletter.models import Issue, Message
from newsletter.send import Lane, send_issue, transports
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports import Heard, Outcome, State, TransportDown, smtp
from subscribers.audience import Audience
from tests.factories import make_edition, make_issue, make_subscriber
from tests.send.servers import Api, SmtpServer

MARKER = "hmarker"
KEY = "not-a-secret-only-for-tests"
API_KEY = "SG.very-secret-key"
PAGE = (
    "<html><body><p>Dear {name-html},</p>\r\n<p>all is well.</p>\n"
    '<a href="http://127.0.0.1:8000/u/{token}">leave</a> {email-html}</body></html>\n'
)
PLAIN = "Dear {name},\n\nall is well.\n.a line that begins with a dot\n\nLeave: http://127.0.0.1:8000/u/{token}\n"


def with_holes(text: str) -> str:
    for name in ("name-html", "email-html", "name", "email", "token"):
        text = text.replace(f"{{{name}}}", hole(MARKER, name))
    return text


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


class FakeTransport:
    """Takes what it is given; `answers` holds, call by call, a state, an exception, or something to do first."""

    name = "fake"

    def __init__(self, *answers: State | BaseException | Callable[[], object], at_once: int = 1) -> None:
        self.at_once, self.answers = at_once, deque(answers)
        self.taken: list[str] = []
        self.calls: list[list[str]] = []
        self.closed = False

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: transports.Journal) -> None:
        waiting = iter(readers)
        while call := list(islice(waiting, self.at_once)):
            if not journal.begin(*(reader.ref for reader in call)):
                return
            self._call(call, journal)

    def _call(self, readers: list[Reader], journal: transports.Journal) -> None:
        self.calls.append([reader.email for reader in readers])
        answer = self.answers.popleft() if self.answers else State.SUBMITTED
        if callable(answer):
            answer = answer() or State.SUBMITTED
        if isinstance(answer, BaseException):
            if isinstance(answer, TransportDown):
                journal.unsent(*(reader.ref for reader in readers))
            raise answer
        if answer == State.SUBMITTED:
            self.taken += [reader.email for reader in readers]
        for reader in readers:
            journal.answer(Outcome(reader.ref, State(answer), f"said {answer}"))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def config(make_config) -> Config:
    return make_config(send={"batch": 10, "lease": "5m"})


@pytest.fixture
def make_mailing(config) -> Callable[..., Mailing]:
    """A mailing that no row stands behind; name the parts of it that the test is about."""

    def make(config: Config = config, **parts: str) -> Mailing:
        fields = {"subject": "Hello", "html": PAGE, "text": PLAIN, **parts}
        texts = {name: with_holes(text) for name, text in fields.items()}
        return Mailing(config, "weekly", "2026-11-20", MARKER, "d" * 64, **texts)

    return make


@pytest.fixture
def sending(now) -> Callable[..., Issue]:
    """An issue that is being sent to so many readers, its audience frozen."""

    def make(readers: int = 3, **fields: object) -> Issue:
        for _ in range(readers):
            make_subscriber()
        issue = make_issue(**{"status": Issue.Status.SENDING, "started_at": now, **fields})
        issue.edition = make_edition(issue, html=with_holes(PAGE), text=with_holes(PLAIN), marker=MARKER)
        issue.save()
        Message.freeze(issue, Audience(("readers",)), now)
        return issue

    return make


@dataclass
class Turn:
    """A lane at work on one issue by one transport, which looks at the rows before each message."""

    lane: Lane
    issue: Issue
    mailing: Mailing

    def step(self) -> bool:
        """Send one sheet; say whether to go on."""
        return self.lane.step(self.issue, self.mailing)


@pytest.fixture
def make_sender(config, clock) -> Iterator[Callable[..., Turn]]:
    """Make a lane's hold on an issue."""
    with ExitStack() as stack:

        def make(issue: Issue, transport: FakeTransport, config: Config = config, stop: Event | None = None) -> Turn:
            issue = Issue.objects.get(pk=issue.pk)
            lane = stack.enter_context(Lane(config, KEY, clock, stop or Event(), transport, pulse=0))
            return Turn(lane, issue, Mailing.of(issue, issue.edition, config))

        yield make


def send_all(config, issue, clock, transport=None, stop=None, pulse=0) -> bool:
    """Send what is due of an issue in one lane's turn; unless told otherwise, look at the rows before each message."""
    with Lane(config, KEY, clock, stop or Event(), transport, pulse=pulse) as lane:
        return send_issue(lane, Issue.objects.get(pk=issue.pk))


@pytest.fixture
def smtp_server():
    """Make a server that answers as scripted; all are stopped in the end."""
    servers = []

    def make(**script):
        servers.append(SmtpServer(**script))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def api(no_proxy):
    """Start SendGrid's stand-in with these answers; all are stopped in the end."""
    running = []

    def start(*answers):
        running.append(Api(*answers))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def sendgrid_config(make_config):
    """A configuration that sends through the stand-in at this address."""

    def make(url, **settings):
        settings = {"api_key": API_KEY, "host": url, "timeout": "10s", **settings}
        return make_config(send={"transport": "sendgrid", "batch": 2000, "sendgrid": settings})

    return make


@pytest.fixture
def transport_to(make_config):
    """Make a transport to a port; all are closed in the end."""
    opened = []

    def make(port, **settings):
        settings = {"host": "127.0.0.1", "port": port, "timeout": "10s", **settings}
        opened.append(smtp.open_transport("smtp", make_config(send={"smtp": settings})))
        return opened[-1]

    yield make
    for transport in opened:
        transport.close()


@pytest.fixture
def submit_by_smtp(make_mailing):
    """Submit to each reader in turn, one call each, as the ledger does."""

    def go(transport, *readers):
        return [hand_over(transport, make_mailing(), [reader])[0] for reader in readers]

    return go


def hand_over(transport, mailing, readers):
    """Submit, and return what became of each."""
    transport.submit(mailing, readers, heard := Heard())
    return heard.outcomes


@pytest.fixture(params=["auto", "commands", "off"])
def mode(request):
    """Each of the ways in which a server may be spoken to."""
    return request.param


@pytest.fixture
def send(smtp_server, transport_to, make_mailing, mode):
    """Send a sheet to a server that offers PIPELINING and answers as scripted, in each of the three ways.

    What comes back holds the server, the transport, and what became of each reader.
    """

    def go(*readers, timeout="10s", settings=None, mailing=None, journal=None, **script):
        server = smtp_server(offers=("PIPELINING",), **script)
        transport = transport_to(server.port, timeout=timeout, pipelining=mode, **settings or {})
        sheet = Sheet(server, transport, mailing or make_mailing(), journal or Heard())
        sheet.send(*readers)
        return sheet

    return go


class Sheet:
    """Readers handed over together, and what the journal heard of them."""

    def __init__(self, server, transport, mailing, journal):
        self.server, self.transport, self.mailing, self.journal = server, transport, mailing, journal
        self.down: TransportDown | None = None

    def send(self, *readers):
        try:
            self.transport.submit(self.mailing, readers, self.journal)
        except TransportDown as down:
            self.down = down
        return self

    @property
    def answers(self):
        return [(outcome.ref, outcome.state) for outcome in self.journal.outcomes]

    @property
    def states(self):
        return [outcome.state for outcome in self.journal.outcomes]

    @property
    def reasons(self):
        return [outcome.reason for outcome in self.journal.outcomes]


def states(issue: Issue) -> dict[str, int]:
    return Message.counts(issue)


def errors(message, field=None):
    """What SendGrid says of a request that it refuses."""
    return {"errors": [{"message": message, "field": field, "help": None}]}
