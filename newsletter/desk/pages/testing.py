"""Copies of an issue sent to try it out: marked as tests, with links that record nothing, counted nowhere."""

from __future__ import annotations

import re
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from newsletter import pipeline
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import staff_page
from newsletter.desk.saying import counted
from newsletter.models import Issue, Trial, Turn
from newsletter.render import RenderError
from newsletter.send.transports import State, TransportDown
from newsletter.settings import current
from subscribers.addresses import InvalidAddress, normalize

MOST = 20
"""Addresses of one test."""
ONE_PRESS = timedelta(hours=1)


@staff_page("newsletter.change_issue", posts=True)
def test(request: HttpRequest, number: int) -> HttpResponse:
    """Send the copies, and say what became of each; the same form sent twice sends one."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    issue = get_object_or_404(Issue, pk=number)
    try:
        said = _sent(request, issue)
    except (ValueError, RenderError, TransportDown) as error:
        messages.error(request, str(getattr(error, "reason", error)))
    else:
        messages.success(request, said)
    shown = urlencode({"variant": letter}) if (letter := request.POST.get("variant", "")) else ""
    return SeeOther(f"{reverse('desk-preview', args=(issue.pk,))}{'?' if shown else ''}{shown}")


def _sent(request: HttpRequest, issue: Issue) -> str:
    """What became of it, in words. Raises ValueError for addresses that are none."""
    emails = _addresses(request.POST.get("to", ""), issue, request.POST.get("group", ""))
    now, key = timezone.now(), request.POST.get("key", "")
    if Turn.take(f"test {issue.pk} {request.user.pk} {key}", 1, ONE_PRESS, now):
        return "This test is sent already."
    ctx = pipeline.Context(config=current(), key=str(settings.SECRET_KEY))
    trial, letter = Trial.of(issue), request.POST.get("variant", "")
    letter = letter if trial and letter in trial.letters else ""
    outcomes = pipeline.send_test(ctx, issue, emails, letter)
    failed = [f"{to} ({one.reason})" for to, one in zip(emails, outcomes, strict=True) if one.state != State.SUBMITTED]
    sent = len(emails) - len(failed)
    words = f"{counted(sent, 'copy', 'copies')}{f' of variant {letter.upper()}' if letter else ''} sent as a test"
    LogEntry.objects.log_actions(int(request.user.pk or 0), [issue], CHANGE, f"{issue}: {words}", single_object=True)
    return f"{words}; not to {', '.join(failed)}." if failed else f"{words}."


def _addresses(typed: str, issue: Issue, group: str) -> list[str]:
    newsletter = current().newsletters.get(issue.newsletter)
    if newsletter is None:
        raise ValueError(f"there is no newsletter '{issue.newsletter}' in config.yaml any more")
    found = [*re.split(r"[\s,;]+", typed.strip()), *newsletter.test_groups.get(group, ())]
    emails = list(dict.fromkeys(filter(None, found)))
    if not emails:
        raise ValueError("Say where the test goes: an address, or a group.")
    if len(emails) > MOST:
        raise ValueError(f"A test goes to {MOST} addresses at most; these are {len(emails)}.")
    try:
        return [normalize(one)[0] for one in emails]
    except InvalidAddress as error:
        raise ValueError(str(error)) from error
