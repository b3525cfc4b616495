"""People: the list of them, and one person's page with what is known, where they stand, and what happened."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from newsletter.desk.actions import SeeOther
from newsletter.desk.admin.base import LoggedAdmin, action, badge, display
from newsletter.desk.admin.erasing import Erasing
from newsletter.desk.admin.people_forms import PersonForm, add_form, person_form
from newsletter.desk.admin.people_search import PeopleFilter, PeopleList
from newsletter.desk.pages import person
from newsletter.desk.pages.bulk import query_of
from subscribers.models import Bulk, Field, Subscriber
from subscribers.wanted import Wanted, looked, words


@admin.register(Subscriber)
class SubscriberAdmin(Erasing, LoggedAdmin):
    """People, with the lists they are on."""

    about = (
        "People, each known by one email address, newest first. A search looks for each word anywhere in address or"
        " name; words of one or two letters, at the beginning of the address."
    )
    when_empty = "There is nobody yet. Import a file of people, or add one here."
    form = PersonForm
    change_list_template = "people_list.html"
    list_before_template = "people_before.html"
    change_form_outer_before_template = "person_standing.html"
    change_form_outer_after_template = "person_history.html"
    list_display = ("address", "named", "lists", "tagged", "seen", "sign", "standing")
    list_filter = (PeopleFilter,)
    list_filter_submit = True
    search_fields = ("key", "name")
    search_help_text = "Part of an address or name"
    sortable_by = ()
    ordering = ("-pk",)
    actions = ("to_list", "off_list", "tag", "untag", "suppress", "lift")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PeopleList]:
        """A list that never counts or skips a million rows."""
        return PeopleList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        """Those who have every word in address or name."""
        return queryset.filter(looked(words(search_term))) if search_term.split() else queryset, False

    def get_form(self, request: HttpRequest, obj: Subscriber | None = None, change: bool = False, **kwargs: Any) -> Any:
        """With an input of its own for each field that is declared."""
        kwargs["form"] = person_form() if obj else add_form()
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        """Who it is; then what else is known."""
        declared = [f"field_{name}" for name in Field.objects.values_list("name", flat=True)]
        if obj is None:
            return [(None, {"fields": ["email", "name", "lists", "basis"]})]
        known = ["email", "name", "language", "time_zone", "tagged"]
        return [(None, {"fields": known}), ("Fields", {"fields": [*declared, "fields"]})]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Put the person on the lists that were chosen, and tie the tags."""
        super().save_related(request, form, formsets, change)
        if change:
            form.save_tags()
        else:
            form.subscribe(request.user.get_username(), timezone.now())

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, with where the person stands above it and what happened below."""
        found = self.get_object(request, object_id)
        if found and request.method in ("GET", "HEAD") and self.has_view_permission(request, found):
            kwargs["extra_context"] = {**kwargs.get("extra_context", {}), **person.told(found, request)}
        return super().change_view(request, object_id, *args, **kwargs)  # type: ignore[no-any-return]

    @display(description="Address")
    def address(self, one: Subscriber) -> str:
        """As it is written to."""
        return one.email

    @display(description="Name")
    def named(self, one: Subscriber) -> str:
        """As it was given."""
        return one.name or "–"

    @display(description="Lists")
    def lists(self, one: Subscriber) -> SafeString | str:
        """Each list, coloured by whether they are on it."""
        rows = ((badge(row.list.name, person.SUBSCRIPTIONS[row.status]), row.status) for row in one.subscriptions.all())
        return format_html_join(" ", '<span title="{1}">{0}</span>', rows) or "–"

    @display(description="Tags")
    def tagged(self, one: Subscriber) -> str:
        """The first few."""
        names = sorted(tag.name for tag in one.tags.all())
        return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") or "–"

    @display(description="First seen")
    def seen(self, one: Subscriber) -> str:
        """The day they came here; when they joined a list, here or elsewhere, is told on their page."""
        return f"{timezone.localtime(one.created_at):%-d %b %Y}"

    @display(description="Last sign of life")
    def sign(self, one: Subscriber) -> str:
        """The later of the last open and the last click."""
        signs = [at for at in (one.opened_at, one.clicked_at) if at]
        return f"{timezone.localtime(max(signs)):%-d %b %Y}" if signs else "none yet"

    @display(description="Standing")
    def standing(self, one: Any) -> SafeString:
        """Whether anything keeps mail from them, and what kind of address it is."""
        on = [row.status for row in one.subscriptions.all()]
        word, colour = person.standing(one, one.suppressed, on, timezone.now())
        flag = format_html(" {}", badge(one.flag, "warning")) if one.flag else ""
        return format_html("{}{}", badge(word, colour), flag)

    def has_bulk_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change one person may change many."""
        return request.user.has_perm("subscribers.change_subscriber")

    def has_suppress_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may add to the suppressions."""
        return request.user.has_perm("subscribers.add_suppression")

    def has_lift_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may take from the suppressions."""
        return request.user.has_perm("subscribers.delete_suppression")

    @action(description="Add to a list …", permissions=["bulk"])
    def to_list(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponseBase:
        """Ask which list, and how they agreed."""
        return _ask(request, Bulk.Kind.ADD)

    @action(description="Remove from a list …", permissions=["bulk"])
    def off_list(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponseBase:
        """Ask which list, and why."""
        return _ask(request, Bulk.Kind.REMOVE)

    @action(description="Add a tag …", permissions=["bulk"])
    def tag(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponseBase:
        """Ask which."""
        return _ask(request, Bulk.Kind.TAG)

    @action(description="Remove a tag …", permissions=["bulk"])
    def untag(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponseBase:
        """Ask which."""
        return _ask(request, Bulk.Kind.UNTAG)

    @action(description="Suppress …", permissions=["suppress"])
    def suppress(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponseBase:
        """Ask why."""
        return _ask(request, Bulk.Kind.SUPPRESS)

    @action(description="Lift suppressions …", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponseBase:
        """Ask why."""
        return _ask(request, Bulk.Kind.LIFT)


def _ask(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Go to the question, which knows the ticked people, or the search and filters that all of them match."""
    ticked = () if request.POST.get("select_across") == "1" else request.POST.getlist("_selected_action")
    numbers = [int(one) for one in ticked if one.isdecimal()]
    wanted = Wanted(numbers=tuple(numbers)) if numbers else Wanted.of(request.GET.dict())
    return SeeOther(f"{reverse('desk-bulk-ask', args=(kind,))}?{query_of(wanted)}")
