"""What staff can do to an issue: each verb asks on GET and acts on POST, through the pipeline's own functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from unfold.enums import ActionVariant
from unfold.widgets import INPUT_CLASSES

from newsletter import pipeline, roles
from newsletter.models import AudienceUnknown, Issue, Item, TransitionRefused, audience_of, trial
from newsletter.models.edition import digest_of
from newsletter.render import RenderError
from newsletter.settings import current

APPROVE, SEND = "newsletter.approve_issue", "newsletter.send_issue"
PRIMARY, DANGER = ActionVariant.PRIMARY, ActionVariant.DANGER
INPUT = {"class": " ".join(INPUT_CLASSES)}
LOCAL = "%Y-%m-%dT%H:%M"


class SeeOther(HttpResponseRedirect):
    """Go and look at the result; looking again posts nothing again."""

    status_code = 303


class QuestionForm(forms.Form):
    """What is asked about an issue before something is done to it."""

    def __init__(self, *args: Any, issue: Issue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issue = issue


class ReasonForm(QuestionForm):
    """A word on why, for those who see the issue later."""

    reason = forms.CharField(required=False, max_length=500, widget=forms.TextInput(INPUT), label="Reason")


class SeenForm(QuestionForm):
    """What the issue said when the question was asked."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class WhenForm(QuestionForm):
    """When to send, in the newsletter's own zone."""

    at = forms.DateTimeField(
        required=False,
        label="Send at",
        input_formats=[LOCAL, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({**INPUT, "type": "datetime-local"}, format=LOCAL),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].help_text = f"In the time zone {zone_of(self.issue)}. Left empty: the due date."

    def clean(self) -> dict[str, Any]:
        """Refuse a time gone by: a wrong year must not mail everybody at once."""
        cleaned = super().clean() or {}
        at = cleaned.get("at") or self.issue.due_at
        if "at" not in self.errors and at <= timezone.now():
            shown = f"{timezone.localtime(at):%-d %B %Y, %H:%M}"
            self.add_error("at", f"{shown} has passed. Give a later time; to send at once there is “Send now”.")
        return cleaned


def zone_of(issue: Issue) -> ZoneInfo:
    """The zone that the issue's newsletter is scheduled in."""
    return ZoneInfo(current().time_zone_of(issue.newsletter))


def people(issue: Issue) -> tuple[int, str]:
    """How many would get the issue if its audience were frozen now; and if nobody can say, why."""
    newsletter = current().newsletters.get(issue.newsletter)
    try:
        return audience_of(issue, newsletter).reachable(timezone.now()).count() if newsletter else 0, ""
    except AudienceUnknown as error:
        return 0, str(error)


@dataclass(frozen=True)
class Verb:
    """One thing that can be done: from which statuses, with which question, and how."""

    statuses: tuple[Issue.Status, ...]
    question: str
    explanation: str
    done: str
    act: Callable[[pipeline.Context, Issue, Any, dict[str, Any]], None]
    form: type[QuestionForm] = QuestionForm
    danger: bool = False
    label: str = ""
    counts_people: bool = False
    permission: str = SEND
    after: Issue.Status | None = None
    """Where it leads to; an issue that is there already is left as it is, whoever brought it there."""

    def allowed(self, issue: Issue | None) -> bool:
        """Whether the issue can be taken there from where it stands."""
        return issue is not None and issue.status in self.statuses

    def offered(self, user: Any, issue: Issue | None) -> bool:
        """Whether it is allowed, and somebody may do it."""
        return self.allowed(issue) and roles.may(user, self.permission, issue)

    def insist(self, issue: Issue) -> None:
        """Raise TransitionRefused unless it is allowed."""
        if not self.allowed(issue):
            wanted = " or ".join(status.label for status in self.statuses)
            raise TransitionRefused(
                f"{issue} is {issue.get_status_display()}; this can only be done while it is {wanted}"
            )


def fingerprint(issue: Issue) -> str:
    """A digest of everything of an issue that its mail is made of."""
    names = ("position", "section", "section_emoji", "note", *Item.COPIED)
    items = issue.items.order_by("position", "pk").values_list("pk", *names)
    own = issue.own_blocks.order_by("position", "pk").values_list("pk", "position", "section", "section_emoji", "text")
    return digest_of(
        issue.subject, issue.preheader, issue.opening, issue.closing, *map(repr, items), "own blocks", *map(repr, own),
        *(["trial", json.dumps(tried, sort_keys=True)] if (tried := trial.state_of(issue)) else []),
    )  # fmt: skip


def _approve(ctx: pipeline.Context, issue: Issue, by: Any, data: dict[str, Any]) -> None:
    """Approve the issue only if it still says what the approver was asked about."""
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        if fingerprint(held) != data["seen"]:
            raise TransitionRefused(f"{issue} was not approved: it changed while you were looking at it; look again")
        pipeline.approve(ctx, held, by)


VERBS = {
    "approve": Verb(
        Issue.FROM[Issue.Status.APPROVED],
        "Approve this issue?",
        "What is approved is what is sent, byte for byte. Any edit afterwards voids the approval.",
        "approved",
        _approve,
        SeenForm,
        permission=APPROVE,
    ),
    "schedule": Verb(
        Issue.FROM[Issue.Status.SCHEDULED],
        "When is it sent?",
        "The audience is frozen at that moment, and sending starts.",
        "scheduled",
        lambda ctx, issue, by, data: pipeline.schedule(ctx, issue, data["at"]),
        WhenForm,
        counts_people=True,
    ),
    "send": Verb(
        Issue.FROM[Issue.Status.SCHEDULED],
        "Send it now?",
        "The audience is frozen and sending starts within seconds.",
        "going out",
        lambda ctx, issue, by, data: pipeline.schedule(ctx, issue, ctx.clock(), local_time=False),
        danger=True,
        label="Send now",
        counts_people=True,
    ),
    "pause": Verb(
        Issue.FROM[Issue.Status.PAUSED],
        "Pause sending?",
        "What is on the wire is finished; the rest waits until you resume.",
        "paused",
        lambda ctx, issue, by, data: pipeline.pause(ctx, issue, data["reason"] or f"paused by {by}"),
        ReasonForm,
        after=Issue.Status.PAUSED,
    ),
    "resume": Verb(
        (Issue.Status.PAUSED,),
        "Resume sending?",
        "It goes on where it stopped, with the same audience. Nobody gets it twice.",
        "going on where it stopped",
        lambda ctx, issue, by, data: pipeline.resume(ctx, issue),
        after=Issue.Status.SENDING,
    ),
    "cancel": Verb(
        Issue.FROM[Issue.Status.CANCELLED],
        "Cancel this issue for good?",
        "What has been sent stays sent. The rest never is, and this cannot be undone.",
        "cancelled",
        lambda ctx, issue, by, data: pipeline.cancel(ctx, issue, data["reason"] or f"cancelled by {by}"),
        ReasonForm,
        danger=True,
        after=Issue.Status.CANCELLED,
    ),
}


def ask(name: str, request: HttpRequest, number: str) -> HttpResponse:
    """Show the question; on POST do it, say how it went, and go back to the issue."""
    issue, verb = get_object_or_404(Issue, pk=number if number.isdecimal() else None), VERBS[name]
    if not roles.may(request.user, verb.permission, issue):
        raise PermissionDenied
    from_report = request.GET.get("from") == "report"
    back = reverse("desk-report" if from_report else "admin:newsletter_issue_change", args=(issue.pk,))
    initial = {"at": issue.send_at or issue.due_at, "seen": lambda: fingerprint(issue)}
    with timezone.override(zone_of(issue)):
        form = verb.form(request.POST if request.method == "POST" else None, initial=initial, issue=issue)
        if request.method == "POST" and form.is_valid():
            _perform(verb, request, issue, form.cleaned_data)
            return SeeOther(back)
        context = {
            **admin.site.each_context(request),
            "title": verb.label or name.capitalize(),
            "object": issue,
            "verb": verb,
            "people": people(issue) if verb.counts_people else None,
            "button": verb.label or f"{name.capitalize()}{' issue' if verb.danger else ''}",
            "form": form,
            "back": back,
            "back_to": "the report" if from_report else "the issue",
        }
        return render(request, "ask.html", context, status=422 if form.errors else 200)


def _perform(verb: Verb, request: HttpRequest, issue: Issue, data: dict[str, Any]) -> None:
    ctx = pipeline.Context(config=current(), key=str(settings.SECRET_KEY))
    try:
        verb.insist(issue)
        verb.act(ctx, issue, request.user, data)
    except (TransitionRefused, RenderError) as error:
        issue.refresh_from_db()
        if issue.status == verb.after:
            messages.info(request, f"{issue} is {issue.get_status_display().lower()} already.")
        else:
            messages.error(request, str(error))
    else:
        messages.success(request, f"{issue} is {verb.done}.")
