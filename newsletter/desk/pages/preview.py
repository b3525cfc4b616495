"""The preview: an issue as the mail it would be if it were sent now, or as it was approved."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode

from newsletter import render, send, splice, tokens
from newsletter.desk import trying
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages import readers
from newsletter.desk.pages.base import desk_page, framed, staff_page
from newsletter.models import Edition, Issue, Trial
from newsletter.models.trial import FIRST
from newsletter.render import gallery as looks
from newsletter.settings import current

PARTS = {"html": "HTML", "all": "Side by side", "text": "Plain text", "source": "Source"}
_TITLES = {"wide": "Desktop", "phone": "Phone"}
PANES = (
    *(view._replace(title=_TITLES.get(view.name, view.title)) for view in looks.VIEWS),
    looks.View("source", "Source", 640),
)
"""What can stand side by side."""
REMEMBERED = "preview_panes"
"""Where a browser's session keeps which of them do."""


@staff_page("newsletter.view_issue")
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The mail with its line in the inbox; or what keeps it from being rendered."""
    return drawn(request, get_object_or_404(Issue, pk=number))


def drawn(request: HttpRequest, issue: Issue, typed: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """The page, with what was typed into its form for a test where that has to be put right."""
    newsletter = current().newsletters.get(issue.newsletter)
    shown: dict[str, Any] = {"object": issue, "sender": newsletter.sender if newsletter else None}
    trial = Trial.of(issue)
    letter = _letter(request, trial)
    named = trial.sender_name(letter) if trial and letter else ""
    shown |= {"letters": trial.letters if trial else [], "letter": letter, "named": named}
    offered = readers.crowds(newsletter) if may_see_people(request) else {}
    met = readers.met(request, offered)
    seen_by = met.person.email if met and met.person else request.GET.get("as", "").strip()
    try:
        mail = _mail(issue, reader_for(request, issue, seen_by), trial, letter)
    except render.RenderError as error:
        return _answer(desk_page(request, "preview.html", "Preview", error=str(error), **shown), status)
    part, chosen = request.GET.get("part", ""), panes(request)
    keep = {"as": seen_by} if seen_by and may_see_people(request) else {}
    keep |= {"variant": letter} if letter else {}
    return _answer(desk_page(
        request, "preview.html", "Preview", mail=mail, part=part if part in PARTS else "html",
        tabs=PARTS.items(), keep=urlencode(keep | ({"of": met.crowd.value, "at": met.person.pk}
                                                   if met and met.person else {})),
        frame=urlencode(keep), seen_by=seen_by if may_see_people(request) else None, crowds=offered, met=met,
        weight=render.weight_note(mail["html"]), panes=[(one, one.name in chosen) for one in PANES],
        views=[one for one in PANES if one.name in chosen], key=str(uuid.uuid4()), typed=typed or {},
        groups=trying.groups(issue.newsletter), test=trying.shown(request, issue),
        may_test=request.user.has_perm("newsletter.change_issue"),
        may_group=request.user.has_perm("newsletter.view_testgroup"), **shown,
    ), status)  # fmt: skip


def _answer(page: HttpResponse, status: int) -> HttpResponse:
    page.status_code = status
    return page


def panes(request: HttpRequest) -> list[str]:
    """Which ways of looking this browser wants side by side: all of them, until it says otherwise."""
    known = [one.name for one in PANES]
    kept = [name for name in request.session.get(REMEMBERED, known) if name in known]
    return kept or known


@staff_page("newsletter.view_issue", posts=True)
def choose(request: HttpRequest, number: int) -> HttpResponse:
    """Remember for this browser what stands side by side, and go there."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    request.session[REMEMBERED] = [one.name for one in PANES if one.name in request.POST.getlist("pane")]
    kept = {name: request.POST[name] for name in ("as", "of", "at", "variant") if request.POST.get(name)}
    return SeeOther(f"{reverse('desk-preview', args=(number,))}?{urlencode({'part': 'all', **kept})}")


@staff_page("newsletter.view_issue")
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of the mail, for the frame: as it is, or as one of the views shows it."""
    issue = get_object_or_404(Issue, pk=number)
    try:
        trial = Trial.of(issue)
        reader = reader_for(request, issue, request.GET.get("as", "").strip())
        mail = _mail(issue, reader, trial, _letter(request, trial))
    except render.RenderError as error:
        return HttpResponse(str(error), "text/plain; charset=utf-8", 422)
    view = request.GET.get("view", "")
    if view == "source":
        return framed(looks.source(mail["html"]))
    if view in [one.name for one in looks.VIEWS]:
        return framed(
            looks.seen(render.Rendered(mail["subject"], mail["preheader"], mail["html"], mail["text"], mjml=""), view)
        )
    return framed(mail["html"])


def may_see_people(request: HttpRequest) -> bool:
    """Whether what is known of a person may be shown to this member of staff."""
    return bool(request.user.has_perm("subscribers.view_subscriber"))


def reader_for(request: HttpRequest, issue: Issue, email: str = "") -> send.Reader:
    """The person whose address the preview is asked for; a reader who does not exist if it is for nobody's."""
    # A test's token: looking at the preview counts as no open, and its way out unsubscribes nobody.
    token = tokens.sign(issue.pk, str(settings.SECRET_KEY), purpose=tokens.TEST)
    if email and may_see_people(request):
        return send.recipient(email, token, current().newsletters.get(issue.newsletter))
    return send.Reader("preview", "reader@example.org", "Robin Reader", token)


def _letter(request: HttpRequest, trial: Trial | None) -> str:
    """The variant that is asked for; nothing where there is none, or where nobody asks."""
    letter = request.GET.get("variant", "") or request.POST.get("variant", "")
    return letter if trial and letter in trial.letters else ""


def _mail(issue: Issue, reader: send.Reader, trial: Trial | None, letter: str) -> dict[str, str]:
    """Subject, preheader, HTML and text as this reader gets them, of a variant if one is chosen."""
    key = str(settings.SECRET_KEY)
    bound = Edition.of(issue, letter if letter in issue.variants else "") if issue.edition else None
    marker, late, parts = _approved(bound) if bound else _anew(issue, key, trial, letter or FIRST)
    answers = splice.answers(reader.token, reader.person, late)
    return {name: splice.fill(text, marker, answers, name) for name, text in parts.items()}


def _approved(edition: Edition) -> tuple[str, list[Any], dict[str, str]]:
    """What was approved is what is sent, whatever has become of the theme since."""
    parts = {name: getattr(edition, name) for name in ("subject", "preheader", "text")}
    return edition.marker, edition.late, {**parts, "html": render.untracked(edition)}


def _anew(issue: Issue, key: str, trial: Trial | None, letter: str) -> tuple[str, list[Any], dict[str, str]]:
    config = current()
    if issue.newsletter not in config.newsletters:
        raise render.RenderError(f"there is no newsletter '{issue.newsletter}' in config.yaml any more")
    rendered = render.preview(issue, config, key, trial, letter)
    parts = {name: getattr(rendered, name) for name in ("subject", "preheader", "html", "text")}
    return rendered.marker, rendered.late, parts
