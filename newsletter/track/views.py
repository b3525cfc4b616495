"""What the pages have in common to which the links of a mail lead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from newsletter import tokens
from newsletter.models import Message
from newsletter.settings import signing_keys

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


def masked(email: str) -> str:
    """An address that its owner knows again and nobody else learns: m•••@example.org."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


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
