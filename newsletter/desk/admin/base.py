"""What the lists and forms of the desk have in common, and the types that Unfold does not bring."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline

from newsletter import roles
from newsletter.desk.scope import only_theirs
from newsletter.models import Issue

if TYPE_CHECKING:
    Function = TypeVar("Function", bound=Callable[..., Any])

    def display(**options: Any) -> Callable[[Function], Function]:
        """Say how a column of a list is headed, sorted and coloured."""

    def action(**options: Any) -> Callable[[Function], Function]:
        """Make a method a button."""
else:
    from unfold.decorators import action, display

__all__ = [
    "DeskAdmin",
    "IssueFilter",
    "LoggedAdmin",
    "ReadOnlyAdmin",
    "TabularInline",
    "action",
    "badge",
    "display",
    "link",
]


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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the newsletters that this member of staff has to do with."""
        found: QuerySet[Any] = only_theirs(request.user, super().get_queryset(request))
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """A list that is called by what it holds, and speaks of results only where something was looked for."""
        found = super().get_changelist_instance(request)
        found.title = str(capfirst(found.opts.verbose_name_plural))
        if not found.query and not found.get_filters_params():
            found.full_result_count = found.result_count
        return found


class LoggedAdmin(DeskAdmin):
    """A table whose every change by staff is kept with what stood there before and what stands there now."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django's own message, with the values beside the names; the page of changes shows them."""
        message = super().construct_change_message(request, form, formsets, add)
        told = [*_told(form, ""), *(one for rows in formsets or () for row in rows.forms for one in _told(row, row))]
        return [*message, {"values": told}] if told else message


def _told(form: Any, of: Any) -> list[list[str]]:
    """Each changed field: its label, what it was and what it is, in words short enough to keep."""
    name = f"{of.instance._meta.verbose_name} {of.instance}: " if of and of.has_changed() else ""
    return [
        [f"{name}{form.fields[field].label or field}", _shown(form, field, old=True), _shown(form, field, old=False)]
        for field in form.changed_data
        if field in form.fields and field in getattr(form, "cleaned_data", {})
    ]


def _shown(form: BaseForm, field: str, old: bool) -> str:
    value = form.get_initial_for_field(form.fields[field], field) if old else form.cleaned_data[field]
    choices = getattr(form.fields[field], "choices", None)
    if old and choices is not None and not isinstance(value, list | tuple):
        value = next((label for key, label in choices if str(key) == str(value)), value)
    return "" if value is None else str(value)[:200]


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
        issues = roles.theirs(request.user, "newsletter.view_issue", Issue.objects.order_by("-due_at"))
        return [(str(issue.pk), str(issue)) for issue in issues[: self.latest]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the issue that was chosen; none for what is not an issue's number."""
        if not (value := self.value()):
            return queryset
        return queryset.filter(issue=value) if value.isdecimal() else queryset.none()


def link(address: str, text: object) -> SafeString:
    """An underlined link for a cell or a field."""
    return format_html('<a class="text-primary-600 dark:text-primary-500 underline" href="{}">{}</a>', address, text)


@lru_cache(maxsize=2000)  # a page of people has hundreds, of a handful of kinds
def badge(text: str, colour: str) -> SafeString:
    """A coloured label, as lists have them, for a form."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})
