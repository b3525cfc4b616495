"""Copies of an issue sent to try it out: asked for here, sent by a job, and told of address by address."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from newsletter.desk import trying
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages import preview
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Chore, Issue, Trial
from newsletter.settings import current
from subscribers.addresses import InvalidAddress, normalize

MOST = 20
"""Addresses of one test."""
RIGHT = "newsletter.change_issue"


@staff_page(RIGHT, posts=True)
def test(request: HttpRequest, number: int) -> HttpResponse:
    """Have the copies sent, and go and see what becomes of each; the same form sent twice sends one."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    issue = get_object_or_404(Issue, pk=number)
    try:
        emails = _addresses(request.POST.get("to", ""), issue, request.POST.get("group", ""))
    except ValueError as error:
        typed = {"to": request.POST.get("to", ""), "group": request.POST.get("group", ""), "problem": str(error)}
        return preview.drawn(request, issue, typed, 422)
    trial, letter = Trial.of(issue), request.POST.get("variant", "")
    letter = letter if trial and letter in trial.letters else ""
    key = _key(request.POST.get("key", ""))
    values = {"kind": Chore.Kind.TEST, "subject": str(issue.pk), "by": request.user, "asked_at": timezone.now(),
              "facts": {"emails": emails, "variant": letter}}  # fmt: skip
    Chore.objects.get_or_create(pk=key, defaults=values)
    return SeeOther(
        f"{reverse('desk-preview', args=(issue.pk,))}?test={key}{f'&variant={letter}' if letter else ''}#test"
    )


@staff_page(RIGHT)
def outcome(request: HttpRequest, number: int, work: UUID) -> HttpResponse:
    """What has become of a test so far: a part of the preview, which asks again until it is done."""
    issue = get_object_or_404(Issue, pk=number)
    context = {"object": issue, "chore": get_object_or_404(trying.tests(issue), pk=work)}
    if "HX-Request" in request.headers:
        answer = render(request, "test_outcome.html", context)
    else:
        answer = desk_page(request, "test_page.html", "Test", **context)
    answer["Cache-Control"] = "no-store"
    return answer


def _key(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        return uuid4()


def _addresses(typed: str, issue: Issue, group: str) -> list[str]:
    """Where it goes. Raises ValueError for addresses that are none, or none at all."""
    if issue.newsletter not in current().newsletters:
        raise ValueError(f"There is no newsletter '{issue.newsletter}' in config.yaml any more.")
    known = {one.value: one.addresses for one in trying.groups(issue.newsletter)}
    found = [*filter(None, re.split(r"[\s,;]+", typed.strip())), *known.get(group, ())]
    if not found:
        raise ValueError("Say where the test goes: an address, or a group.")
    emails = {normalized[1]: normalized[0] for normalized in map(_normal, found)}
    if len(emails) > MOST:
        raise ValueError(f"A test goes to {MOST} addresses at most; these are {len(emails)}.")
    return list(emails.values())


def _normal(address: str) -> tuple[str, str]:
    try:
        return normalize(address)
    except InvalidAddress as error:
        raise ValueError(f"“{address[:80]}” is no address to write to: {error}") from error
