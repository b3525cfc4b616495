"""Lists and tags: what they are, and how many people are on them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextInputWidget

from newsletter.desk.admin.base import LoggedAdmin, display, link
from newsletter.settings import current
from subscribers.models import List, Subscription, Tag, Tagging


class ListForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """A list; its tags are typed with commas between them."""

    tags = forms.CharField(
        required=False, max_length=500, widget=UnfoldAdminTextInputWidget,
        help_text="Words to find and sort lists by, for staff alone, with commas between them.",
    )  # fmt: skip

    class Meta:
        model = List
        fields = ("name", "title", "description", "public", "opt_in", "language", "tags")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["tags"] = ", ".join(self.instance.tags)

    def clean_tags(self) -> list[str]:
        """Word by word."""
        return [word for part in str(self.cleaned_data["tags"]).split(",") if (word := " ".join(part.split()))]


class CountedLists(ChangeList):  # type: ignore[misc]  # Unfold has no types
    """Each list with its people by status, counted once for the whole page."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """The rows, with `active_count`, `pending_count`, `unsubscribed_count` and whether their people may be seen."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = counted([one.pk for one in self.result_list])
        may_look = request.user.has_perm("subscribers.view_subscriber")
        for one in self.result_list:
            one.may_look = may_look
            for status in Subscription.Status:
                setattr(one, f"{status}_count", counts[one.pk][status])


def counted(lists: list[int]) -> dict[int, dict[str, int]]:
    """How many people of each status are on these lists; the index holds all it takes."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = Subscription.objects.filter(list__in=lists).order_by().values("list", "status").annotate(number=Count("pk"))
    for number, status, people in rows.values_list("list", "status", "number"):
        found[number][status] = people
    return found


def named_by(item: List) -> list[str]:
    """The newsletters of config.yaml that name the list."""
    letters = current().newsletters.values()
    return [letter.title for letter in letters if any(ref.name == item.name for ref in letter.lists)]


@admin.register(List)
class ListAdmin(LoggedAdmin):
    """Groups of people who asked for the same thing."""

    about = "Groups of people who asked for the same thing. A newsletter names its lists in config.yaml."
    when_empty = "There is no list yet. They are made from config.yaml when the pipeline starts."
    form = ListForm
    change_form_outer_before_template = "list_before.html"
    list_display = ("title_or_name", "name", "kind", "active", "pending", "unsubscribed", "created_at")
    list_filter = ("public", "opt_in")
    search_fields = ("name", "title")
    search_help_text = "Part of a name or title"
    ordering = ("name",)
    fields = ("name", "title", "description", "public", "opt_in", "language", "tags")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CountedLists]:
        """With counts."""
        return CountedLists

    def get_readonly_fields(self, request: HttpRequest, obj: List | None = None) -> tuple[str, ...]:
        """The name ties the list to config.yaml: it is given once."""
        return ("name",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It has a page of its own, which says what would be lost."""
        return False

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """With the counts, and the ways to its pages."""
        if (found := self.get_object(request, object_id)) and self.has_view_permission(request, found):
            counts = counted([found.pk])[found.pk]
            extra = {
                "counts": [(status, counts[status]) for status in Subscription.Status],
                "named_by": named_by(found),
            }
            kwargs["extra_context"] = {**kwargs.get("extra_context", {}), **extra}
        return super().change_view(request, object_id, *args, **kwargs)

    @display(description="List", ordering="title")
    def title_or_name(self, item: List) -> str:
        """What the list is called."""
        return str(item)

    @display(description="Kind")
    def kind(self, item: List) -> str:
        """Who may subscribe, and what it takes."""
        return f"{'public' if item.public else 'private'}, {item.opt_in} opt-in"

    @display(description="Active")
    def active(self, item: Any) -> SafeString | str:
        """How many people want its mail, leading to them where they may be seen."""
        return _people(item, "active")

    @display(description="Not confirmed")
    def pending(self, item: Any) -> SafeString | str:
        """How many have asked and not pressed the button yet."""
        return _people(item, "pending")

    @display(description="Unsubscribed")
    def unsubscribed(self, item: Any) -> SafeString | str:
        """How many have left."""
        return _people(item, "unsubscribed")


def _people(item: Any, status: str) -> SafeString | str:
    said = f"{getattr(item, f'{status}_count'):,}"
    to = f"{reverse('admin:subscribers_subscriber_changelist')}?list={item.name}&on={status}"
    return link(to, said) if item.may_look else said


class CountedTags(ChangeList):  # type: ignore[misc]  # Unfold has no types
    """Each tag with the number of people who have it."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """The rows of this page, counted."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        rows = Tagging.objects.filter(tag__in=self.result_list).order_by().values("tag").annotate(number=Count("pk"))
        counts = dict(rows.values_list("tag", "number"))
        for one in self.result_list:
            one.people_count = counts.get(one.pk, 0)


@admin.register(Tag)
class TagAdmin(LoggedAdmin):
    """Words that staff put to people."""

    about = "Words that staff put to people, to find and address them by. Readers never see them."
    when_empty = "There is no tag yet. Make one here, or tick people in their list and add a tag to them."
    list_display = ("label", "name", "having", "merging", "created_at")
    search_fields = ("name", "title")
    search_help_text = "Part of a name or title"
    ordering = ("name",)
    fields = ("name", "title")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CountedTags]:
        """With counts."""
        return CountedTags

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It has a page of its own, which does not read every person who has the tag."""
        return False

    @display(description="Tag", ordering="name")
    def label(self, item: Tag) -> str:
        """What it is called."""
        return str(item)

    @display(description="People")
    def having(self, item: Any) -> SafeString:
        """How many have it, leading to them; `people` is the model's own, and a list would show that."""
        address = f"{reverse('admin:subscribers_subscriber_changelist')}?tag={item.name}"
        return link(address, f"{item.people_count:,}")

    @display(description="Merge or delete")
    def merging(self, item: Any) -> SafeString:
        """The ways to merge it into another, and to delete it."""
        merge, delete = reverse("desk-tag-merge", args=(item.pk,)), reverse("desk-tag-delete", args=(item.pk,))
        return format_html("{} · {}", link(merge, "Merge"), link(delete, "Delete"))
