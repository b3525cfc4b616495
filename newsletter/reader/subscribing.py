"""Asking for a newsletter by mail: the form's address, and the answer to it."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from newsletter.config import Config
from newsletter.reader.caching import public
from newsletter.reader.frame import frame_of, page
from newsletter.reader.known import known
from newsletter.reader.meta import Meta, feeds, whole
from newsletter.settings import current
from subscribers.addresses import InvalidAddress, normalize

Answer = Literal["asked", "closed"]


def ask(config: Config, newsletter: str, email: str, request: HttpRequest) -> Answer:
    """Ask a person to confirm by mail that they want the newsletter; `closed` says that nothing came of it.

    Nothing is recorded and nobody is written to: the way in has not been opened yet.
    """
    return "closed"


# The form stands on pages that everybody shares, so it can hold no token of one visitor; all it can do is to have the
# owner of an address asked.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, newsletter: str) -> HttpResponseBase:
    """The form of a newsletter; POST asks the owner of the address."""
    config = current()
    known(config, newsletter)
    if request.method == "POST":
        return _asked(config, request, newsletter)
    return public(request, lambda: _page(config, request, newsletter))


@require_safe
def subscriptions(request: HttpRequest) -> HttpResponseBase:
    """Which newsletters there are to subscribe to."""
    config = current()
    if len(config.newsletters) == 1:
        return HttpResponseRedirect(reverse("subscribe", args=tuple(config.newsletters)))
    meta = Meta(
        title=f"Subscribe · {config.site.name}",
        description=f"The newsletters of {config.site.name}, by mail.",
        canonical=whole(config, request.path),
        feeds=feeds(config),
    )
    frames = [frame_of(config, name) for name in config.newsletters]
    return public(request, lambda: page(request, "subscriptions.html", frame_of(config), meta=meta, frames=frames))


def _asked(config: Config, request: HttpRequest, newsletter: str) -> HttpResponse:
    given = request.POST.get("email", "")[:320].strip()
    try:
        email = normalize(given)[0]
    except InvalidAddress as error:
        reason = str(error) if given else "an address is needed"
        return _page(
            config, request, newsletter, status=422, email=given, error=f"Please look at the address: {reason}."
        )
    # Only a program fills in what nobody sees; it gets the answer that asks for nothing more.
    trapped = bool(request.POST.get("website"))
    answer: Answer = "closed" if trapped else ask(config, newsletter, email, request)
    response = _page(config, request, newsletter, 200 if answer == "asked" else 503, email=email, answer=answer)
    response["Cache-Control"] = "no-store"
    return response


def _page(
    config: Config,
    request: HttpRequest,
    newsletter: str,
    status: int = 200,
    email: str = "",
    error: str = "",
    answer: Answer | None = None,
) -> HttpResponse:
    settings = config.newsletters[newsletter]
    meta = Meta(
        title=f"{settings.title} by mail",
        description=settings.tagline or f"{settings.title}, by mail.",
        canonical=whole(config, reverse("subscribe", args=(newsletter,))),
        feeds=feeds(config, newsletter),
    )
    frame = frame_of(config, newsletter)
    return page(request, "subscribe.html", frame, status, meta=meta, email=email, error=error, answer=answer)
