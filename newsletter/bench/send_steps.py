"""The steps of `newsletter bench send`, each a process of its own: `python -m newsletter.bench.send_steps NAME …`.

The last line a step prints is its figures, as JSON.
"""

from __future__ import annotations

import cProfile
import io
import json
import pstats
import resource
import smtplib
import sys
import threading
import time
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Case, DateTimeField, F, Value, When  # noqa: E402
from django.db.models.functions import Mod  # noqa: E402
from django.db.models.lookups import Exact  # noqa: E402

from newsletter import engine, holes, pipeline, publication, send  # noqa: E402
from newsletter.models import Due, Edition, Issue, Message, audience_of  # noqa: E402
from newsletter.models.freezing import Split  # noqa: E402
from newsletter.send.mailing import Mailing, Reader  # noqa: E402
from newsletter.service import settle_down  # noqa: E402
from newsletter.settings import current  # noqa: E402

Figures = dict[str, Any]
"""Names and numbers, as JSON."""
TOP = 25
"""Functions that a profile shows."""


def context() -> pipeline.Context:
    """The context of the jobs, with a clock that goes."""
    return pipeline.Context(current(), str(settings.SECRET_KEY))


def prepare() -> Figures:
    """Make the tables, bring the people in, and draw up the issue; nothing is sent yet."""
    ctx = context()
    publication.migrate()
    publication.seed_lists(ctx.config, ctx.clock())
    pipeline.draw_up_issues(ctx)
    issue = Issue.objects.get()
    if not issue.edition:
        raise RuntimeError(f"{issue} is {issue.status}: {issue.reason}")
    text = send.sample(ctx.config, ctx.key, issue, issue.edition, "reader@example.org", ctx.clock())
    return {"bytes": len(text), "links": issue.links.count()}


def begin() -> Figures:
    """Freeze the audience of the issue, or of another like it if it is under way or sent already."""
    ctx = context()
    if not Issue.objects.filter(status=Issue.Status.SCHEDULED).exists():
        pipeline.schedule(ctx, _another(ctx))
    pipeline.start_due_issues(ctx)
    issue = Issue.objects.get(status=Issue.Status.SENDING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"people": Message.open_of(issue).count()}


def _another(ctx: pipeline.Context) -> Issue:
    issue = Issue.objects.earliest("pk")
    items, now = list(issue.items.all()), ctx.clock()
    new = Issue.objects.create(newsletter=issue.newsletter, slug=f"run-{now:%H%M%S-%f}", due_at=now, cut_off_at=now)
    for item in items:
        item.pk, item.issue = None, new
        item.save()
    pipeline.approve(ctx, new)
    return new


def begin_at_hours(waves: str, seconds: str) -> Figures:
    """Freeze the audience: a part of the people may go at once, each further one so many seconds after the one before.

    Zones of the world lie a quarter of an hour apart at least; whoever wants to see hours pass has not that much time.
    """
    issue, ctx = _started(local_time=True), context()
    now, turn = ctx.clock() + timedelta(seconds=5), Mod(F("pk"), Value(int(waves)))
    hours = [When(Exact(turn, 0), then=Value(None, DateTimeField()))]
    for wave in range(1, int(waves)):
        at = now + timedelta(seconds=wave * float(seconds))
        hours.append(When(Exact(turn, wave), then=Value(at, DateTimeField())))
    audience = audience_of(issue, ctx.config.newsletters[issue.newsletter])
    Message.freeze(issue, audience, now, hour=Case(*hours, output_field=DateTimeField()))
    held = issue.messages.filter(state=Message.State.HELD).values_list("pk", "retry_at")
    return {"hours": {number: at.timestamp() for number, at in held if at}}


def begin_with_variants(letters: str, share: str) -> Figures:
    """Freeze the audience: so many in a hundred get one of the variants, and the others wait."""
    issue, ctx = _started(), context()
    if issue.edition is None:
        raise RuntimeError(f"{issue} is {issue.status}: {issue.reason}")
    parts = {name: getattr(issue.edition, name) for name in ("preheader", "html", "text", "marker", "late")}
    kept = {one: Edition.keep(issue, variant=one, subject=f"Variant {one}", **parts) for one in letters}
    numbers = {letter: edition.pk for letter, edition in kept.items()}
    Issue.objects.filter(pk=issue.pk).update(edition=kept[letters[0]], variants=numbers)
    audience = audience_of(issue, ctx.config.newsletters[issue.newsletter])
    Message.freeze(issue, audience, ctx.clock(), split=Split(letters, int(share), str(issue)))
    return {"letters": dict(issue.messages.values_list("pk", "variant"))}


def decide(letter: str) -> Figures:
    """Let one of the variants have won."""
    return {"decided": Issue.objects.get().decide(letter, context().clock())}


def _started(**fields: Any) -> Issue:
    """The issue, being sent and with nobody frozen yet."""
    issue = Issue.objects.get(status=Issue.Status.SCHEDULED)
    issue.go(Issue.Status.SENDING, started_at=context().clock(), **fields)
    return issue


def drain(seconds: str = "0", profile: str = "") -> Figures:
    """Send what is being sent, as many lanes side by side as a process has; all of it, or what so many seconds take."""
    settle_down()
    ctx = context()
    job = pipeline.job("send")
    issue = Issue.objects.get(status=Issue.Status.SENDING)
    profiles = [cProfile.Profile() for _ in range(job.lanes(ctx.config) if job.lanes else 1)]
    lanes = engine.Lanes(
        ctx, job, len(profiles), lambda: Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING).exists(),
        pause=0.01, around=profiles if profile else (),
    )  # fmt: skip
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    timer = threading.Timer(float(seconds), ctx.stop.set)
    if float(seconds):
        timer.start()
    lanes.start()
    lanes.wait()
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    timer.cancel()
    counts = Message.counts(issue)
    issue.refresh_from_db()
    if issue.status != Issue.Status.SENT and not ctx.stop.is_set():
        raise RuntimeError(f"the issue is {issue.status}: {issue.reason}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "messages": counts.get(Message.State.SUBMITTED, 0), "seconds": took, "cpu": used, "counts": counts,
        "peak_mb": after.ru_maxrss / 1024, "profile": _top(profiles) if profile else "",
    }  # fmt: skip


def _top(profiles: list[cProfile.Profile]) -> str:
    out = io.StringIO()
    stats = pstats.Stats(profiles[0], stream=out)
    for one in profiles[1:]:
        stats.add(one)
    stats.strip_dirs().sort_stats("tottime").print_stats(TOP)
    stats.sort_stats("cumtime").print_stats(2 * TOP)
    return out.getvalue()


def obvious(port: str, number: str) -> Figures:
    """The obvious way, for comparison: each message put together by email.message and sent by smtplib."""
    ctx = context()
    issue = Issue.objects.exclude(edition=None).earliest("pk")
    mailing = Mailing.of(issue, issue.edition, ctx.config) if issue.edition else None
    people = "pk", "subscriber_id", "attempts", "subscriber__email", "subscriber__name", "subscriber__fields"
    found = Message.objects.filter(issue__status=Issue.Status.SENDING).values_list(*people)[: int(number)]
    readers = [Reader.of(Due(*one), ctx.key) for one in found]
    if mailing is None or not readers:
        raise RuntimeError("there is nothing to send")
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    with smtplib.SMTP("127.0.0.1", int(port)) as server:
        for reader in readers:
            server.send_message(_written(mailing, reader, ctx))
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"messages": len(readers), "seconds": took, "cpu": used}


def _written(mailing: Mailing, reader: Reader, ctx: pipeline.Context) -> EmailMessage:
    values = mailing.answers(reader)
    parts = {"subject": mailing.subject, "text": mailing.text, "html": mailing.html}
    for name in mailing.names(reader):
        hole = holes.hole(mailing.marker, name)
        parts = {part: text.replace(hole, values[name]) for part, text in parts.items()}
    sender, message = mailing.newsletter.sender, EmailMessage()
    message["From"], message["To"] = f"{sender.name} <{sender.address}>", reader.email
    message["Subject"], message["Date"] = parts["subject"], format_datetime(ctx.clock())
    message["Message-ID"] = f"<{reader.ref}.obvious@{mailing.domain}>"
    for header, value in {**mailing.list_headers(reader.token), **mailing.bulk_headers()}.items():
        message[header] = value
    message.set_content(parts["text"])
    message.add_alternative(parts["html"], subtype="html")
    return message


STEPS = {step.__name__: step for step in (
    prepare, begin, begin_at_hours, begin_with_variants, decide, drain, obvious,
)}  # fmt: skip

if __name__ == "__main__":
    sys.stdout.write(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])) + "\n")
