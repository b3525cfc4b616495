"""The steps that benchmarks are made of, each done by a process of its own: `python -m newsletter.bench.steps NAME …`.

The last line a step prints is its figures, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402
from django.db.models.functions import Mod  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from newsletter.models import Event, Issue, Message  # noqa: E402
from newsletter.settings import current  # noqa: E402
from subscribers import lookup, segments  # noqa: E402
from subscribers.addresses import normalize  # noqa: E402
from subscribers.audience import Audience  # noqa: E402
from subscribers.importing import import_file  # noqa: E402
from subscribers.models import Field, List, Segment, Subscriber, Subscription, Tag, Tagging  # noqa: E402
from subscribers.segments import indexes  # noqa: E402

LIST = "bench"
Figures = dict[str, Any]
"""Names and numbers, as JSON."""


def prepare() -> Figures:
    """Make the tables, and a list."""
    call_command("migrate", verbosity=0)
    List.objects.create(name=LIST, title="Bench")
    Field.objects.create(name="city")
    Field.objects.create(name="age", kind=Field.Kind.NUMBER)
    return {}


def imports(file: str) -> Figures:
    """Import a file of people onto the list."""
    began = time.perf_counter()
    import_file(Path(file), List.objects.get(name=LIST), timezone.now())
    seconds = time.perf_counter() - began
    figures = {"rows": Subscription.objects.count(), "seconds": seconds, "peak_mb": peak_mb()}
    return {**figures, "behind": timed(lookup.mend)}


def row_by_row(number: str) -> Figures:
    """The obvious way, for comparison: each person looked for and made, and put on the list, one by one."""
    readers, now = List.objects.create(name="row-by-row"), timezone.now()
    began = time.perf_counter()
    for at in range(int(number)):
        typed, key = normalize(f"row{at}@by-row.example.org")
        person, _ = Subscriber.objects.get_or_create(key=key, defaults={"email": typed, "name": "Row"})
        Subscription.objects.get_or_create(subscriber=person, list=readers, defaults={"changed_at": now})
    return {"rows": int(number), "seconds": time.perf_counter() - began}


def live() -> Figures:
    """Let the people have lived a little: a third have opened something lately, a tenth have a tag."""
    now, tag = timezone.now(), Tag.objects.create(name="vip")
    everybody = Subscriber.objects.annotate(third=Mod(F("pk"), 3), tenth=Mod(F("pk"), 10))
    everybody.filter(third=0).update(opened_at=now, clicked_at=now)
    numbers = everybody.filter(tenth=0).values_list("pk", flat=True).iterator(chunk_size=5000)
    Tagging.objects.bulk_create((Tagging(tag=tag, subscriber_id=one) for one in numbers), batch_size=5000)
    # A field is indexed once a segment that is kept asks about it.
    Segment.objects.create(name="bench", title="Bench", rules={"version": 1, "all": [_CITY, _AGE]})
    indexes.agree()
    analyze()
    return {}


def analyze() -> None:
    """Let the database know what its tables hold, as it would by itself before long."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def freeze() -> Figures:
    """Freeze the audience of an issue, three times over."""
    seconds = []
    for number in range(3):
        now = timezone.now()
        issue = Issue.objects.create(newsletter=LIST, slug=f"bench-{number}", due_at=now, cut_off_at=now)
        seconds.append(timed(lambda one=issue, at=now: Message.freeze(one, Audience((LIST,)), at)))  # type: ignore[misc]
    return {"rows": issue.messages.count(), "seconds": seconds, "peak_mb": peak_mb()}


def opens() -> Figures:
    """Let a third of the people have opened the first of the issues."""
    issue = Issue.objects.get(newsletter=LIST, slug="bench-0")
    numbers = issue.messages.annotate(third=Mod(F("pk"), 3)).filter(third=0).values_list("pk", flat=True)
    issue.messages.update(state=Message.State.SUBMITTED)
    seen = (Event(issue=issue, message_id=one, kind="open", at=timezone.now()) for one in numbers.iterator(5000))
    Event.objects.bulk_create(seen, batch_size=5000)
    analyze()
    return {}


_CITY = {"kind": "field", "of": "city", "is": "one_of", "value": ["Berlin", "Bonn"]}
_AGE = {"kind": "field", "of": "age", "is": "between", "value": [30, 39]}
_TAG = {"kind": "tag", "of": "vip", "is": "has"}
_LIST = {"kind": "list", "of": LIST, "is": "active"}
_ALIVE = {"kind": "opened", "is": "last_days", "value": 30}
_ISSUE = {"kind": "issue", "of": f"{LIST}/bench-0", "is": "opened"}
SEGMENTS: dict[str, Any] = {
    "city is Berlin or Bonn": {"all": [_CITY]},
    "age from 30 to 39": {"all": [_AGE]},
    "tagged": {"all": [_TAG]},
    "on the list": {"all": [_LIST]},
    "opened in the last 30 days": {"all": [_ALIVE]},
    "never opened": {"all": [{"kind": "opened", "is": "never"}]},
    "opened one issue": {"all": [_ISSUE]},
    "at one domain": {"all": [{"kind": "domain", "is": "one_of", "value": ["mail1.example.org"]}]},
    "five rules, all": {"all": [_CITY, _AGE, _LIST, _ALIVE, {"not": {"all": [_TAG]}}]},
    "five rules, any": {"any": [_CITY, _AGE, _TAG, _ALIVE, _ISSUE]},
}


def segment_counts() -> Figures:
    """Count the people of segments of several kinds, five times each."""
    now, figures = timezone.now(), {}
    for name, rules in SEGMENTS.items():
        seconds = [timed(lambda r=rules: segments.count(r, now)) for _ in range(5)]  # type: ignore[misc]
        figures[name] = {"people": segments.count(rules, now), "seconds": seconds}
    return figures


SEARCHES = {
    "the first page": "", "a common name": "okafor", "one address": "nakamura.7a11f@", "a domain": "mail17.example.org",
    "nobody": "zzyzx-nobody", "part of a word": "ndqvis",
}  # fmt: skip


def search() -> Figures:
    """Ask the desk for a page of people, five times each, through the whole web application."""
    staff = get_user_model().objects.create_superuser("bench")
    browser = Client(SERVER_NAME=current().site.url.split("/")[2].partition(":")[0])
    browser.force_login(staff)
    address = "/desk/subscribers/subscriber/"
    browser.get(address)
    found = {}
    for name, words in SEARCHES.items():
        seconds = [timed(lambda w=words: expect(browser.get(address, {"q": w} if w else {}))) for _ in range(5)]  # type: ignore[misc]
        found[name] = {"seconds": seconds}
    return found


def expect(response: Any) -> None:
    """A page that is an error is no figure."""
    if response.status_code != 200:
        raise RuntimeError(f"the desk answered {response.status_code}")


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_mb() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


STEPS = {step.__name__: step for step in (prepare, imports, row_by_row, live, freeze, opens, segment_counts, search)}

if __name__ == "__main__":
    figures = STEPS[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps(figures) + "\n")
