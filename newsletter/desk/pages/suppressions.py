"""Many suppressions at once: pasted, lifted with a reason, and as a file."""

from __future__ import annotations

import re

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.csvs import download
from subscribers import exporting, suppressing
from subscribers.models import Occasion, Origin, Suppression

MOST = 10_000
"""Addresses that may be pasted; a file takes any number."""


class PasteForm(forms.Form):
    """Addresses, and why."""

    addresses = forms.CharField(
        max_length=MOST * 60, widget=UnfoldAdminTextareaWidget(attrs={"rows": 12}),
        help_text="One a line, or with commas or semicolons between them. Names around them do not matter.",
    )  # fmt: skip
    reason = forms.CharField(
        max_length=200, label="Why", widget=UnfoldAdminTextInputWidget, help_text="For whoever asks later."
    )

    def clean_addresses(self) -> list[str]:
        """One by one, without the names and brackets of a mail program."""
        parts = re.split(r"[\n,;]+", str(self.cleaned_data["addresses"]))
        found = [(re.search(r"<([^<>]+)>", part) or [part, part])[1].strip() for part in parts if part.strip()]
        if len(found) > MOST:
            raise forms.ValidationError(f"These are {len(found):,}; paste {MOST:,} at most, or import a file.")
        return found


class LiftForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        max_length=300, label="Why", widget=UnfoldAdminTextInputWidget,
        help_text="Such as “asked on the phone to get it again”. It is kept with the person.",
    )  # fmt: skip


def paste(request: HttpRequest) -> HttpResponseBase:
    """Ask for addresses; on POST suppress them, and say what became of them."""
    return admin.site.admin_view(_paste)(request)


@require_http_methods(["GET", "HEAD", "POST"])
def _paste(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("subscribers.add_suppression"):
        raise PermissionDenied
    form, told = PasteForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        told = suppressing.suppress(form.cleaned_data["addresses"], reason, _occasion(request, reason))
        log(request, f"{told.added:,} addresses suppressed; {reason}")
        messages.success(request, f"{told.added:,} suppressed; {told.known:,} were already.")
        if not told.refused:
            return SeeOther(reverse("admin:subscribers_suppression_changelist"))
        # Nothing that was typed is lost: what could not be read stands in the form again, to be mended.
        form = PasteForm(initial={"addresses": "\n".join(text for text, _ in told.refused), "reason": reason})
    response = desk_page(request, "suppress_many.html", "Suppress many", form=form, told=told)
    response.status_code = 422 if form.errors or told else 200
    return response


def lift(request: HttpRequest) -> HttpResponseBase:
    """Ask why; on POST lift the suppressions that were ticked."""
    return admin.site.admin_view(_lift)(request)


@require_http_methods(["GET", "HEAD", "POST"])
def _lift(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("subscribers.delete_suppression"):
        raise PermissionDenied
    numbers = [int(one) for one in request.GET.get("rows", "").split(",") if one.isdecimal()]
    rows = Suppression.objects.filter(pk__in=numbers)
    form, back = (
        LiftForm(request.POST if request.method == "POST" else None),
        "admin:subscribers_suppression_changelist",
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        count = suppressing.lift(numbers, reason, _occasion(request, reason))
        log(request, f"{count:,} suppressions lifted; {reason}")
        messages.success(request, f"{count:,} {'suppression is' if count == 1 else 'suppressions are'} lifted.")
        return SeeOther(reverse(back))
    response = desk_page(
        request, "suppressions_lift.html", "Lift suppressions", form=form, rows=rows[:20], count=rows.count(),
        back=reverse(back),
    )  # fmt: skip
    response.status_code = 422 if form.errors else 200
    return response


@staff_page("subscribers.view_suppression")
def export(request: HttpRequest) -> HttpResponseBase:
    """All of them; of an erased one its hash, which another installation can take in."""

    log(request, "suppressions exported")
    return download("suppressions", exporting.suppressions())


def log(request: HttpRequest, said: str) -> None:
    """Remember who did something to many suppressions."""
    LogEntry.objects.create(
        user_id=int(request.user.pk or 0), content_type=ContentType.objects.get_for_model(Suppression),
        object_repr="suppressions", action_flag=CHANGE, change_message=said,
    )  # fmt: skip


def _occasion(request: HttpRequest, reason: str) -> Occasion:
    return Occasion(timezone.now(), Origin.DESK, reason, by=request.user.get_username())
