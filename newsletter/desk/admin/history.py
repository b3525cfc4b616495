"""What was done to people, to be looked at and not changed: to their consents, to many at once, and by files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.paginator import InfinitePaginator

from newsletter.desk.admin.base import ReadOnlyAdmin, display, link
from subscribers.models import Bulk, Consent, Import


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """Every change to whether somebody may be written to."""

    about = (
        "Every change to whether somebody may be written to: who, when, how, and the words they were shown. Rows are"
        " added, never changed."
    )
    when_empty = (
        "Nothing has happened yet. Rows come when people join, confirm or leave, and when files of them are imported."
    )
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
    when_empty = "No file has been imported yet. Begin with “Import people”."
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
