"""One reply with its thread: to be read, approved, hidden, answered, and its reader blocked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from unfold.widgets import TEXTAREA_CLASSES, UnfoldBooleanWidget

from newsletter.desk import answering
from newsletter.desk.actions import SeeOther
from newsletter.desk.admin.labels import REPLIES
from newsletter.desk.admin.replies import log
from newsletter.desk.pages.base import desk_page
from newsletter.markup.said import LONGEST
from newsletter.models import Muted, Reply
from newsletter.pipeline import Context
from newsletter.settings import current

State = Reply.State

# What each button needs beside the right to see replies.
RIGHTS = {
    "approve": "newsletter.change_reply",
    "hide": "newsletter.change_reply",
    "block": "newsletter.add_muted",
    "answer": "newsletter.add_reply",
}


class AnswerForm(forms.Form):
    """What the publication says to a reader."""

    text = forms.CharField(
        label="Answer",
        max_length=LONGEST,
        widget=forms.Textarea({"class": " ".join(TEXTAREA_CLASSES), "rows": 6}),
    )
    public = forms.BooleanField(
        label="Also on the page",
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text="With it, the reply itself is shown there too. Without it, only the reader gets the answer.",
    )


def reply(request: HttpRequest, number: int) -> HttpResponse:
    """Show a reply on GET; on POST do what the pressed button says."""
    return admin.site.admin_view(_reply)(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def _reply(request: HttpRequest, number: int) -> HttpResponse:
    _insist(request, "newsletter.view_reply")
    chosen = Reply.objects.select_related("issue", "subscriber", "parent", "message").exclude(state=State.UNCONFIRMED)
    found = get_object_or_404(chosen, pk=number)
    if request.method != "POST":
        return _page(request, found, AnswerForm())
    act = request.POST.get("act", "")
    _insist(request, RIGHTS.get(act, ""))
    if act == "answer":
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return _page(request, found, form, 422)
        _answer(request, found, form.cleaned_data)
    else:
        _moderate(request, found, act)
    return SeeOther(reverse("desk-reply", args=(found.pk,)))


def _moderate(request: HttpRequest, found: Reply, act: str) -> None:
    one = Reply.objects.filter(pk=found.pk)
    if act == "block":
        Muted.block(one, f"blocked by {request.user.get_username()}")
        done = "hidden, and its reader is blocked"
    else:
        state = State.PUBLISHED if act == "approve" else State.HIDDEN
        done = "approved" if act == "approve" else "hidden"
        if not Reply.move(one, state, timezone.now()):
            messages.warning(request, "Somebody else was quicker: look at where the reply stands now.")
            return
    log(request, [found], done)
    messages.success(request, f"The reply is {done}.")


def _answer(request: HttpRequest, found: Reply, data: dict[str, Any]) -> None:
    ctx = Context(config=current(), key=str(settings.SECRET_KEY))
    mailed = answering.answer(ctx, found, request.user, data["text"], data["public"])
    log(request, [found], "answered")
    where = " and stands on the page" if data["public"] else ""
    messages.success(request, f"The answer is {'on its way to the reader' if mailed else 'kept'}{where}.")


def _page(request: HttpRequest, found: Reply, form: AnswerForm, status: int = 200) -> HttpResponse:
    top = found.parent or found
    user = request.user
    reader = (found if not found.by_staff else top).subscriber
    response = desk_page(
        request,
        "reply.html",
        "Reply",
        object=found,
        state_colour=REPLIES[State(found.state)],
        thread=[top, *top.answers.exclude(state=State.UNCONFIRMED).order_by("received_at", "pk")],
        reader=reader,
        blocked=bool(reader and Muted.objects.filter(key=reader.key).exists()),
        may={name: user.has_perm(right) for name, right in RIGHTS.items()},
        form=form,
        back=reverse("admin:newsletter_reply_changelist"),
        approvable=found.state in Reply.FROM[State.PUBLISHED],
        hideable=found.state in Reply.FROM[State.HIDDEN],
    )
    response.status_code = status
    return response


def _insist(request: HttpRequest, right: str) -> None:
    if not right or not request.user.has_perm(right):
        raise PermissionDenied
