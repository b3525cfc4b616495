"""The preview: an issue as the mail it would be if it were sent now, or as it was approved."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode

from newsletter import render, send, splice, tokens
from newsletter.desk.pages.base import desk_page, framed, staff_page
from newsletter.models import Edition, Issue, Trial
from newsletter.models.trial import FIRST
from newsletter.render import gallery as looks
from newsletter.settings import current

PARTS = {"html": "HTML", "all": "Side by side", "text": "Plain text", "source": "Source"}


@staff_page("newsletter.view_issue")
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The mail with its line in the inbox; or what keeps it from being rendered."""
    issue = get_object_or_404(Issue, pk=number)
    newsletter = current().newsletters.get(issue.newsletter)
    shown: dict[str, Any] = {"object": issue, "sender": newsletter.sender if newsletter else None}
    trial = Trial.of(issue)
    letter = _letter(request, trial)
    named = trial.sender_name(letter) if trial and letter else ""
    shown |= {"letters": trial.letters if trial else [], "letter": letter, "named": named}
    try:
        mail = _mail(issue, reader_for(request, issue), trial, letter)
    except render.RenderError as error:
        return desk_page(request, "preview.html", "Preview", error=str(error), **shown)
    shown["seen_by"] = request.GET.get("as", "") if may_see_people(request) else None
    chosen = {"as": shown["seen_by"], "variant": letter}
    keep = urlencode({name: value for name, value in chosen.items() if value})
    part = request.GET.get("part", "")
    return desk_page(
        request, "preview.html", "Preview", mail=mail, part=part if part in PARTS else "html", tabs=PARTS.items(),
        keep=keep, weight=render.weight_note(mail["html"]), views=looks.VIEWS, key=str(uuid.uuid4()),
        groups=newsletter.test_groups if newsletter else {},
        may_test=request.user.has_perm("newsletter.change_issue"), **shown,
    )  # fmt: skip


@staff_page("newsletter.view_issue")
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of the mail, for the frame: as it is, or as one of the views shows it."""
    issue = get_object_or_404(Issue, pk=number)
    try:
        trial = Trial.of(issue)
        mail = _mail(issue, reader_for(request, issue), trial, _letter(request, trial))
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


def reader_for(request: HttpRequest, issue: Issue) -> send.Reader:
    """The person whose address the preview is asked for; a reader who does not exist if it is for nobody's."""
    # A test's token: looking at the preview counts as no open, and its way out unsubscribes nobody.
    token = tokens.sign(issue.pk, str(settings.SECRET_KEY), purpose=tokens.TEST)
    email = request.GET.get("as", "").strip()
    if email and may_see_people(request):
        return send.recipient(email, token, current().newsletters.get(issue.newsletter))
    return send.Reader("preview", "reader@example.org", "Robin Reader", token)


def _letter(request: HttpRequest, trial: Trial | None) -> str:
    """The variant that is asked for; nothing where there is none, or where nobody asks."""
    letter = request.GET.get("variant", "")
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
