"""What the lists and forms of the desk have in common, and the types that Unfold does not bring."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from newsletter.models import Issue

if TYPE_CHECKING:
    Function = TypeVar("Function", bound=Callable[..., Any])

    def display(**options: Any) -> Callable[[Function], Function]:
        """Say how a column of a list is headed, sorted and coloured."""

    def action(**options: Any) -> Callable[[Function], Function]:
        """Make a method a button."""
else:
    from unfold.decorators import action, display

__all__ = ["DeskAdmin", "IssueFilter", "ReadOnlyAdmin", "TabularInline", "action", "badge", "display", "link"]


class DeskAdmin(ModelAdmin):  # type: ignore[misc]  # Unfold has no types
    """A list that says what it holds, and when it is empty, why."""

    list_before_template = "about.html"
    about = ""
    when_empty = ""
    list_per_page = 50
    # Counting a large table once more, only to say "of so many", takes longer than showing the page; so do facets.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    compressed_fields = True


class ReadOnlyAdmin(DeskAdmin):
    """A table that the pipeline writes and staff only look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted by hand."""
        return False


class IssueFilter(admin.SimpleListFilter):
    """The latest issues to choose from; never a list without end."""

    title = "issue"
    parameter_name = "issue"
    latest = 30

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The latest issues, newest first."""
        return [(str(issue.pk), str(issue)) for issue in Issue.objects.order_by("-due_at")[: self.latest]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the issue that was chosen; none for what is not an issue's number."""
        if not (value := self.value()):
            return queryset
        return queryset.filter(issue=value) if value.isdecimal() else queryset.none()


def link(address: str, text: object) -> SafeString:
    """An underlined link for a cell or a field."""
    return format_html('<a class="text-primary-600 dark:text-primary-500 underline" href="{}">{}</a>', address, text)


def badge(text: str, colour: str) -> SafeString:
    """A coloured label, as lists have them, for a form."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})
