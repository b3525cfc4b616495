"""One post: the story in a frame where no script runs, what stands about it, and the log of what was decided."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import escape

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.desk.pages.inbox import deciding, listing
from newsletter.desk.pages.inbox.room import Room, said, triage_page
from newsletter.models import Decision, Post
from newsletter.models.copies import copies
from newsletter.models.inbox import Shown

LOGGED = 50
_IMG = re.compile(r"<img\b(?![^>]*\bloading=)", re.IGNORECASE)
# What the frame's page needs to be read; it inherits nothing of the desk, and tells no server where it is read.
_HEAD = (
    '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><base target="_blank"><style>'
    ":root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:1rem;overflow-wrap:anywhere}"
    "img{max-width:100%;height:auto}pre{white-space:pre-wrap}a{color:LinkText}</style>"
)


@triage_page
def story(request: HttpRequest, newsletter: str, number: int) -> HttpResponse:
    """A post as it was collected; on POST do what was pressed."""
    room = Room.of(request, newsletter)
    post = get_object_or_404(room.inbox.posts.select_related("source"), pk=number)
    if request.method == "POST":
        deciding.act(request, room)
        return SeeOther(request.get_full_path())
    (row,) = listing.rows_of(room, Shown([post], copies(room.name, room.inbox.sources, [post])))
    log = Decision.about(room.name, post)[:LOGGED]
    return desk_page(
        request, "inbox_story.html", post.title, room=room, row=row, log=log, framed=framed(post), said=said(request)
    )


def framed(post: Post) -> str:
    """The page that the frame holds; its pictures are fetched when they come into view."""
    text = _IMG.sub('<img loading="lazy"', post.html)
    return _HEAD + (text or f"<p>{escape(post.summary) or 'It has no text.'}</p>")
