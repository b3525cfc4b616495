"""Sending again what failed, settling what is uncertain, letting transports go on: each acts on POST, and is logged
with who did it; the first two ask before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from newsletter import pipeline
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import View, desk_page
from newsletter.models import Issue, Message, TransitionRefused, repairing
from newsletter.models.progress import SAMPLE
from newsletter.models.reasons import says
from newsletter.settings import current

WAYS = {
    "arrived": ("It arrived", "You know that they have it, from the provider or from themselves.", "called submitted"),
    "give_up": ("Give up", "They are called failed, and stay out of “Retry failed”.", "given up"),
    "resend": ("Send again", "Whoever did get it gets it a second time.", "sent again"),
}
"""What can be decided about an uncertain message: its name, what it means, and how it is told afterwards."""


def _guarded(view: View, methods: Sequence[str] = ("GET", "HEAD", "POST")) -> View:
    asked = permission_required("newsletter.send_issue", raise_exception=True)(view)
    allowed = require_http_methods(list(methods))(asked)
    return lambda request, number: admin.site.admin_view(allowed)(request, number)


def retry(request: HttpRequest, number: int) -> HttpResponseBase:
    """Ask whether to send again what failed; on POST do it, and go back to the report."""
    return _guarded(_retry)(request, number)


def settle(request: HttpRequest, number: int) -> HttpResponseBase:
    """Ask what became of what is uncertain; on POST record it. Sending again has a second question."""
    return _guarded(_settle)(request, number)


def go_on(request: HttpRequest, number: int) -> HttpResponseBase:
    """Let those transports of an issue go on that have stopped until a person says so."""
    return _guarded(_go_on, ["POST"])(request, number)


def _go_on(request: HttpRequest, number: int) -> HttpResponse:
    issue = get_object_or_404(Issue, pk=number)
    woken = " and ".join(pipeline.let_go_on(_context(), issue))
    if woken:
        said = f"{woken} may carry mail again"
        LogEntry.objects.log_actions(int(request.user.pk or 0), [issue], CHANGE, said, single_object=True)
        messages.success(request, f"{said}. Should it fail once more, it stops again.")
    else:
        messages.info(request, "No transport of this issue was stopped any more.")
    return SeeOther(_report(issue))


def _retry(request: HttpRequest, number: int) -> HttpResponse:
    issue, chosen = get_object_or_404(Issue, pk=number), _chosen(request)
    reason = request.POST.get("reason", request.GET.get("reason", "")) if chosen is None else ""
    if request.method == "POST":
        return _perform(
            request, issue, "sent again", lambda ctx: pipeline.retry_failed(ctx, issue, chosen, reason)
        )  # fmt: skip
    return _ask(request, issue, "retry.html", "Retry failed", count=_failed(issue, chosen, reason), reason=reason)


def _settle(request: HttpRequest, number: int) -> HttpResponse:
    issue, chosen = get_object_or_404(Issue, pk=number), _chosen(request)
    rows = repairing.uncertain(issue)
    count = rows.count() if chosen is None else rows.filter(pk__in=chosen).count()
    way = request.POST.get("way", "")
    if request.method == "POST" and way in WAYS and (way != "resend" or "sure" in request.POST):
        by = request.user.get_username()
        return _perform(
            request, issue, WAYS[way][2], lambda ctx: pipeline.settle_uncertain(ctx, issue, way, by, chosen)
        )  # fmt: skip
    unsaid = request.method == "POST" and way not in WAYS
    answer = _ask(
        request, issue, "settle.html", "Settle uncertain", count=count, ways=WAYS, unsure=way == "resend",
        unsaid=unsaid,
    )  # fmt: skip
    answer.status_code = 422 if unsaid else 200
    return answer


def _perform(request: HttpRequest, issue: Issue, done: str, act: Any) -> HttpResponse:
    """Do it, say how many it was, and keep who did it."""
    try:
        count = act(_context())
    except TransitionRefused as error:
        messages.error(request, f"{error}.")
        return SeeOther(_report(issue))
    issue.refresh_from_db()
    said = f"{count:,} message{'' if count == 1 else 's'} of {issue} {'is' if count == 1 else 'are'} {done}"
    if not count:
        messages.info(request, "There was nothing left to do: somebody has seen to it.")
        return SeeOther(_report(issue))
    LogEntry.objects.log_actions(int(request.user.pk or 0), [issue], CHANGE, said, single_object=True)
    waits = " once the issue is resumed" if done == "sent again" and issue.status == Issue.Status.PAUSED else ""
    messages.success(request, f"{said}{waits}.")
    return SeeOther(_report(issue))


def _ask(request: HttpRequest, issue: Issue, template: str, title: str, **context: Any) -> HttpResponse:
    chosen = _chosen(request)
    picked = Message.objects.filter(issue=issue, pk__in=chosen or ()).select_related("subscriber").order_by("pk")
    return desk_page(
        request, template, title, object=issue, chosen=chosen, picked=picked, back=_report(issue), **context
    )


def _failed(issue: Issue, chosen: list[int] | None, reason: str) -> str:
    """How many it would be; of very many of one reason, at least how many."""
    if chosen is not None:
        return f"{Message.objects.filter(issue=issue, pk__in=chosen, state__in=repairing.NAMED).count():,}"
    rows = repairing.failed(issue)
    if not reason:
        return f"{rows.count():,}"
    of_state = Message.objects.filter(issue=issue, state=Message.State.FAILED, subscriber__isnull=False).order_by()
    looked = list(of_state.values_list("reason", flat=True)[:SAMPLE])
    found = sum(says(one, reason) for one in looked)
    return f"{found:,}" if len(looked) < SAMPLE else f"{found:,} or more"


def _chosen(request: HttpRequest) -> list[int] | None:
    """The messages that were ticked; None where none was meant in particular."""
    given = request.POST.getlist("message") if request.method == "POST" else request.GET.getlist("message")
    if not given:
        return [] if "ticked" in request.GET else None
    return [int(one) for one in given if one.isdecimal() and len(one) < 19]


def _context() -> pipeline.Context:
    return pipeline.Context(config=current(), key=str(settings.SECRET_KEY))


def _report(issue: Issue) -> str:
    return reverse("desk-report", args=(issue.pk,))
