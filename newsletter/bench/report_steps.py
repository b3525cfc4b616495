"""The steps of `newsletter bench report`, each in a process of its own: `python -m newsletter.bench.report_steps …`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from newsletter.bench import tracked  # noqa: E402
from newsletter.bench.steps import analyze, expect, peak_mb  # noqa: E402
from newsletter.models import Issue  # noqa: E402
from newsletter.models.verifying import drifts  # noqa: E402
from newsletter.settings import current  # noqa: E402
from newsletter.track import roll_up  # noqa: E402
from subscribers.models import List  # noqa: E402

EARLIER = 11
"""Issues before it, which tell what is usual."""
PAGES = {"report": "/desk/issue/{}/report/", "map": "/desk/issue/{}/map/", "letter": "/desk/letter/{}/"}
Figures = dict[str, Any]


def build(people: str, events: str) -> Figures:
    """An issue to so many people with so many events, and earlier ones that are no more than their counts."""
    began, now = time.perf_counter(), timezone.now().replace(minute=0, second=0, microsecond=0)
    call_command("migrate", verbosity=0)
    name = next(iter(current().newsletters))
    readers = List.objects.get_or_create(name=current().newsletters[name].lists[0].name)[0]
    issue = tracked.make_issue(name, now - timedelta(days=4), "this")
    tracked.send_to(int(people), issue, readers, now)
    tracked.come_back(int(people), int(events), issue)
    analyze()
    roll_up(current(), timezone.now)
    for number in range(1, EARLIER + 1):
        earlier = tracked.make_issue(name, now - timedelta(days=4, weeks=number), f"earlier-{number}")
        tracked.copy_counts(issue, earlier, 1 - number / 40)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as the database does by itself before long
    return {"issue": issue.pk, "newsletter": name, "seconds": time.perf_counter() - began}


def look(page: str, what: str, times: str) -> Figures:
    """Open a page so many times, in a process that has opened others: seconds, and those of the processor."""
    browser = Client(SERVER_NAME=current().site.url.split("/")[2].partition(":")[0])
    staff = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)[0]
    browser.force_login(staff)
    browser.get("/desk/outbox/")
    seconds, processor = [], []
    for _ in range(int(times)):
        began, used = time.perf_counter(), time.process_time()
        expect(answer := browser.get(PAGES[page].format(what)))
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    return {"seconds": seconds, "processor": processor, "bytes": len(answer.content)}


def roll() -> Figures:
    """Count anew all that is counted in the background."""
    began = time.perf_counter()
    roll_up(current(), timezone.now, anew=True)
    return {"seconds": time.perf_counter() - began, "peak_mb": peak_mb()}


def verify(issue: str) -> Figures:
    """Count an issue anew from its events, as `newsletter track verify` does."""
    began = time.perf_counter()
    found = len(list(drifts(Issue.objects.get(pk=int(issue)))))
    return {"seconds": time.perf_counter() - began, "drifts": found, "peak_mb": peak_mb()}


STEPS: dict[str, Callable[..., Figures]] = {one.__name__: one for one in (build, look, roll, verify)}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])) + "\n")
