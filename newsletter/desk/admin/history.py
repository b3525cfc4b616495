"""What was done, to be looked at and not changed: by staff to anything, by anybody to consents, and to many at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import copy
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.paginator import InfinitePaginator

from newsletter.desk.admin.base import ReadOnlyAdmin, display, link
from newsletter.desk.pages.csvs import stream
from subscribers.models import Bulk, Consent, Import

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
        """Every member of staff there is or was."""
        rows = get_user_model().objects.filter(is_staff=True).order_by("username")[:100]
        return [(str(one.pk), one.get_username()) for one in rows]

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


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Every change that staff have made."""

    about = "Every change that staff have made here: who, when, what and on what. It can be read, and not changed."
    when_empty = "Nobody has changed anything yet."
    list_before_template = "audit_before.html"
    list_display = ("at", "who", "did", "on", "told")
    list_display_links = None
    list_filter = (StaffFilter, KindFilter, "action_flag", "action_time")
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


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """Every change to whether somebody may be written to."""

    about = (
        "Every change to whether somebody may be written to: who, when, how, and the words they were shown. Rows are"
        " added, never changed."
    )
    when_empty = "Nothing has happened yet."
    list_display = ("at", "person", "what", "list_name", "how", "who")
    list_display_links = ("at",)
    list_filter = ("action", "source", "list")
    list_select_related = ("subscriber",)
    search_fields = ("=subscriber__key", "=hash")
    search_help_text = "A whole email address, or the hash of an erased one"
    ordering = ("-pk",)
    paginator = InfinitePaginator
    sortable_by = ()
    fields = (
        "at", "person", "what", "list_name", "source", "by", "network", "form", "wording_version", "wording_text",
        "issue", "note", "hash",
    )  # fmt: skip
    readonly_fields = ("person", "what", "wording_version", "wording_text")

    @display(description="Person")
    def person(self, one: Consent) -> SafeString | str:
        """The person, or that they are erased."""
        if one.subscriber is None:
            return f"erased, hash {one.hash[:12]}…" if one.hash else "erased"
        return link(reverse("admin:subscribers_subscriber_change", args=(one.subscriber.pk,)), one.subscriber.email)

    @display(description="What")
    def what(self, one: Consent) -> str:
        """In words."""
        return str(one.get_action_display()).capitalize()

    @display(description="How")
    def how(self, one: Consent) -> SafeString:
        """The note, and the way it came."""
        return format_html("{}<div class='desk-soft'>{}</div>", one.note, str(one.get_source_display()))

    @display(description="Who", empty_value="")
    def who(self, one: Consent) -> str:
        """Staff by name, the person, or the way where nobody was there."""
        return one.who

    @display(description="Wording")
    def wording_version(self, one: Consent) -> str:
        """Which version of the words they agreed to."""
        return str(one.wording) if one.wording else "none was shown"

    @display(description="Its words")
    def wording_text(self, one: Consent) -> str:
        """The words."""
        return one.wording.text if one.wording else "–"


@admin.register(Bulk)
class BulkAdmin(ReadOnlyAdmin):
    """What was done to many people at once."""

    about = "What was done to people at once, by whom, and how far it has come. Open one to stop or undo it."
    when_empty = "Nothing yet. Tick people in their list, and choose what to do."
    list_display = ("created_at", "what", "people", "changed", "standing", "by")
    list_display_links = None
    list_filter = ("kind", "status")
    list_select_related = ("list", "tag")
    ordering = ("-pk",)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A change has a page of its own."""
        return HttpResponseRedirect(reverse("desk-bulk", args=(int(object_id) if object_id.isdecimal() else 0,)))

    @display(description="What")
    def what(self, act: Bulk) -> SafeString:
        """What was done, leading to its page."""
        return link(reverse("desk-bulk", args=(act.pk,)), str(act))

    @display(description="People")
    def people(self, act: Bulk) -> str:
        """How many it was about."""
        return f"{act.total:,}"

    @display(description="Changed")
    def changed(self, act: Bulk) -> str:
        """For how many it changed anything."""
        return f"{act.counts.get('changed', 0):,}"

    @display(description="Standing", label={"running": "warning", "done": "success", "cancelled": "default"})
    def standing(self, act: Bulk) -> str:
        """Where it stands."""
        return act.status


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    """Files that were brought in."""

    about = "Files of people and of addresses not to write to, and what became of them. Open one to go on with it."
    when_empty = "No file has been imported yet."
    list_before_template = "imports_before.html"
    list_display = ("created_at", "file", "kind", "list", "rows", "standing", "by")
    list_display_links = None
    list_filter = ("status", "kind")
    list_select_related = ("list",)
    search_fields = ("file_name", "by", "basis")
    search_help_text = "Part of a file's name, of how people agreed, or who imported it"
    ordering = ("-pk",)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """An import has a page of its own."""
        return HttpResponseRedirect(reverse("desk-import", args=(int(object_id) if object_id.isdecimal() else 0,)))

    @display(description="File", ordering="file_name")
    def file(self, job: Import) -> SafeString:
        """Its name, leading to its page."""
        return link(reverse("desk-import", args=(job.pk,)), job.file_name)

    @display(description="Rows")
    def rows(self, job: Import) -> str:
        """How many have been read."""
        return f"{job.rows_done:,}"

    @display(
        description="Standing",
        label={
            "done": "success",
            "failed": "danger",
            "running": "warning",
            "undoing": "warning",
            "ready": "info",
            "uploaded": "info",
        },
    )
    def standing(self, job: Import) -> str:
        """Where it stands."""
        return "tried out" if job.dry_run and job.status == Import.Status.DONE else job.status
