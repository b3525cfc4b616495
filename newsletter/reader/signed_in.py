"""Who is signed in: the cookie that says so, and what it means for caches."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from newsletter import tokens
from newsletter.models import SignIn
from newsletter.models.sign_in import STAY
from newsletter.settings import current, signing_keys
from subscribers.models import Subscriber

COOKIE = "reader"


def reader_of(request: HttpRequest) -> Subscriber | None:
    """The reader whose browser this is; asked of the database once, and only where there is a cookie."""
    if not hasattr(request, "_reader"):
        found = _sign_in(request)
        request._reader = found.subscriber if found else None  # type: ignore[attr-defined]
    reader: Subscriber | None = request._reader  # type: ignore[attr-defined]
    return reader


def number_of(request: HttpRequest) -> int | None:
    """The number of the sign-in that the cookie stands for, whether or not it still lasts."""
    with suppress(tokens.BadToken):
        if cookie := request.COOKIES.get(COOKIE):
            return tokens.read_until(cookie, signing_keys(), tokens.SIGNED_IN, timezone.now())
    return None


def admit(response: HttpResponseBase, sign_in: SignIn, now: datetime) -> None:
    """Give the browser its cookie; scripts never see it, and other sites cannot send it with a form."""
    value = tokens.sign_until(sign_in.pk, now + STAY, signing_keys()[0], tokens.SIGNED_IN)
    response.set_cookie(
        COOKIE, value, max_age=STAY, httponly=True, samesite="Lax", secure=current().site.url.startswith("https:")
    )


def keep_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Say to caches whose page this is: everybody's without the cookie, one reader's and no cache's with it."""
    patch_vary_headers(response, ("Cookie",))
    if COOKIE in request.COOKIES:
        response["Cache-Control"] = "private, no-store"
    return response


def _sign_in(request: HttpRequest) -> SignIn | None:
    number = number_of(request)
    return SignIn.current(number, timezone.now()) if number is not None else None
