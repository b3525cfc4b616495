"""The list of segments, each in words; they are written and changed on a page of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from newsletter.desk.admin.base import DeskAdmin, display
from subscribers.models import Segment
from subscribers.segments import check, describe


@admin.register(Segment)
class SegmentAdmin(DeskAdmin):
    """People described by rules."""

    about = (
        "People described by rules, and found anew each time. An issue, or a newsletter in config.yaml, goes to a "
        "segment alone, or leaves it out."
    )
    when_empty = "There is no segment yet. Add one: “people in Berlin who opened something in the last 30 days”."
    list_display = ("title", "name", "meaning", "standing", "changed_at")
    list_display_links = ("title",)
    search_fields = ("title", "name", "description")
    search_help_text = "Part of a title, name or description"
    ordering = ("title",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One by one, on its own page, which says what needs it."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Go to the page where a segment is written."""
        return HttpResponseRedirect(reverse("desk-segment-new"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Go to the segment's own page."""
        number = int(object_id) if object_id.isdecimal() and len(object_id) < 10 else 0
        return HttpResponseRedirect(reverse("desk-segment", args=(number,)))

    @display(description="Who they are")
    def meaning(self, segment: Segment) -> str:
        """The rules in words."""
        return describe(segment.rules, segment.name)

    @display(description="Rules", label={"in order": "success", "broken": "danger"})
    def standing(self, segment: Segment) -> str:
        """Whether they can be followed."""
        return "broken" if check(segment.rules, segment.name) else "in order"
