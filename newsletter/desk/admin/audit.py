"""The log: what was done, by staff, by the command line and by the house itself, with what stood there before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from newsletter.desk.admin.base import ReadOnlyAdmin, display, link
from newsletter.desk.pages.csvs import stream
from newsletter.models import Issue
from newsletter.models.deeds import NOBODIES, REFUSED
from newsletter.settings import current

FLAGS = {ADDITION: "added", CHANGE: "changed", DELETION: "deleted"}


def values_of(entry: LogEntry) -> list[list[str]]:
    """Each field that a change was about, with what it was and what it became."""
    try:
        parts = json.loads(entry.change_message)
    except ValueError:
        return []
    told = (one.get("values", ()) for one in parts if isinstance(one, dict)) if isinstance(parts, list) else ()
    return [list(map(str, row)) for rows in told for row in rows if len(row) == 3]


class StaffFilter(admin.SimpleListFilter):
    """Those who have changed anything."""

    title = "who"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every member of staff there is or was; and the house itself, the command line and strangers."""
        rows = get_user_model().objects.filter(Q(is_staff=True) | Q(username__in=NOBODIES)).order_by("username")
        return [(str(one.pk), one.get_username()) for one in rows[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Theirs alone."""
        value = self.value() or ""
        return queryset.filter(user=value) if value.isdecimal() else queryset


class KindFilter(admin.SimpleListFilter):
    """Kinds of things that were changed."""

    title = "on what"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those of which anything was."""
        used = LogEntry.objects.order_by().values("content_type").distinct()
        return [(str(one.pk), one.name) for one in ContentType.objects.filter(pk__in=used).order_by("model")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of that kind alone."""
        value = self.value() or ""
        return queryset.filter(content_type=value) if value.isdecimal() else queryset


class NewsletterFilter(admin.SimpleListFilter):
    """The newsletter whose issues something was done to."""

    title = "newsletter"
    parameter_name = "newsletter"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those of config.yaml."""
        return [(name, letter.title) for name, letter in current().newsletters.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Its issues alone, which are called by it."""
        if not (value := self.value()):
            return queryset
        issues = ContentType.objects.get_for_model(Issue)
        return queryset.filter(content_type=issues, object_repr__startswith=f"{value}/")


class SignInFilter(admin.SimpleListFilter):
    """Who came in, who went, and who tried."""

    title = "signing in"
    parameter_name = "signing"
    words: ClassVar = {"in": "signed in", "out": "signed out", "failed": REFUSED}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What there is to choose."""
        return [*((key, said.capitalize()) for key, said in self.words.items()), ("none", "All but these")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What was chosen, by how the line begins."""
        if self.value() == "none":
            return queryset.exclude(or_all(Q(change_message__startswith=one) for one in self.words.values()))
        begins = self.words.get(self.value() or "")
        return queryset.filter(change_message__startswith=begins) if begins else queryset


def or_all(some: Iterable[Q]) -> Q:
    """Any of these."""
    return reduce(or_, some)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Every change that staff have made, and every move of an issue, whoever made it."""

    about = (
        "Everything that was done: by staff here, on the command line, and by the house itself; and who signed in. Who,"
        " when, what, on what, and what stood there before. It can be read, and not changed."
    )
    when_empty = "Nothing has been done yet. Whatever anybody changes from now on stands here."
    list_before_template = "audit_before.html"
    list_display = ("at", "who", "did", "on", "told")
    list_display_links = None
    list_filter = (StaffFilter, NewsletterFilter, KindFilter, SignInFilter, "action_flag", "action_time")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__username")
    search_help_text = "Part of a name, an address or what was said"
    ordering = ("-pk",)
    fields = ("action_time", "user", "did", "on", "told")
    readonly_fields = ("did", "on", "told")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the word that the sidebar has; Django calls them log entries."""
        found = super().get_changelist_instance(request)
        found.opts = copy(found.opts)
        found.opts.verbose_name, found.opts.verbose_name_plural = "change", "changes"
        found.title = "Changes"
        return found

    def get_urls(self) -> list[URLPattern]:
        """With the download, of what the filters leave."""
        export = path("export/", self.admin_site.admin_view(self.export), name="desk-audit-export")
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows, all of it, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        return stream("changes", ("when", "who", "what", "kind", "on", "change"), _rows(found))

    @display(description="When", ordering="action_time")
    def at(self, entry: LogEntry) -> datetime:
        """The moment."""
        return entry.action_time

    @display(description="Who", ordering="user")
    def who(self, entry: LogEntry) -> str:
        """The member of staff."""
        return entry.user.get_username()

    @display(description="What", label={"added": "success", "changed": "info", "deleted": "danger"})
    def did(self, entry: LogEntry) -> str:
        """Added, changed or deleted."""
        return FLAGS.get(entry.action_flag, "changed")

    @display(description="On what")
    def on(self, entry: LogEntry) -> SafeString | str:
        """The thing, leading to it."""
        kind = entry.content_type.name if entry.content_type else ""
        shown = f"{kind} {entry.object_repr}".strip()
        if entry.action_flag == DELETION or not (address := entry.get_admin_url()):
            return shown
        return link(f"/desk/{address.removeprefix('/desk/')}" if address.startswith("/") else address, shown)

    @display(description="Change")
    def told(self, entry: LogEntry) -> SafeString | str:
        """What was said, and each value before and after."""
        rows = [(name, old or "nothing", new or "nothing") for name, old, new in values_of(entry)]
        said = "" if rows else entry.get_change_message()
        return said or format_html_join("", "<div>{}: <del>{}</del> → <ins>{}</ins></div>", rows)


def _rows(entries: QuerySet[LogEntry]) -> Iterator[tuple[object, ...]]:
    for entry in entries.iterator(500):
        change = "; ".join(f"{name}: {old} → {new}" for name, old, new in values_of(entry))
        yield (
            timezone.localtime(entry.action_time).isoformat(timespec="seconds"), entry.user.get_username(),
            FLAGS.get(entry.action_flag, ""), entry.content_type.name if entry.content_type else "",
            entry.object_repr, change or entry.get_change_message(),
        )  # fmt: skip
