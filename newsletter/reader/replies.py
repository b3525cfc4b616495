"""What readers say on an issue's page: replies, likes and polls, for a page of their own and for the issue's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template import engines
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from markupsafe import Markup

from newsletter import posting
from newsletter.config import Newsletter
from newsletter.markup.said import LONGEST
from newsletter.models import Issue, Like, Poll, Reply, Vote
from newsletter.models.poll import Bar
from newsletter.reader.frame import frame_of
from newsletter.reader.frame import page as in_frame
from newsletter.reader.known import known
from newsletter.reader.same_site import same_site
from newsletter.reader.shelves import title_of
from newsletter.reader.signed_in import keep_private, reader_of
from newsletter.reader.signing_in import SeeOther, local, mail_link
from newsletter.settings import current
from newsletter.track.views import masked
from subscribers.models import Subscriber


@dataclass(frozen=True)
class Entry:
    """A reply as the page shows it, with the answers to it."""

    number: int
    name: str
    html: str
    at: datetime
    by_staff: bool
    waits: bool
    answers: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Question:
    """A poll as the page shows it."""

    number: int
    question: str
    bars: list[Bar]
    votes: int
    open: bool
    language: str

    @property
    def answered(self) -> bool:
        """Whether the reader who looks has answered it."""
        return any(bar.mine for bar in self.bars)


def context_for(request: HttpRequest, issue: Issue, **form: str) -> dict[str, Any]:
    """Everything that `replies.html` and `polls.html` need; `form` is what was typed, and what is wrong with it.

    The page that includes them must send its answer through `signed_in.keep_private`.
    """
    letter = current().newsletters.get(issue.newsletter)
    reader, now = reader_of(request), timezone.now()
    shown = _entries(issue, reader, letter)
    return {
        "reply_entries": shown,
        "reply_count": sum(1 + len(entry.answers) for entry in shown),
        "reply_open": posting.is_open(letter, issue, now),
        "reply_form": {"text": "", "name": "", "email": "", "parent": "", "error": "", "sent": "", **form},
        "reply_longest": LONGEST,
        "reply_where": _where(request, issue),
        "polls": questions(issue, reader, now),
        "likes": issue.likes.count(),
        "liked": bool(reader and issue.likes.filter(subscriber=reader).exists()),
        "reply_ours": letter.title if letter else current().site.name,
        "reader_name": (reader.name or masked(reader.email)) if reader else "",
    }


def boxes(context: dict[str, Any]) -> dict[int, Markup]:
    """What stands in the box of each poll of an issue, by the poll's number, where it stands in the text."""
    engine: Any = engines["jinja2"]
    draw = engine.env.get_template("poll.html").module.standing
    return {poll.number: draw(poll, context["reply_where"], context["reader_name"]) for poll in context["polls"]}


def state(issue: Issue) -> tuple[object, ...]:
    """What changes whenever readers have said something new that everybody may see, or can say no more."""
    said = Reply.objects.filter(issue=issue, state=Reply.State.PUBLISHED).aggregate(
        n=Count("pk"), last=Max("published_at"), known=Count("subscriber")
    )
    votes = Vote.objects.filter(poll__issue=issue).aggregate(n=Count("pk"), last=Max("at"))
    likes = issue.likes.aggregate(n=Count("pk"), last=Max("at"))
    letter, now = current().newsletters.get(issue.newsletter), timezone.now()
    still = posting.is_open(letter, issue, now), votes_open(issue, now)
    return (*said.values(), *votes.values(), *likes.values(), *still)


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, newsletter: str, slug: str) -> HttpResponse:
    """The replies to an issue with the form; on POST take one. Whatever goes wrong, what was typed is shown again."""
    issue = _issue(newsletter, slug)
    if request.method != "POST":
        return _page(request, issue)
    typed = {name: request.POST.get(name, "") for name in ("text", "name", "email", "parent")}
    if not posting.is_open(current().newsletters.get(newsletter), issue, timezone.now()):
        return _page(request, issue, 409, **typed, error="This issue takes no more replies.")
    try:
        text = posting.checked(typed["text"])
        reader = reader_of(request)
        return _post(request, issue, reader, text, typed) if reader else _mail(request, issue, text, typed)
    except posting.Refused as refusal:
        return _page(request, issue, 422, **typed, error=str(refusal))


@same_site
@require_POST
def vote(request: HttpRequest, newsletter: str, slug: str) -> HttpResponse:
    """Take a signed-in reader's answer to a poll."""
    issue, number, answer = _issue(newsletter, slug), request.POST.get("poll", ""), request.POST.get("answer", "")

    def act(reader: Subscriber) -> None:
        poll = get_object_or_404(Poll, issue=issue, number=_small(number))
        if takes_votes(poll, timezone.now()):
            try:
                poll.vote(reader, _small(answer), timezone.now())
            except ValueError as error:
                raise Http404(str(error)) from error

    return _signed_in(request, issue, act, f"poll-{_small(number)}")


@same_site
@require_POST
def like(request: HttpRequest, newsletter: str, slug: str) -> HttpResponse:
    """Take a signed-in reader's like, or take it back."""
    issue = _issue(newsletter, slug)

    def act(reader: Subscriber) -> None:
        if request.POST.get("undo"):
            issue.likes.filter(subscriber=reader).delete()
        else:
            Like.keep(issue, reader, timezone.now())

    return _signed_in(request, issue, act, "likes")


def takes_votes(poll: Poll, now: datetime) -> bool:
    """Whether a poll is still open."""
    return votes_open(poll.issue, now)


def votes_open(issue: Issue, now: datetime) -> bool:
    """Whether the polls of an issue are still open."""
    letter = current().newsletters.get(issue.newsletter)
    closes = letter.polls.closes_after if letter else None
    began = issue.started_at
    return letter is not None and began is not None and (closes is None or now <= began + closes)


def question(poll: Poll, reader: Subscriber | None, now: datetime) -> Question:
    """A poll with its votes as they stand."""
    bars = poll.bars(reader)
    return Question(
        poll.number, poll.question, bars, sum(bar.votes for bar in bars), takes_votes(poll, now), _language(poll.issue)
    )


def _language(issue: Issue) -> str:
    letter = current().newsletters.get(issue.newsletter)
    return letter.language if letter else "en"


def questions(issue: Issue, reader: Subscriber | None, now: datetime) -> list[Question]:
    """The polls of an issue."""
    return [question(poll, reader, now) for poll in issue.polls.select_related("issue").order_by("number")]


def _post(request: HttpRequest, issue: Issue, reader: Subscriber, text: str, typed: dict[str, str]) -> HttpResponse:
    parent = posting.parent_of(issue, typed["parent"])
    kept = posting.take(issue, reader, text, typed["name"], parent, timezone.now())
    return SeeOther(f"{request.path}#reply-{kept.pk}")


def _mail(request: HttpRequest, issue: Issue, text: str, typed: dict[str, str]) -> HttpResponse:
    """Somebody who is not signed in: their words wait until the link that is mailed to them has been used."""
    parent = posting.parent_of(issue, typed["parent"])

    words = {"issue": issue.pk, "text": text, "name": typed["name"], "parent": parent.pk if parent else None}
    if error := mail_link(request, typed["email"], f"{request.path}#replies", words, issue.newsletter):
        raise posting.Refused(error)
    return _page(request, issue, 200, **{**typed, "text": text}, sent="yes")


def _signed_in(request: HttpRequest, issue: Issue, act: Callable[[Subscriber], None], part: str) -> HttpResponse:
    """Do what a signed-in reader asked for, and go back; send anybody else to sign in first."""
    back = local(request.POST.get("back", "")).partition("#")[0]
    where = f"{back or reverse('replies', args=(issue.newsletter, issue.slug))}#{part}"
    if (reader := reader_of(request)) is None:
        return SeeOther(f"{reverse('sign-in')}?back={quote(where, safe='')}")
    act(reader)
    return SeeOther(where)


def _where(request: HttpRequest, issue: Issue) -> dict[str, str]:
    """The addresses that forms and links need; `here` is the page that they stand on."""
    args = {"newsletter": issue.newsletter, "slug": issue.slug}
    found = {name: reverse(name, kwargs=args) for name in ("replies", "page-vote", "page-like", "issue")}
    return {**found, "here": request.path}


def _page(request: HttpRequest, issue: Issue, status: int = 200, **form: str) -> HttpResponse:
    context = {**context_for(request, issue, **form), "issue_title": title_of(issue)}
    frame = frame_of(current(), issue.newsletter)
    response: HttpResponseBase = in_frame(request, "replies_page.html", frame, status, **context)
    if request.method == "POST":
        response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"  # the issue's own page has it all
    return keep_private(request, response)  # type: ignore[return-value]


def _issue(newsletter: str, slug: str) -> Issue:
    known(current(), newsletter)
    return get_object_or_404(Issue.public().select_related("edition"), newsletter=newsletter, slug=slug)


def _entries(issue: Issue, reader: Subscriber | None, letter: Newsletter | None) -> list[Entry]:
    config = current()
    here = ZoneInfo(config.time_zone_of(issue.newsletter))
    ours = letter.title if letter else config.site.name

    def entry(reply: Reply, answers: tuple[Entry, ...] = ()) -> Entry:
        name = reply.author_name or (ours if reply.by_staff else "A reader")
        waits = reply.state == Reply.State.HELD
        return Entry(reply.pk, name, reply.html, reply.received_at.astimezone(here), reply.by_staff, waits, answers)

    found: Any = Reply.shown(issue, reader)
    return [entry(reply, tuple(map(entry, reply.thread))) for reply in found]


def _small(text: str) -> int:
    """A number from a form; -1, which nothing has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
