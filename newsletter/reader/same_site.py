"""What keeps another site from acting in a reader's name, without a cookie on pages that caches may keep.

A browser says with every POST which site it comes from (newsletter/origin.py). Django's own way, a token in a cookie
and in the form, would make every page with a form one reader's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from newsletter.origin import from_here
from newsletter.reader.frame import whose

View = Callable[..., HttpResponse]

_SAFE = ("GET", "HEAD", "OPTIONS")


def same_site(view: View) -> View:
    """Refuse what is posted from anywhere but our own pages."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method not in _SAFE and not from_here(request):
            return render(request, "elsewhere.html", {"whose": whose(request)}, status=403, using="jinja2")
        return view(request, *args, **kwargs)

    return guarded


def origin_of(request: HttpRequest) -> str:
    """The other site that a form was posted from, such as `https://example.org`; empty if it does not say."""
    try:
        parts = urlsplit(request.headers.get("Origin") or request.headers.get("Referer") or "")
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"[:200] if parts.scheme in ("http", "https") and parts.netloc else ""


def came_from(request: HttpRequest) -> str:
    """The issue, as newsletter and date, whose page of ours a request comes from; empty for any other page."""
    try:
        parts = urlsplit(request.headers.get("Referer") or "")
        match = resolve(parts.path) if parts.netloc == request.get_host() else None
    except (ValueError, Resolver404):
        return ""
    return "{newsletter}/{slug}".format(**match.kwargs) if match and match.url_name == "issue" else ""
