"""The link map: the mail as it went out, and in each link how often it was followed."""

from __future__ import annotations

from html import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from newsletter import render, send, splice, tokens, track
from newsletter.desk.pages.base import desk_page, framed, staff_page
from newsletter.models import Edition, Issue
from newsletter.track import LinkClicks

# A pill that is read on any ground: text, so that it is there without images too.
_PILL = (
    "display:inline-block;margin:0 4px;padding:1px 7px;border-radius:9px;border:1px solid #fff;"
    "font:bold 12px/16px Arial,sans-serif;text-decoration:none;text-transform:none;letter-spacing:0;"
    "vertical-align:middle;white-space:nowrap;"
)
_WARM = ("background:#e5e7eb;color:#111827", "background:#fde68a;color:#111827", "background:#f59e0b;color:#111827",
         "background:#9a3412;color:#ffffff")  # fmt: skip
"""Colours from never to most; told apart by how dark they are, not by their hue alone."""


@staff_page("newsletter.view_issue")
def link_map(request: HttpRequest, number: int) -> HttpResponse:
    """The mail in its frame, and beneath it the same as a table."""
    issue = get_object_or_404(Issue.objects.select_related("edition"), pk=number)
    links = track.report(issue).links
    stories = [item.title for item in issue.items.all()]
    rows = [(link, stories[link.place - 1] if link.place else "") for link in links]
    return desk_page(request, "link_map.html", "Link map", object=issue, links=rows, page_of="map")


@staff_page("newsletter.view_issue")
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of the mail with a pill in each link, for the frame."""
    issue = get_object_or_404(Issue.objects.select_related("edition"), pk=number)
    if issue.edition is None:
        return HttpResponse("This issue has not been approved yet.", "text/plain; charset=utf-8", 404)
    return framed(_drawn(issue, issue.edition, track.report(issue).links))


def _drawn(issue: Issue, edition: Edition, links: tuple[LinkClicks, ...]) -> str:
    most = max((one.clicks_adjusted for one in links), default=0)
    html = render.untracked(edition, {one.number: _pill(one, most) for one in links})
    token = tokens.sign(issue.pk, str(settings.SECRET_KEY), purpose=tokens.TEST)
    reader = send.Reader("preview", "reader@example.org", "Robin Reader", token)
    return splice.fill(html, edition.marker, splice.answers(reader.token, reader.person, edition.late), "html")


def _pill(link: LinkClicks, most: int) -> str:
    share = link.clicks_adjusted / most if most else 0
    warmth = 0 if not link.clicks_adjusted else 1 if share < 0.25 else 2 if share < 0.75 else 3
    said = f"{link.clicks_adjusted:,} clicks that seem to be people's; {link.clicks:,} in all"
    text = f"{link.clicks_adjusted:,}" + (f" ({link.clicks:,})" if link.clicks != link.clicks_adjusted else "")
    return f'<span title="{escape(said)}" style="{_PILL}{_WARM[warmth]}">{text}</span>'
