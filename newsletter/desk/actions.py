"""The pages of the verbs: each asks on GET and acts on POST, through the pipeline's own functions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.enums import ActionVariant

from newsletter import pipeline, roles
from newsletter.desk.asking import QuestionForm, WhenForm
from newsletter.desk.scheduling import asked, beside
from newsletter.desk.verbs import VERBS, Already, Verb, fingerprint
from newsletter.desk.zones import said, viewers, zone_of
from newsletter.models import AudienceUnknown, Issue, TransitionRefused, audience_of
from newsletter.render import RenderError
from newsletter.settings import current
from subscribers.limits import TooLong, within

__all__ = ["DANGER", "PRIMARY", "VERBS", "SeeOther", "ask", "fingerprint", "people", "zone_of"]

PRIMARY, DANGER = ActionVariant.PRIMARY, ActionVariant.DANGER
PATIENCE = 0.15
"""Seconds in which people are counted for a question; where it takes longer, the page asks once it is there."""


class SeeOther(HttpResponseRedirect):
    """Go and look at the result; looking again posts nothing again."""

    status_code = 303


def people(issue: Issue) -> tuple[int | None, str]:
    """How many would get the issue if its audience were frozen now, None if they are too many to be counted at once;
    and if nobody can say, why."""
    newsletter = current().newsletters.get(issue.newsletter)
    try:
        with within(PATIENCE):
            return audience_of(issue, newsletter).reachable(timezone.now()).count() if newsletter else 0, ""
    except TooLong:
        return None, ""
    except AudienceUnknown as error:
        return 0, str(error)


def ask(name: str, request: HttpRequest, number: str) -> HttpResponse:
    """Show the question; on POST do it, say how it went, and go back to where it was asked from."""
    issue, verb = get_object_or_404(Issue, pk=number if number.isdecimal() else None), VERBS[name]
    if not roles.may(request.user, verb.permission, issue):
        raise PermissionDenied
    back, back_to = _back(request, issue)
    with timezone.override(zone_of(issue)):
        initial = {**_initial(verb, issue), **asked(request)}
        form = verb.form(request.POST if request.method == "POST" else None, initial=initial, issue=issue)
        status = 422 if form.errors else 200
        if form.is_valid():
            if not (fault := _perform(verb, request, issue, form)):
                return SeeOther(back)
            form, status = _anew(form, verb, issue, fault), 409
        context = {
            **admin.site.each_context(request),
            "title": verb.label or name.capitalize(),
            "object": issue,
            "verb": verb,
            "barred": _barred(verb, issue),
            "people": people(issue) if verb.counts_people and verb.allowed(issue) else None,
            "button": verb.label or f"{name.capitalize()}{' issue' if verb.danger else ''}",
            "form": form,
            "back": back,
            "back_to": back_to,
            "refusable": name == "approve" and VERBS["refuse"].offered(request.user, issue),
            **_also(name, request, issue, form),
        }
        answer = render(request, "schedule.html" if name == "schedule" else "ask.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _initial(verb: Verb, issue: Issue) -> dict[str, Any]:
    return WhenForm.starting(issue) if verb.form is WhenForm else {"seen": lambda: fingerprint(issue)}


def _back(request: HttpRequest, issue: Issue) -> tuple[str, str]:
    """Where to go afterwards, and what that is called: the page of the desk on which the button stood."""
    whence = request.GET.get("from", "")
    if whence == "report":
        return reverse("desk-report", args=(issue.pk,)), "the report"
    desk = reverse("admin:index")
    if url_has_allowed_host_and_scheme(whence, None) and urlsplit(whence).path.startswith(desk):
        return whence, "where you were"
    return reverse("admin:newsletter_issue_change", args=(issue.pk,)), "the issue"


def _barred(verb: Verb, issue: Issue) -> str:
    """Why it cannot be done as things stand; empty if it can."""
    try:
        verb.insist(issue)
    except TransitionRefused as error:
        return str(error).rstrip(".")
    return ""


def _also(name: str, request: HttpRequest, issue: Issue, form: QuestionForm) -> dict[str, Any]:
    """What else a page of a question says."""
    undo = current().send.undo
    if isinstance(form, WhenForm):
        return beside(request, issue, form)
    if name == "send":
        return {"undo": f"{undo.total_seconds():.0f}" if undo else ""}
    letter = current().newsletters.get(issue.newsletter)
    if name == "approve" and letter and letter.approval == "automatic":
        at = max(issue.send_at or issue.due_at, timezone.now() + undo)
        return {"by_itself": said(at, zone_of(issue), viewers(request))}
    return {}


def _perform(verb: Verb, request: HttpRequest, issue: Issue, form: QuestionForm) -> str:
    """Do it, and say how it went: above the next page, or, where somebody typed what would be lost, as what returns."""
    ctx = pipeline.Context(config=current(), key=str(settings.SECRET_KEY))
    try:
        verb.insist(issue)
        words = verb.act(ctx, issue, request.user, form.cleaned_data)
    except Already as already:
        messages.info(request, str(already))
    except (TransitionRefused, RenderError) as error:
        issue.refresh_from_db()
        if issue.status in verb.after and not verb.allowed(issue):
            messages.info(request, f"{issue} is {issue.get_status_display().lower()} already.")
        elif form.typed:
            return str(error)
        else:
            messages.error(request, str(error))
    else:
        issue.refresh_from_db()
        messages.success(request, words or f"{issue} is {verb.done}.")
    return ""


def _anew(form: QuestionForm, verb: Verb, issue: Issue, fault: str) -> QuestionForm:
    """The form with what was typed and why it was refused; of where the issue stands, as it is now."""
    data = dict(form.data.items())
    if "seen" in form.fields:
        initial = _initial(verb, issue)["seen"]
        data["seen"] = initial() if callable(initial) else initial
    made = type(form)(data, issue=issue)
    made.full_clean()
    made.add_error(None, f"{fault[:1].upper()}{fault[1:]}.")
    return made
