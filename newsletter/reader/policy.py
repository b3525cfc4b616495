"""What a browser may do with a page that readers see: show text, styles and images, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = "; ".join((
    "default-src 'none'",
    "img-src https: http: data: 'self'",
    "style-src 'unsafe-inline' 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
))  # fmt: skip
# The desk runs Unfold's own scripts.
STAFF = "/desk/"


class ContentSecurityPolicy:
    """Middleware that puts the policy on every answer but those for staff."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with the policy on it."""
        response = self.get_response(request)
        if not request.path_info.startswith(STAFF):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
