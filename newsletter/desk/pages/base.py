"""What the desk's own pages have in common: who may see them, what is around them, how a mail is framed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

View = Callable[..., HttpResponseBase]

# A mail in its frame runs no script, whatever it holds; its links open beside the desk.
SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
FRAMED = (
    f"{SANDBOX}img-src https: http: data:; style-src 'unsafe-inline' https:; font-src https:; frame-ancestors 'self'"
)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


def staff_page(permission: str, *, posts: bool = False) -> Callable[[View], View]:
    """Let in staff who hold the permission; send anyone who is not staff to sign in. `posts` lets forms be posted."""

    def decorate(view: View) -> View:
        methods = require_http_methods(["GET", "HEAD", "POST"]) if posts else require_safe
        allowed = methods(permission_required(permission, raise_exception=True)(view))

        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # Asked of the site at each call, because the site is made only when the pages are already known.
            return admin.site.admin_view(allowed)(request, *args, **kwargs)

        return page

    return decorate


def desk_page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """A page within the desk's frame."""
    return render(request, template, {**admin.site.each_context(request), "title": title, **context})


def framed(html: str) -> HttpResponse:
    """A mail's own page, to be shown in a frame."""
    page = _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)
    return HttpResponse(page, headers={"Content-Security-Policy": FRAMED, "Cache-Control": "no-store"})
