"""What a person may ask of us by law, at the desk: a copy of what is kept of them, and their erasure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.own_copy import copy_of, file_name
from newsletter.own_data import NOBODY, REPLIES, published_replies
from newsletter.settings import current
from subscribers.addresses import InvalidAddress, normalize
from subscribers.erasing import erase, waiting_files
from subscribers.models import Consent, Occasion, Origin, Subscriber
from subscribers.own_data import holdings
from subscribers.traces import Person

# The copy holds all of these at once: whoever may see each may see them together.
MAY_COPY = (
    "subscribers.view_subscriber", "subscribers.view_consent", "newsletter.view_message", "newsletter.view_event",
    "newsletter.view_reply", "newsletter.view_notice",
)  # fmt: skip
MAY_ERASE = ("subscribers.view_subscriber", "subscribers.delete_subscriber")


class EraseForm(forms.Form):
    """The address once more, typed by hand, so that nobody erases the wrong person by a click."""

    address = forms.CharField(
        label="Address",
        max_length=320,
        help_text="Type the person’s address, so that it is nobody else’s.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    keep = forms.BooleanField(
        label="Leave their published replies on the page",
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text="Without the name. Only if that is their wish.",
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        if not published_replies(person):
            del self.fields["keep"]

    def clean_address(self) -> str:
        """Refuse any other address."""
        typed = str(self.cleaned_data["address"])
        try:
            same = normalize(typed)[1] == self.person.key
        except InvalidAddress:
            same = False
        if not same:
            raise forms.ValidationError("This is not the address of the person whom you are about to erase.")
        return typed


def data(request: HttpRequest, number: int) -> HttpResponse:
    """Show on GET what there is of a person; on POST hand the copy over, and note that it was."""
    return admin.site.admin_view(never_cache(_data))(request, number)


def erasing(request: HttpRequest, number: int) -> HttpResponse:
    """Show on GET what would go; on POST erase the person, if their address was typed."""
    return admin.site.admin_view(never_cache(_erasing))(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def _data(request: HttpRequest, number: int) -> HttpResponse:
    _insist(request, MAY_COPY)
    subscriber = get_object_or_404(Subscriber, pk=number)
    if request.method == "POST":
        return _handed_over(request, subscriber)
    may_erase = request.user.has_perms(MAY_ERASE)
    return _page(request, "person_data.html", "Their data", subscriber, may_erase=may_erase)


@require_http_methods(["GET", "HEAD", "POST"])
def _erasing(request: HttpRequest, number: int) -> HttpResponse:
    _insist(request, MAY_ERASE)
    subscriber = get_object_or_404(Subscriber, pk=number)
    form = EraseForm(request.POST if request.method == "POST" else None, person=Person.of(subscriber))
    if request.method == "POST" and form.is_valid():
        erase_by_staff(request, subscriber, [REPLIES] if form.cleaned_data.get("keep") else [])
        messages.success(request, "The person is erased. Nothing that is kept names them any more.")
        for file in waiting_files():
            messages.warning(
                request, f"{file} still waits with its rows. The address is passed over if it stands in it; cancel the "
                "import to drop the file.",
            )  # fmt: skip
        return SeeOther(reverse("admin:subscribers_subscriber_changelist"))
    may_copy = request.user.has_perms(MAY_COPY)
    answer = _page(request, "person_erase.html", "Erase a person", subscriber, form=form, may_copy=may_copy)
    answer.status_code = 422 if form.errors else 200
    return answer


def erase_by_staff(request: HttpRequest, subscriber: Subscriber, keep: list[str]) -> None:
    """Erase somebody at the desk; the history says that it was done and by whom, not to whom."""
    who = request.user.get_username()
    occasion = Occasion(timezone.now(), Origin.DESK, "erased at the desk", by=who)
    erase(Person.of(subscriber), occasion, keep)
    _log(request, DELETION, "erased a person")


def _handed_over(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    now = timezone.now()
    content = copy_of(Person.of(subscriber), current(), now)
    occasion = Occasion(now, Origin.DESK, "a copy of their data", by=request.user.get_username())
    Consent.note_all(Consent.Action.EXPORTED, occasion, [subscriber.pk])
    LogEntry.objects.log_actions(
        int(request.user.pk or 0), [subscriber], CHANGE, "took a copy of their data", single_object=True
    )
    name = f'attachment; filename="{file_name(now)}"'
    return HttpResponse(content, content_type="application/zip", headers={"Content-Disposition": name})


def _log(request: HttpRequest, action: int, words: str) -> None:
    LogEntry.objects.create(
        user_id=int(request.user.pk or 0), content_type=ContentType.objects.get_for_model(Subscriber),
        action_flag=action, object_repr=NOBODY, change_message=words,
    )  # fmt: skip


def _page(request: HttpRequest, template: str, title: str, subscriber: Subscriber, **more: Any) -> HttpResponse:
    held = {name.replace("_", " "): count for name, count in holdings(Person.of(subscriber)).items()}
    back = reverse("admin:subscribers_subscriber_change", args=(subscriber.pk,))
    return desk_page(request, template, title, object=subscriber, held=held, back=back, **more)


def _insist(request: HttpRequest, rights: tuple[str, ...]) -> None:
    if not request.user.has_perms(rights):
        raise PermissionDenied
