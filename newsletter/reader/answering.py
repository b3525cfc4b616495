"""Likes and polls by the links in a mail. GET only asks, because scanners follow every link; POST answers."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from newsletter.models import Issue, Like, Poll
from newsletter.reader.replies import question, takes_votes
from newsletter.reader.same_site import same_site
from newsletter.reader.shelves import title_of
from newsletter.reader.signing_in import SeeOther
from newsletter.settings import current
from newsletter.track.views import message_of, private, tested
from subscribers.models import Subscriber


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def like(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the reader likes the issue; on POST keep it, or take it back."""
    asker = _who(token)
    issue, reader = asker.issue, asker.reader
    if request.method == "POST" and reader:
        if request.POST.get("undo"):
            issue.likes.filter(subscriber=reader).delete()
        else:
            Like.keep(issue, reader, timezone.now())
        return SeeOther(request.path)
    liked = bool(reader and issue.likes.filter(subscriber=reader).exists())
    return _answer(request, "like.html", asker, liked=liked, likes=issue.likes.count())


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def vote(request: HttpRequest, token: str, poll: int, answer: int) -> HttpResponse:
    """Ask whether the reader gives this answer; on POST record it. A second answer takes the first one's place."""
    asker = _who(token)
    reader = asker.reader
    found = get_object_or_404(Poll.objects.select_related("issue"), issue=asker.issue, number=min(poll, 9999))
    if answer >= len(found.answers):
        raise Http404("the poll has no such answer")
    now = timezone.now()
    if request.method == "POST" and reader and takes_votes(found, now):
        found.vote(reader, answer, now)
        return SeeOther(reverse("results", args=(token, poll)))
    if reader and not asker.test and not takes_votes(found, now):
        return SeeOther(reverse("results", args=(token, poll)))
    shown = question(found, reader, now)
    given = next((bar.answer for bar in shown.bars if bar.mine), "")
    return _answer(request, "vote.html", asker, poll=shown, answer=str(found.answers[answer]), given=given)


@require_safe
@private
def results(request: HttpRequest, token: str, poll: int) -> HttpResponse:
    """How a poll stands, with the reader's own answer and the way to change it."""
    asker = _who(token)
    found = get_object_or_404(Poll.objects.select_related("issue"), issue=asker.issue, number=min(poll, 9999))
    shown = question(found, asker.reader, timezone.now())
    return _answer(request, "results.html", asker, poll=shown, token=token)


class Asker(NamedTuple):
    """Whose token it is: the issue, the reader, whether it is a test's, and which of the issue's editions they got."""

    issue: Issue
    reader: Subscriber | None
    test: bool = False
    variant: str = ""


def _who(token: str) -> Asker:
    """Whom a token is of; behind that of a test mail there is nobody."""
    if (number := tested(token)) is not None:
        return Asker(get_object_or_404(Issue.objects.select_related("edition"), pk=number), None, True)
    message = message_of(token)
    return Asker(message.issue, message.subscriber, variant=message.variant)


def _answer(request: HttpRequest, template: str, asker: Asker, **more: Any) -> HttpResponse:
    issue = asker.issue
    letter = current().newsletters.get(issue.newsletter)
    context = {
        "issue": issue, "issue_title": title_of(issue, asker.variant),
        "public": bool(letter and issue.started_at and issue.edition),
        "title": letter.title if letter else current().site.name, "whose": issue.newsletter,
        "test": asker.test, "gone": asker.reader is None and not asker.test,
        **more,
    }  # fmt: skip
    return render(request, template, context, using="jinja2")
