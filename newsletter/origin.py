"""Where a post comes from: a browser says so with every POST, in Sec-Fetch-Site, in Origin, or at least in Referer."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest

from newsletter.settings import current


def from_here(request: HttpRequest) -> bool:
    """Whether the browser says that the request comes from a page of ours, or from its user alone."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    try:
        netloc = urlsplit(origin).netloc
    except ValueError:  # no browser sends an address that is none
        return False
    # The scheme is left out: behind a proxy that ends TLS we may not know our own.
    return bool(netloc) and netloc in (
        urlsplit(current().site.url).netloc,
        request.get_host(),
    )
