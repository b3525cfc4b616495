"""The list of people: a search and a panel of filters that answer at once, whatever is asked of a million."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscribers.finding import Count, Search
from subscribers.models import List, Segment, Subscriber, Subscription, Suppression, Tag
from subscribers.wanted import ON, STANDINGS, Unclear, Wanted

BELOW = "below"
"""Where a further page begins."""
MOST_CHOICES = 500
PER_PAGE = 50

ANY = ("", "any")


class Shown(int):
    """A number of people that prints as it is told: exactly, or about."""

    told: str

    @classmethod
    def of(cls, count: Count, least: int) -> Shown:
        """At least as many as are on the page."""
        made = cls(max(count.number or 0, least))
        made.told = str(count) if count.number else f"{least:,} and more"
        return made

    def __str__(self) -> str:
        return self.told


class FilterForm(forms.Form):
    """What people can be filtered by; each name is one of Wanted's."""

    list = forms.ChoiceField(required=False, label="List", widget=UnfoldAdminSelectWidget)
    on = forms.ChoiceField(
        required=False, label="Status on that list", widget=UnfoldAdminSelectWidget, choices=[*ON.items()]
    )
    tag = forms.ChoiceField(required=False, label="Tag", widget=UnfoldAdminSelectWidget)
    segment = forms.ChoiceField(required=False, label="Segment", widget=UnfoldAdminSelectWidget)
    standing = forms.ChoiceField(
        required=False, label="Standing", widget=UnfoldAdminSelectWidget, choices=[ANY, *STANDINGS.items()]
    )
    flag = forms.ChoiceField(
        required=False, label="Kind of address", widget=UnfoldAdminSelectWidget,
        choices=[ANY, ("role", "role address, such as info@"), ("disposable", "disposable")],
    )  # fmt: skip
    since = forms.CharField(
        required=False, label="First seen since", widget=UnfoldAdminTextInputWidget({"type": "date"})
    )
    until = forms.CharField(
        required=False, label="First seen until", widget=UnfoldAdminTextInputWidget({"type": "date"})
    )
    language = forms.CharField(
        required=False, label="Language", widget=UnfoldAdminTextInputWidget({"placeholder": "de"}), max_length=35
    )
    domain = forms.CharField(
        required=False, label="Domain", widget=UnfoldAdminTextInputWidget({"placeholder": "example.org"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("list", List), ("tag", Tag), ("segment", Segment)):
            rows = model.objects.values_list("name", "title")[:MOST_CHOICES]
            self.fields[name].choices = [ANY, *((key, title or key) for key, title in rows)]  # type: ignore[attr-defined]
        if len(self.fields["segment"].choices) == 1:  # type: ignore[attr-defined]
            del self.fields["segment"]


class PeopleFilter(ListFilter):
    """The whole panel as one filter, so that one form carries it."""

    title = "people"
    template = "people_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        params.pop(BELOW, None)
        for name in (*FilterForm.base_fields, "made_by"):
            if values := params.pop(name, None):
                self.used_parameters[name] = values[-1]
        self.error = ""

    def has_output(self) -> bool:
        """There is always something to filter by."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """All that a form of filters sends."""
        return [*FilterForm.base_fields, "made_by"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """All: who is wanted is asked by the list itself, with the search, in one go."""
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The form, filled in as it was sent."""
        used = {name: value for name, value in self.used_parameters.items() if name in FilterForm.base_fields}
        yield {"form": FilterForm(initial={"on": "active", **used}, auto_id="filter_%s"), "error": changelist.unclear}


class PeopleList(ChangeList):
    """A page of people, newest first, and about how many there are; it never counts or skips a million rows."""

    unclear = ""
    cut = False
    next_query = ""

    def get_results(self, request: HttpRequest) -> None:
        """The people of this page, with what the columns show, in a handful of statements."""
        below = request.GET.get(BELOW, "")
        self.first_page = not below.isdecimal()
        search = Search(Wanted.of(request.GET.dict()), timezone.now())
        self.can_show_all, self.multi_page, self.show_all = False, False, False
        self.paginator = self.model_admin.get_paginator(request, Subscriber.objects.none(), PER_PAGE)
        try:
            page = search.page(None if self.first_page else int(below), PER_PAGE)
            count = search.estimate() if page.cut else search.count() if page.below or below else None
        except Unclear as error:
            self.unclear, self.result_list = str(error), []
            self.result_count = self.full_result_count = Shown.of(Count(0), 0)
            return
        self.cut = page.cut
        self.next_query = self.get_query_string({BELOW: page.below}) if page.below else ""
        self.first_query = self.get_query_string(remove=[BELOW])
        self.result_list = _people(page.numbers)
        self.result_count = Shown.of(count or Count(len(page.numbers)), len(page.numbers))
        self.full_result_count = self.result_count


def _people(numbers: list[int]) -> list[Subscriber]:
    """The rows in this order, each with its subscriptions, tags and suppression."""
    held = Prefetch("subscriptions", Subscription.objects.select_related("list").order_by("list__name"))
    rows = Subscriber.objects.filter(pk__in=numbers).prefetch_related(held, "tags").order_by("-pk")
    people: list[Any] = list(rows)
    suppressed = dict(Suppression.objects.filter(key__in=[one.key for one in people]).values_list("key", "kind"))
    for one in people:
        one.suppressed = suppressed.get(one.key, "")
    return people
