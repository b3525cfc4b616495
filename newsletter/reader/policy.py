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
_SCRIPTED = "; ".join((POLICY, "script-src 'self'", "worker-src blob:", "connect-src 'self'"))
# The desk runs Unfold's own scripts.
STAFF = "/desk/"


def with_script(response: HttpResponse) -> HttpResponse:
    """Let this one page run a script of ours: the captcha, which calculates in a worker and asks us for its task."""
    response["Content-Security-Policy"] = _SCRIPTED
    return response


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
