"""Every address of the desk, with what stands in its places: for tests that walk over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from newsletter.desk.actions import VERBS
from newsletter.models import Chore, TestGroup
from subscribers.models import Bulk, Field, Import, Segment, Tag
from tests.factories import (
    NOW,
    make_event,
    make_issue,
    make_item,
    make_link,
    make_list,
    make_message,
    make_notice,
    make_reply,
    make_sent_issue,
    make_staff,
    make_subscriber,
    make_suppression,
)

NOT_OURS = (
    "admin:jsi18n", "admin:view_on_site", "admin:autocomplete", "admin:login", "admin:logout", "admin:app_list",
    "admin:password_change", "admin:password_change_done", "admin:search",
)  # fmt: skip
"""Django's and Unfold's own, which show nothing that their lists would not."""


def names() -> dict[str, str]:
    """Each address of the desk by its name, with its route."""
    found: dict[str, str] = {}
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == "desk/":
            found |= dict(_within(pattern, f"{pattern.namespace}:" if pattern.namespace else "", ""))
    return {name: route for name, route in found.items() if name not in NOT_OURS}


def _within(resolver: URLResolver, space: str, route: str) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _within(pattern, space, here)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{space}{pattern.name}", here


class House:
    """Rows of every kind, so that each address leads to something; issues are of `weekly`."""

    def __init__(self) -> None:
        self.issue = make_issue(status="in_review")
        self.post = make_item(self.issue).post
        self.sent = make_sent_issue()
        self.person = make_subscriber()
        self.message = make_message(self.sent, self.person)
        self.event = make_event(self.message)
        self.reply = make_reply(self.sent)
        self.link = make_link(self.sent)
        self.notice = make_notice()
        self.list = make_list()
        self.tag = Tag.objects.get_or_create(name="press")[0]
        self.field = Field.objects.create(name="city")
        self.segment = Segment.objects.create(name="some", title="Some", rules={"all": [{"kind": "name", "is": "set"}]})
        self.bulk = Bulk.objects.create(kind="tag", created_at=NOW)
        self.imported = Import.objects.create(file_name="people.csv", status="done")
        self.suppression = make_suppression("gone@example.org")
        self.work = Chore.ask("test", self.issue.pk, NOW, emails=["ada@example.org"])
        self.group = TestGroup.objects.create(name="Team", newsletter="weekly", addresses=["ada@example.org"])
        self.member = make_staff("somebody", is_superuser=False)

    def address(self, name: str, route: str) -> str:
        """The address of this name."""
        return reverse(name, kwargs=self._places(name, route))

    def _places(self, name: str, route: str) -> dict[str, Any]:
        first = route.split("/")[0].removeprefix("^")
        numbers = {
            "issue": self.issue, "reply": self.reply, "person": self.person, "field": self.field, "tag": self.tag,
            "segment": self.segment, "bulk": self.bulk, "import": self.imported, "list": self.list,
            "staff": self.member, "inbox": self.post,
        }  # fmt: skip
        places: dict[str, Any] = {
            "newsletter": "weekly", "slug": "2026-11-20", "name": "1", "kind": "tag", "form": "csv", "verb": "cancel",
            "provider_id": "house", "uidb36": "1", "key": "x", "pk": 1, "version": 1, "work": self.work.pk,
        }  # fmt: skip
        if first in numbers:
            places["number"] = numbers[first].pk
        if name == "desk-report-export":
            places["name"] = "funnel"
        if name == "desk-calendar-date":
            places["key"] = f"{self.issue.due_at:%Y%m%dT%H%MZ}"
        if first == "source":
            places["name"] = "wire"
        if name == "desk-letter":
            places["name"] = "weekly"
        if name.startswith("admin:"):
            places["object_id"] = self._row(name)
        return {place: value for place, value in places.items() if f"{place}>" in route}

    def _row(self, name: str) -> Any:
        if name.startswith("admin:newsletter_issue_"):
            return self.issue.pk
        for model in admin.site._registry:
            if name.startswith(f"admin:{model._meta.app_label}_{model._meta.model_name}_"):
                row = model.objects.first()
                return row.pk if row else 0
        return 0


def verb_addresses(issue: Any) -> dict[str, str]:
    """Where each verb is posted to."""
    return {verb: reverse(f"admin:newsletter_issue_{verb}", args=(issue.pk,)) for verb in VERBS}
