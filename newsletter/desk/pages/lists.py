"""Lists and tags go: what would be lost, asked first; and a tag is merged into another."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget

from newsletter.desk.actions import SeeOther
from newsletter.desk.admin.lists import counted, named_by
from newsletter.desk.pages import bulk
from newsletter.desk.pages.base import desk_page
from subscribers import deleting
from subscribers.models import List, Segment, Tag, Tagging
from subscribers.segments.rules import leaves, read


def delete_list(request: HttpRequest, number: int) -> HttpResponseBase:
    """Ask, saying what would be lost; on POST delete the list."""
    return admin.site.admin_view(_delete_list)(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def _delete_list(request: HttpRequest, number: int) -> HttpResponse:
    insist(request, "subscribers.delete_list")
    item = get_object_or_404(List, pk=number)
    counts, letters = counted([item.pk])[item.pk], named_by(item)
    people, refused = sum(counts.values()), ""
    if letters:
        refused = f"config.yaml names it for {', '.join(letters)}. Take it out there first."
    if request.method == "POST" and not refused:
        try:
            with transaction.atomic():
                act = deleting.begin(item, timezone.now(), request.user.get_username())
                _log(request, item, f"list {item.name} deleted, with {people:,} subscriptions")
        except deleting.Busy as error:
            refused = f"{str(error)[:1].upper()}{str(error)[1:]}."
        else:
            if act.total <= bulk.AT_ONCE:
                bulk.finish(act)
            return SeeOther(reverse("desk-bulk", args=(act.pk,)))
    lost = [
        f"{people:,} subscriptions, {counts['active']:,} of them active",
        *_segments(item),
        "the people, their consents, and the issues that went to them stay; nobody is told; it cannot be undone",
    ]
    back = reverse("admin:subscribers_list_change", args=(item.pk,))
    return _ask(request, f"Delete the list {item}?", lost, refused, back)


def _segments(item: List) -> list[str]:
    """What becomes of the segments that ask about the list."""
    asking = [str(one) for one in Segment.objects.order_by("title") if item.name in _lists_of(one)]
    return [f"segments ask about it, and cannot be used until you change them: {', '.join(asking)}"] if asking else []


def _lists_of(segment: Segment) -> set[str]:
    root, _ = read(segment.rules)
    return {leaf.of for leaf in leaves(root) if leaf.kind == "list"} if root else set()


def delete_tag(request: HttpRequest, number: int) -> HttpResponseBase:
    """Ask, saying how many people have it; on POST delete the tag."""
    return admin.site.admin_view(_delete_tag)(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def _delete_tag(request: HttpRequest, number: int) -> HttpResponse:
    insist(request, "subscribers.delete_tag")
    tag = get_object_or_404(Tag, pk=number)
    people = tag.taggings.count()
    if request.method == "POST":
        with transaction.atomic():
            _log(request, tag, f"tag {tag.name} deleted, which {people:,} people had")
            tag.delete()
        messages.success(request, f"The tag {tag} is deleted.")
        return SeeOther(reverse("admin:subscribers_tag_changelist"))
    lost = [f"the tag of {people:,} people; segments that ask for it find nobody any more"]
    return _ask(request, f"Delete the tag {tag}?", lost, "", reverse("admin:subscribers_tag_changelist"))


class MergeForm(forms.Form):
    """Into which."""

    into = forms.ModelChoiceField(
        Tag.objects.all(), label="Into", widget=UnfoldAdminSelectWidget, empty_label="Choose …"
    )


def merge_tag(request: HttpRequest, number: int) -> HttpResponseBase:
    """Ask into which; on POST everybody who has this tag has the other, and this one goes."""
    return admin.site.admin_view(_merge_tag)(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def _merge_tag(request: HttpRequest, number: int) -> HttpResponse:
    insist(request, "subscribers.delete_tag")
    tag = get_object_or_404(Tag, pk=number)
    form = MergeForm(request.POST if request.method == "POST" else None)
    form.fields["into"].queryset = Tag.objects.exclude(pk=tag.pk)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        into = form.cleaned_data["into"]
        with transaction.atomic():
            both = Tagging.objects.filter(tag=into).values("subscriber")
            moved = Tagging.objects.filter(tag=tag).exclude(subscriber__in=both).update(tag=into)
            _log(request, tag, f"tag {tag.name} merged into {into.name}: {moved:,} people more have it")
            tag.delete()
        messages.success(request, f"{tag} is merged into {into}.")
        return SeeOther(reverse("admin:subscribers_tag_changelist"))
    lost = [f"the tag {tag.name}; its {tag.taggings.count():,} people have the other instead. It cannot be undone"]
    back = reverse("admin:subscribers_tag_changelist")
    return _ask(request, f"Merge the tag {tag}", lost, "", back, form, "Merge")


def insist(request: HttpRequest, right: str) -> None:
    """Raise PermissionDenied unless this member of staff holds the right."""
    if not request.user.has_perm(right):
        raise PermissionDenied


def _ask(
    request: HttpRequest, question: str, lost: list[str], refused: str, back: str, form: forms.Form | None = None,
    button: str = "Delete",
) -> HttpResponse:  # fmt: skip
    response = desk_page(
        request, "lose.html", question, question=question, lost=lost, refused=refused, back=back, form=form,
        button=button,
    )  # fmt: skip
    response.status_code = 422 if request.method == "POST" else 200
    return response


def _log(request: HttpRequest, item: List | Tag, said: str) -> None:
    LogEntry.objects.log_actions(int(request.user.pk or 0), [item], DELETION, said, single_object=True)
