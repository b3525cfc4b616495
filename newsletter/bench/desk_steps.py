"""The steps of `newsletter bench desk`, each in a process of its own: `python -m newsletter.bench.desk_steps …`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from newsletter.bench import tracked  # noqa: E402
from newsletter.bench.steps import analyze  # noqa: E402
from newsletter.models import Issue, Reply  # noqa: E402
from newsletter.settings import current  # noqa: E402
from newsletter.track import roll_up  # noqa: E402
from subscribers import lookup, tallying  # noqa: E402
from subscribers.models import Field, List, Segment, Subscriber, Tag  # noqa: E402
from subscribers.segments import indexes  # noqa: E402

COUNTED = 60
"""Of the earlier issues so many have counts of what came back, as the pages that compare issues look at them."""
WHO_ANSWERED = 20
"""People who have answered."""
Figures = dict[str, Any]


def build(people: str, issues: str) -> Figures:
    """So many issues, sent week by week, the latest to so many people, and one that is still being written."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    call_command("migrate", verbosity=0)
    name = next(iter(current().newsletters))
    readers = List.objects.get_or_create(name=current().newsletters[name].lists[0].name)[0]
    latest = tracked.make_issue(name, now - timedelta(days=4), "latest")
    tracked.send_to(int(people), latest, readers, now)
    tracked.come_back(int(people), int(people), latest)
    analyze()
    roll_up(current(), timezone.now)
    for number in range(1, int(issues) - 1):
        earlier = tracked.make_issue(name, now - timedelta(days=4, weeks=number), f"earlier-{number}")
        if number <= COUNTED:
            tracked.copy_counts(latest, earlier, 1 - number / 100)
    draft = tracked.make_issue(name, now + timedelta(days=3), "draft")
    Issue.objects.filter(pk=draft.pk).update(status=Issue.Status.DRAFT, started_at=None, edition=None)
    _surroundings(latest)
    indexes.agree()
    lookup.mend()
    tallying.work(timezone.get_default_timezone())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as the database does by itself before long
    return {"issues": Issue.objects.count()}


def _surroundings(issue: Issue) -> None:
    """A row of what else has pages, so that they are opened too."""
    Tag.objects.create(name="press")
    Field.objects.create(name="city")
    Segment.objects.create(name="named", title="Named", rules={"all": [{"kind": "name", "is": "set"}]})
    for person in Subscriber.objects.order_by("pk")[:WHO_ANSWERED]:
        Reply.objects.create(
            issue=issue, subscriber=person, author_name="Reader", via=Reply.Via.PAGE, state=Reply.State.HELD,
            text="Thank you!", html="<p>Thank you!</p>", key=f"bench {person.pk}", received_at=timezone.now(),
        )  # fmt: skip


def walk(times: str, only: str = "") -> Figures:
    """Open each page so many times after a first; its address and the seconds that each took."""
    browser = Client(SERVER_NAME=current().site.url.split("/")[2].partition(":")[0])
    owner = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)[0]
    browser.force_login(owner)
    pages = []
    for address in sorted(set(_addresses())):
        # What leads elsewhere, wants a form, or is a file to keep is no page.
        if only in address and (answer := browser.get(address)).status_code == 200 and not answer.streaming:
            pages.append({"address": address, "seconds": [_seconds(browser, address) for _ in range(int(times))]})
    return {"pages": pages}


def _seconds(browser: Client, address: str) -> float:
    began = time.perf_counter()
    browser.get(address)
    return time.perf_counter() - began


def _addresses() -> Iterator[str]:
    """Every address of the desk whose places can be filled with rows that there are."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == "desk/":
            yield from _within(pattern, f"{pattern.namespace}:" if pattern.namespace else "", "")


def _within(resolver: URLResolver, space: str, route: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _within(pattern, space, here)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield from _filled(f"{space}{pattern.name}", here)


def _filled(name: str, route: str) -> Iterator[str]:
    """The address with the latest row in its place; of an issue's, also with the one that is being written."""
    first = route.split("/")[0].removeprefix("^")
    letter = next(iter(current().newsletters))
    for issue in Issue.objects.filter(slug__in=("latest", "draft")).order_by("pk"):
        places = {"newsletter": letter, "name": letter, "slug": issue.slug, "number": _row(first, issue), "version": 1}
        if name.startswith("admin:"):
            places["object_id"] = _of_admin(name)
        if name == "desk-report-export":
            places |= {"name": "funnel", "form": "csv"}
        try:
            yield reverse(name, kwargs={place: value for place, value in places.items() if f"{place}>" in route})
        except NoReverseMatch:
            continue  # it names a row of which there is none here


def _row(kind: str, issue: Issue) -> int | None:
    if kind == "issue":
        return issue.pk
    models = {"person": Subscriber, "list": List, "segment": Segment, "tag": Tag, "field": Field, "reply": Reply}
    found = models[kind]._default_manager.order_by("-pk").first() if kind in models else None
    return found.pk if found else None


def _of_admin(name: str) -> int | None:
    """The latest row of the model whose page it is."""
    for model in apps.get_models():
        if name.startswith(f"admin:{model._meta.app_label}_{model._meta.model_name}_"):
            return model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return None


STEPS: dict[str, Callable[..., Figures]] = {one.__name__: one for one in (build, walk)}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])) + "\n")
