"""The preview: an issue as the mail it would be if it were sent now, or as it was approved."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from newsletter import holes, render, tokens
from newsletter.desk.pages.base import desk_page, framed, staff_page
from newsletter.models import Edition, Issue
from newsletter.settings import current


@staff_page("newsletter.view_issue")
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The mail with its line in the inbox; or what keeps it from being rendered."""
    issue = get_object_or_404(Issue, pk=number)
    newsletter = current().newsletters.get(issue.newsletter)
    shown = {"object": issue, "sender": newsletter.sender if newsletter else None}
    try:
        mail = _mail(issue)
    except render.RenderError as error:
        return desk_page(request, "preview.html", "Preview", error=str(error), **shown)
    part = "text" if request.GET.get("part") == "text" else "html"
    tabs = (("html", "HTML"), ("text", "Plain text"))
    weight = render.weight_note(mail["html"])
    return desk_page(request, "preview.html", "Preview", mail=mail, part=part, tabs=tabs, weight=weight, **shown)


@staff_page("newsletter.view_issue")
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of the mail, for the frame."""
    try:
        return framed(_mail(get_object_or_404(Issue, pk=number))["html"])
    except render.RenderError as error:
        return HttpResponse(str(error), "text/plain; charset=utf-8", 422)


def _mail(issue: Issue) -> dict[str, str]:
    """Subject, preheader, HTML and text with their holes filled for a reader who does not exist."""
    key = str(settings.SECRET_KEY)
    # A test's token: looking at the preview counts as no open, and its way out unsubscribes nobody.
    token = tokens.sign(issue.pk, key, purpose=tokens.TEST)
    reader = holes.values(token, email="reader@example.org", name="Robin Reader")
    marker, parts = _approved(issue.edition) if issue.edition else _anew(issue, key)
    return {name: holes.fill(text, marker, reader) for name, text in parts.items()}


def _approved(edition: Edition) -> tuple[str, dict[str, str]]:
    """What was approved is what is sent, whatever has become of the theme since."""
    parts = {name: getattr(edition, name) for name in ("subject", "preheader", "text")}
    return edition.marker, {**parts, "html": render.untracked(edition)}


def _anew(issue: Issue, key: str) -> tuple[str, dict[str, str]]:
    config = current()
    if issue.newsletter not in config.newsletters:
        raise render.RenderError(f"there is no newsletter '{issue.newsletter}' in config.yaml any more")
    rendered = render.preview(issue, config, key)
    parts = {name: getattr(rendered, name) for name in ("subject", "preheader", "html", "text")}
    return holes.marker(issue.pk, key), parts
