"""A custom field's kind: what a change would come to, before it is made; and its end."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from subscribers import converting
from subscribers.models import Field, Segment
from subscribers.segments.rules import leaves, read


def field(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show what can become of a field on GET; on POST begin it."""
    return admin.site.admin_view(_field)(request, number)


def users_of(field: Field) -> list[Segment]:
    """The segments that ask about a field."""
    found = []
    for segment in Segment.objects.all():
        node, _ = read(segment.rules)
        if node and any(leaf.kind == "field" and leaf.of == field.name for leaf in leaves(node)):
            found.append(segment)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def _field(request: HttpRequest, number: int) -> HttpResponse:
    if not request.user.has_perm("subscribers.change_field"):
        raise PermissionDenied
    found = get_object_or_404(Field, pk=number)
    if request.method == "POST":
        return _act(request, found)
    kind = request.GET.get("kind", "")
    return _page(request, found, kind if kind in Field.Kind.values and kind != found.kind else "")


def _page(request: HttpRequest, found: Field, kind: str, status: int = 200, fault: str = "") -> HttpResponse:
    answer = desk_page(
        request, "field.html", "Kind", object=found, fault=fault, kind=kind, used=users_of(found),
        kinds=[one for one in Field.Kind if one != found.kind],
        kind_label=Field.Kind(kind).label.lower() if kind else "",
        survey=converting.survey(found, kind) if kind else None,
        may_delete=request.user.has_perm("subscribers.delete_field"),
    )  # fmt: skip
    answer.status_code = status
    return answer


def _act(request: HttpRequest, found: Field) -> HttpResponse:
    act, kind = request.POST.get("do", ""), request.POST.get("kind", "")
    if act == "kind" and kind in Field.Kind.values:
        if not converting.begin(found, kind):
            return _page(request, found, "", 409, "This field is being changed already, or is of that kind.")
        _log(request, found, CHANGE, f"its values become {kind}")
        messages.success(request, f"The values of “{found}” are being changed; what does not fit stays as it is.")
    elif act in ("delete", "remove"):
        if not request.user.has_perm("subscribers.delete_field"):
            raise PermissionDenied
        if users_of(found):
            return _page(request, found, "", 409, "Segments ask about this field: take their rules out first.")
        _end(request, found, act)
    return SeeOther(reverse("admin:subscribers_field_changelist"))


def _end(request: HttpRequest, found: Field, act: str) -> None:
    _log(request, found, DELETION, "with its values" if act == "remove" else "its values stay")
    if act == "delete":
        found.delete()
        messages.success(request, f"“{found}” is no declared field any more. The values stay with their people.")
    elif converting.begin(found, converting.REMOVED):
        messages.success(request, f"“{found}” and all its values are being removed.")


def _log(request: HttpRequest, found: Field, action: int, words: Any) -> None:
    LogEntry.objects.log_actions(int(request.user.pk or 0), [found], action, words, single_object=True)
