"""The addresses that a mail holds and nobody looks at: the tracked link and the open pixel."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from newsletter import tokens
from newsletter.models import Event, Link, Message
from newsletter.settings import current, signing_keys
from newsletter.track.destination import location
from newsletter.track.recording import at_best, glimpse

# One transparent pixel.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Keep the answer out of caches and search engines: its address belongs to one reader."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


@require_safe
@private
def click(request: HttpRequest, link: int, token: str) -> HttpResponse:
    """Lead on to the link's own address. Only addresses of the token's own issue: there is no open redirect."""
    if (number := tested(token)) is not None:
        return _onward(get_object_or_404(Link, pk=link, issue_id=number))
    message = message_of(token)
    found = get_object_or_404(Link, pk=link, issue_id=message.issue_id)
    answer = _onward(found)
    if current().track.clicks:
        glimpse(request, message, Event.Kind.CLICK, link=found)
    return answer


@require_safe
@private
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with one pixel, whatever the token: nobody learns here whether it is good."""
    if current().track.opens:
        with suppress(Http404), at_best():
            glimpse(request, message_of(token), Event.Kind.OPEN)
    return HttpResponse(PIXEL, content_type="image/gif")


def masked(email: str) -> str:
    """An address that its owner knows again and nobody else learns: m•••@example.org."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _onward(link: Link) -> HttpResponse:
    try:
        target = location(link.url)
    except ValueError as error:
        raise Http404(str(error)) from error
    # Not Django's own redirect, which would encode printable characters that the author left as they are.
    return HttpResponse(status=302, headers={"Location": target})


def tested(token: str) -> int | None:
    """The number of the issue that a test mail's token was signed for; None for any other token."""
    with suppress(tokens.BadToken):
        return tokens.read(token, signing_keys(), purpose=tokens.TEST)
    return None


def message_of(token: str) -> Message:
    """The message of a token; Http404 if there is none, and no word on why."""
    try:
        number = tokens.read(token, signing_keys())
    except tokens.BadToken as error:
        raise Http404(str(error)) from error
    return get_object_or_404(Message.objects.select_related("issue", "subscriber"), pk=number)
