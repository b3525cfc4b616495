"""The steps of `newsletter bench webhooks`, each a process: `python -m newsletter.bench.webhook_steps NAME …`.

The last line a step prints is its figures, as JSON.
"""

from __future__ import annotations

import base64
import cProfile
import http.client
import io
import json
import pstats
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Figures = dict[str, Any]
"""Names and numbers, as JSON."""
EVENTS, TWICE = 1000, 333
"""Events in a post, and how many of them were told in the post before, or are told twice in this one."""
ISSUES = 10
KINDS = ["processed"] * 45 + ["delivered"] * 44 + ["open"] * 6 + ["click"] * 3 + ["deferred", "bounce"]
"""What happens, in a hundred events."""
TOP = 40
_MESSAGES = """
INSERT INTO newsletter_message (issue_id, subscriber_id, state, submitted_at, transport)
SELECT %s, id, 'submitted', %s, 'sendgrid' FROM subscribers_subscriber
"""
_KEY = ec.derive_private_key(20261120, ec.SECP256R1())
_PATH = "/hooks/sendgrid/events/"


def public_key() -> str:
    """The key that a publication verifies these posts by."""
    data = _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(data).decode()


def prepare(messages: str) -> Figures:
    """Make the tables, and ten sent issues, each to a tenth of so many people."""
    _set_up()
    from django.db import connection
    from django.utils import timezone

    from newsletter import publication
    from newsletter.models import Issue, Link, Message
    from newsletter.models.rows import moment
    from subscribers.models import Subscriber

    publication.migrate()
    people = [
        Subscriber(email=f"r{at}@m{at % 997}.example.org", key=f"r{at}@m{at % 997}.example.org", domain="example.org")
        for at in range(int(messages) // ISSUES)
    ]
    Subscriber.objects.bulk_create(people, batch_size=5000)
    now = timezone.now()
    for at in range(ISSUES):
        issue = Issue.objects.create(
            newsletter="harbours", slug=f"bench-{at}", due_at=now.replace(microsecond=at), cut_off_at=now,
            started_at=now, finished_at=now, status="sent",
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_MESSAGES, [issue.pk, moment(now)])
        Link.number(issue, [_url(number) for number in range(20)])
    _analyze()
    return {"messages": Message.objects.count()}


def draw(number: str, posts: str) -> Figures:
    """Draw the bodies of a run, so that no time goes for that while it is timed."""
    site = _set_up()
    from newsletter.models import Issue

    issue = Issue.objects.filter(slug__startswith="bench-").order_by("-pk")[int(number) % ISSUES]
    messages = list(issue.messages.order_by("pk").values_list("pk", flat=True))
    chance = random.Random(int(number))  # noqa: S311 - nobody must not guess them
    chance.shuffle(messages)
    with _file(number).open("w", encoding="utf-8") as file:
        for batch in _batches(int(posts), messages, site, f"run-{number}", chance):
            file.write(json.dumps(batch) + "\n")
    return {}


def _batches(posts: int, messages: list[int], site: str, name: str, chance: random.Random) -> Iterator[list[Figures]]:
    """Each with a third of its events told before, in an order that is nobody's."""
    before: list[Figures] = []
    made, now = 0, int(time.time())
    for _ in range(posts):
        fresh = []
        for _ in range(EVENTS - TWICE):
            fresh.append(_event(made, messages[made % len(messages)], site, name, now, chance))
            made += 1
        batch = fresh + chance.sample(before or fresh, min(TWICE, len(before or fresh)))
        chance.shuffle(batch)
        before = fresh
        yield batch


def _event(made: int, message: int, site: str, name: str, now: int, chance: random.Random) -> Figures:
    kind = chance.choice(KINDS)
    event: Figures = {
        "timestamp": now, "smtp-id": f"<{message}.harbours@example.org>",
        "event": kind, "category": ["harbours"], "sg_event_id": f"{name}-{made}-{'x' * 20}",
        "sg_message_id": f"{'y' * 40}.recvd-{made}", "message": str(message), "site": site,
    }  # fmt: skip
    more: dict[str, Figures] = {
        "delivered": {"response": "250 OK"},
        "deferred": {"response": "450 4.2.1 try again", "attempt": "2"},
        "bounce": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"},
        "click": {"url": _url(chance.randrange(20)), "useragent": "Mozilla/5.0", "ip": "203.0.113.7"},
        "open": {"useragent": "Mozilla/5.0", "ip": "203.0.113.7", "sg_machine_open": chance.random() < 0.5},
    }
    return event | more.get(kind, {})


def wait() -> Figures:
    """Wait until the web server answers."""
    _set_up()
    last = ""
    for _ in range(600):
        try:
            connection = _connection()
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return {}
        except OSError as error:
            last = str(error)
        time.sleep(0.1)
    raise RuntimeError(f"the web server does not answer: {last}")


def post(number: str) -> Figures:
    """Post a run, one after another over one connection, as SendGrid does; how long each answer took."""
    _set_up()
    seconds = []
    connection = _connection()
    for line in _file(number).read_bytes().splitlines():
        timestamp = str(int(time.time()))
        signature = _KEY.sign(timestamp.encode() + line, ec.ECDSA(hashes.SHA256()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        began = time.perf_counter()
        connection.request("POST", _PATH, line, headers)
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        if answer.status != 204:
            raise RuntimeError(f"a post was answered with {answer.status}")
    return {"seconds": seconds}


def judge(number: str) -> Figures:
    """Whether each event of a run has become one row, and the counts are what the rows say."""
    _set_up()
    from newsletter.models import Event, Issue, Payload
    from newsletter.models.verifying import drifts

    issue = Issue.objects.filter(slug__startswith="bench-").order_by("-pk")[int(number) % ISSUES]
    told = {event["sg_event_id"] for line in _file(number).open(encoding="utf-8") for event in json.loads(line)}
    kept = set(Event.objects.filter(key__startswith=f"run-{number}-").values_list("key", flat=True))
    if told != kept:
        raise RuntimeError(f"{len(told):,} events were told, and {len(kept):,} of them are rows")
    if found := next(drifts(issue), None):
        raise RuntimeError(f"counts have drifted: {found}")
    if fault := Payload.objects.exclude(fault="").first():
        raise RuntimeError(f"a payload was not understood: {fault.fault}")
    return {"events": len(kept)}


def understand(number: str) -> Figures:
    """Understand a run that lies in the table already, under a profiler."""
    _set_up()
    from django.utils import timezone

    from newsletter.models import Payload
    from newsletter.settings import current
    from newsletter.track import ingest_payloads

    for line in _file(number).read_bytes().splitlines():
        Payload.keep("sendgrid", line, timezone.now())
    watcher, began = cProfile.Profile(), time.perf_counter()
    done = watcher.runcall(ingest_payloads, current(), timezone.now)
    took, out = time.perf_counter() - began, io.StringIO()
    stats = pstats.Stats(watcher, stream=out).strip_dirs()
    stats.sort_stats("tottime").print_stats(TOP)
    stats.sort_stats("cumtime").print_stats(2 * TOP)
    return {"profile": f"{done} payloads in {took:.2f} s under the profiler\n{out.getvalue()}"}


def _url(number: int) -> str:
    return f"https://example.org/stories/{number}"


def _file(number: str) -> Path:
    return Path(f"run-{number}.jsonl")


def _set_up() -> str:
    """Django, as the publication in this folder has it; the address of its site."""
    import django

    django.setup()
    from newsletter.settings import current

    return current().site.url


def _connection() -> http.client.HTTPConnection:
    from newsletter.settings import current

    return http.client.HTTPConnection(current().site.url.rpartition("/")[2], timeout=60)


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


STEPS = {step.__name__: step for step in (prepare, draw, wait, post, judge, understand)}

if __name__ == "__main__":
    figures = STEPS[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps(figures) + "\n")
