"""The steps of `newsletter bench track`, each a process of its own: `python -m newsletter.bench.track_steps NAME …`.

The last line a step prints is its figures, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from newsletter import publication, tokens  # noqa: E402
from newsletter.bench.publication import NAME  # noqa: E402
from newsletter.models import Event, Issue, Link, Message, Spooled  # noqa: E402
from subscribers.models import Subscriber  # noqa: E402

LINKS = 30
ASKED = 800_000
"""Addresses that are written down at most; a run asks for each once."""
_SERIES = {
    "sqlite": "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %s)",
    "postgresql": "WITH series(n) AS (SELECT generate_series(1, %s))",
}


def prepare(number: str, file: str, newsletter: str = NAME) -> dict[str, Any]:
    """Let an issue with so many messages have been sent, and write down the addresses of links in some of them."""
    publication.migrate()
    now = timezone.now()
    issue = Issue.objects.create(
        newsletter=newsletter, slug="bench", due_at=now, cut_off_at=now, status=Issue.Status.SENT, started_at=now
    )
    links = list(Link.number(issue, [f"https://example.org/harbours/{at}?from=mail" for at in range(LINKS)]).values())
    with transaction.atomic():
        _people(int(number))
        _messages(issue, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"addresses": _write(Path(file), links), "messages": Message.objects.count()}


def _people(number: int) -> None:
    """So many copies of one person, but for the address."""
    one = Subscriber.objects.create(email="reader@example.org", key="reader@example.org")
    table, quote = Subscriber._meta.db_table, connection.ops.quote_name
    columns = [str(field.column) for field in Subscriber._meta.concrete_fields if not field.primary_key]
    address = "'reader' || n || '@example.org'"
    values = [address if column in ("email", "key") else f"one.{quote(column)}" for column in columns]
    names = ", ".join(map(quote, columns))
    copies = f"INSERT INTO {table} ({names}) {_SERIES[connection.vendor]} SELECT {', '.join(values)}"
    with connection.cursor() as cursor:
        cursor.execute(f"{copies} FROM {table} AS one, series WHERE one.id = %s", [number - 1, one.pk])


def _messages(issue: Issue, now: datetime) -> None:
    """One that was sent for each of them."""
    messages, people = Message._meta.db_table, Subscriber._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {messages} (issue_id, subscriber_id, state, submitted_at)"  # noqa: S608 - only names of ours
            f" SELECT %s, id, %s, %s FROM {people}",
            [issue.pk, Message.State.SUBMITTED, now],
        )


def _write(file: Path, links: list[int]) -> int:
    numbers = list(Message.objects.values_list("pk", flat=True))
    chance = random.Random(1)  # noqa: S311 - the same each time, which is what is wanted
    asked = chance.sample(numbers, min(len(numbers), ASKED))
    key = str(settings.SECRET_KEY)
    with file.open("w") as out:
        out.writelines(f"/c/{chance.choice(links)}/{tokens.sign(number, key)}\n" for number in asked)
    return len(asked)


def count() -> dict[str, Any]:
    """How many clicks there are, by how many messages, and whether any of them still waits in a file."""
    clicks = Event.objects.filter(kind=Event.Kind.CLICK)
    messages = clicks.values("message").distinct().count()
    return {"clicks": clicks.count(), "messages": messages, "files": Spooled.objects.count()}


STEPS = {step.__name__: step for step in (prepare, count)}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])) + "\n")
