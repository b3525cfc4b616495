"""A large issue with all that came back from it, written by the database itself: what reports are measured on.

What is in it is invented, the same each time: most events within hours of sending, a third of them clicks, half of them
by machines. Signs and tallies are counted from the events, so that verifying finds no drift.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from newsletter.models import Edition, Issue, Item, Link, Post, Source, Tally
from newsletter.models.tally import COUNTS
from subscribers.models import List

STORIES, LINKS = 12, 30
_PG = connection.vendor == "postgresql"
_NUMBERS = (
    "(SELECT generate_series(1::bigint, {n}) AS n) AS numbers"
    if _PG
    else "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {n}) SELECT n FROM c) AS numbers"
)
_AGO = (
    "CAST(%s AS timestamptz) - (n % 1000) * interval '1 day'" if _PG else "datetime(%s, '-' || (n % 1000) || ' days')"
)
# Cubed, so that most lie at the beginning of four days.
_SHARE = "((n * 7919 + 13) % 10007) / 10007.0"
_LATER = (
    f"CAST(%s AS timestamptz) + {_SHARE} * {_SHARE} * {_SHARE} * interval '90 hours'"
    if _PG
    else f"datetime(%s, '+' || CAST({_SHARE} * {_SHARE} * {_SHARE} * 324000 AS integer) || ' seconds')"
)
_HOUR = "date_trunc('hour', {0} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'" if _PG else "strftime('%Y-%m-%d %H:00:00', {0})"

_PEOPLE = """
INSERT INTO subscribers_subscriber (email, key, domain, name, fields, created_at)
SELECT 'r' || n || '@example.org', 'r' || n || '@example.org', CASE
    WHEN n % 100 < 42 THEN 'gmail.com' WHEN n % 100 < 60 THEN 'outlook.com' WHEN n % 100 < 68 THEN 'yahoo.com'
    WHEN n % 100 < 79 THEN 'icloud.com' ELSE 'mail' || CAST(n * 37 % 3000 AS text) || '.example.org' END,
    'Reader', '{{}}', {ago} FROM {numbers}
"""
_SUBSCRIPTIONS = """
INSERT INTO subscribers_subscription
    (subscriber_id, list_id, status, changed_at, joined_at, how, source, frequency, without)
SELECT id, %s, CASE WHEN id % 7 = 0 THEN 'unsubscribed' ELSE 'active' END, %s, created_at, 'bench', 'other', 'every',
    '[]' FROM subscribers_subscriber
"""
_MESSAGES = """
INSERT INTO newsletter_message (issue_id, subscriber_id, state, reason, attempts, submitted_at)
SELECT %s, id, CASE WHEN id % 100 = 0 THEN 'excluded' WHEN id % 1000 = 1 THEN 'bounced' WHEN id % 2000 = 2 THEN 'failed'
    WHEN id % 5000 = 3 THEN 'complained' WHEN id % 20000 = 4 THEN 'uncertain' ELSE 'delivered' END,
    CASE WHEN id % 100 = 0 THEN 'no sign of life for long' WHEN id % 1000 = 1 THEN '550 5.1.1 no such user'
    WHEN id % 2000 = 2 THEN '552 5.2.2 mailbox full' ELSE '' END, 1, %s FROM subscribers_subscriber
"""
_EVENTS = """
INSERT INTO newsletter_event (issue_id, message_id, link_id, kind, at, judged)
SELECT %s, (SELECT MIN(id) FROM newsletter_message) + (n * n * 31 + n * 611953) % {readers},
    CASE WHEN n % 3 = 0 THEN {link} + (n * n) % {links} END, CASE WHEN n % 3 = 0 THEN 'click' ELSE 'open' END, {later},
    CASE WHEN n % 10 < 4 THEN 'prefetch' WHEN n % 10 = 4 THEN 'bot' ELSE 'human' END FROM {numbers}
"""
_SIGNS = """
INSERT INTO newsletter_sign (message_id, kind, link_id, events, human, folded, first_at, last_at, first_human_at)
SELECT message_id, kind, {link}, COUNT(*), SUM(CASE WHEN judged = 'human' THEN 1 ELSE 0 END), 0, MIN(at), MAX(at),
    MIN(CASE WHEN judged = 'human' THEN at END)
FROM newsletter_event WHERE {which} GROUP BY message_id, kind{by}
"""
_TALLIES = """
INSERT INTO newsletter_tally (issue_id, kind, link_id, hour, events, human, prefetch, bot)
SELECT issue_id, kind, {link}, {hour} AS h, COUNT(*), SUM(CASE WHEN judged = 'human' THEN 1 ELSE 0 END),
    SUM(CASE WHEN judged = 'prefetch' THEN 1 ELSE 0 END), SUM(CASE WHEN judged = 'bot' THEN 1 ELSE 0 END)
FROM newsletter_event WHERE {which} GROUP BY issue_id, kind, h{by}
"""
_FIRST = """
UPDATE newsletter_tally AS t SET {column} = f.number FROM (
    SELECT kind, link_id, {hour} AS h, COUNT(*) AS number FROM newsletter_sign
    WHERE link_id {own} AND {moment} IS NOT NULL GROUP BY kind, link_id, h
) AS f WHERE t.kind = f.kind AND t.hour = f.h AND {same}
"""
_WAYS = (
    {"link": "CAST(NULL AS bigint)", "which": "true", "by": "", "own": "IS NULL", "same": "t.link_id IS NULL"},
    {"link": "link_id", "which": "link_id IS NOT NULL", "by": ", link_id", "own": "IS NOT NULL",
     "same": "t.link_id = f.link_id"},
)  # fmt: skip


def make_issue(newsletter: str, at: datetime, slug: str) -> Issue:
    """An issue sent at a moment, with stories and links."""
    issue = Issue.objects.create(
        newsletter=newsletter, slug=slug, due_at=at, cut_off_at=at, started_at=at, status=Issue.Status.SENT,
        finished_at=at + timedelta(hours=1),
    )  # fmt: skip
    source = Source.objects.get_or_create(name="bench", defaults={"kind": "feed", "location": "https://example.org"})[0]
    for number in range(STORIES):
        url = f"https://example.org/{slug}/{number}"
        post = Post.objects.create(source=source, key=url, url=url, title=f"Story {number} of {slug}", html="<p>…</p>",
                                   published_at=at, collected_at=at, updated_at=at)  # fmt: skip
        Item.copy_of(post, issue=issue, position=number, section=("World", "Science", "Arts")[number % 3]).save()
    numbers = Link.number(issue, [f"https://example.org/{slug}/{number}" for number in range(LINKS)])
    html = "".join(f'<p><a href="https://x.test/c/{pk}/hm-token-o">Read {url}</a></p>' for url, pk in numbers.items())
    issue.edition = Edition.keep(issue, "hm", subject="Bench", preheader="", html=f"<body>{html}</body>", text="Bench")
    issue.save()
    return issue


def send_to(people: int, issue: Issue, readers: List, now: datetime) -> None:
    """So many people on a list, and a message of the issue for each."""
    _run(_PEOPLE.format(ago=_AGO, numbers=_NUMBERS.format(n=people)), now)
    _run(_SUBSCRIPTIONS, readers.pk, now)
    _run(_MESSAGES, issue.pk, issue.started_at)


def come_back(people: int, events: int, issue: Issue) -> None:
    """So many events of the issue, with their signs and tallies."""
    least = min(Link.objects.filter(issue=issue).values_list("pk", flat=True))
    _run(
        _EVENTS.format(
            readers=people * 6 // 10, link=least, links=LINKS, later=_LATER, numbers=_NUMBERS.format(n=events)
        ),
        issue.pk, issue.started_at,
    )  # fmt: skip
    for way in _WAYS:
        _run(_SIGNS.format(**way))
        _run(_TALLIES.format(hour=_HOUR.format("at"), **way))
        for column, moment in (("messages", "first_at"), ("readers", "first_human_at")):
            _run(_FIRST.format(column=column, moment=moment, hour=_HOUR.format(moment), **way))


def copy_counts(issue: Issue, earlier: Issue, share: float) -> None:
    """Let an earlier issue have come to such a share of what this one has: counts alone, as after its events' time."""
    theirs = Link.objects.filter(issue=earlier).order_by("pk")
    links = dict(zip(Link.objects.filter(issue=issue).order_by("pk"), theirs, strict=True))
    moved = (issue.started_at or issue.due_at) - (earlier.started_at or earlier.due_at)
    Tally.objects.bulk_create(
        (
            Tally(issue=earlier, kind=one.kind, link=links[one.link] if one.link else None, hour=one.hour - moved,
                  **{name: int(getattr(one, name) * share) for name in COUNTS})
            for one in issue.tallies.select_related("link")
        ),
        batch_size=2000,
    )  # fmt: skip
    for kept in issue.rollups.all():
        kept.pk, kept.issue, kept._state.adding = None, earlier, True
        kept.save()


def _run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(re.sub("%(?!s)", "%%", statement) if values else statement, values or None)
