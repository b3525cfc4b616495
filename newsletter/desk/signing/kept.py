"""Nothing typed is lost when a sign-in has ended meanwhile: what was posted is kept, and sent again by who signs in.

It is kept in the browser's own session, for an hour. What asks behind a page, by htmx or fetch, is answered 401, and
the page says what to do (static/desk/signed_in.js).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.csrf import csrf_failure as plain_csrf_failure
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.desk.scope import STAFF
from newsletter.errands.limits import network
from newsletter.models import Turn
from newsletter.origin import from_here

OWN = ("/desk/login/", "/desk/logout/", "/desk/account/")
"""The pages of signing in: open to strangers, and what is posted there is never kept, for it holds passwords."""
KEPT = "kept"
LASTS = timedelta(hours=1)
MOST = 1_000_000
"""Characters of one post that are kept."""
PER_NETWORK = 30
"""Posts an hour that are kept for strangers from one network: each takes room in the database."""
SHOWN = 200
SAYS = "You are signed out. Sign in again in another tab, then save once more: what you typed is still here."


class Field(NamedTuple):
    """A field of a kept form."""

    name: str
    value: str

    @property
    def brief(self) -> str:
        """The beginning of the value."""
        return self.value if len(self.value) <= SHOWN else f"{self.value[:SHOWN]}…"


class SignedOut:
    """Middleware for the desk: sees to what comes from a page whose reader is signed out meanwhile."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Keep what a stranger posts, and tell scripts that they are strangers; all else goes its way."""
        if not request.path_info.startswith(STAFF) or request.path_info.startswith(OWN):
            return None
        user: Any = request.user
        if user.is_authenticated and not user.is_staff:
            logout(request)
        if request.user.is_authenticated:
            _sent(request)
            return None
        if _by_script(request):
            return HttpResponse(SAYS, "text/plain; charset=utf-8", 401, headers={"Cache-Control": "no-store"})
        if request.method == "POST":
            keep(request)
            return SeeOther(f"{reverse('account_login')}?{urlencode({'next': reverse('desk-again')})}")
        return None


def keep(request: HttpRequest) -> None:
    """Keep what was posted, or say why it cannot be."""
    pairs = [
        [name, value] for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"
    ]
    if sum(len(name) + len(str(value)) for name, value in pairs) > MOST:
        messages.error(request, "You were signed out, and what you sent was too large to be kept. Go back to it.")
        return
    if Turn.take(f"kept {network(str(request.META.get('REMOTE_ADDR', '')))}", PER_NETWORK, LASTS, timezone.now()):
        messages.error(request, "You were signed out, and what you sent could not be kept. Go back to it.")
        return
    if not request.user.is_authenticated:
        request.session.set_expiry(LASTS)  # until somebody signs in: see AccountAdapter.login
    request.session[KEPT] = {
        "path": request.get_full_path(), "pairs": pairs, "files": list(request.FILES), "at": timezone.now().isoformat(),
    }  # fmt: skip


def again(request: HttpRequest) -> HttpResponseBase:
    """Offer to send it again."""
    return admin.site.admin_view(never_cache(_again))(request)


@require_http_methods(["GET", "HEAD", "POST"])
def _again(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session.pop(KEPT, None)
        return SeeOther(reverse("admin:index"))
    found = _found(request)
    if found is None:
        return SeeOther(reverse("admin:index"))
    fields = [Field(*pair) for pair in found["pairs"]]
    return desk_page(
        request, "again.html", "Not sent yet", path=found["path"], page=found["path"].partition("?")[0],
        fields=fields, shown=[one for one in fields if one.value.strip()], files=found["files"],
    )  # fmt: skip


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Offer to send anew what came from a page of ours, opened before a new sign-in; refuse what others forge."""
    if not request.path_info.startswith(STAFF) or not from_here(request):
        return plain_csrf_failure(request, reason)
    if _by_script(request):
        return HttpResponseForbidden("This page is older than your sign-in. Load it again.", content_type="text/plain")
    if request.path_info.startswith(OWN):
        messages.error(request, "That page had been open for long. Please try once more.")
        return SeeOther(request.get_full_path())
    keep(request)
    return SeeOther(reverse("desk-again"))


def _found(request: HttpRequest) -> dict[str, Any] | None:
    found: dict[str, Any] | None = request.session.get(KEPT)
    at = parse_datetime(found["at"]) if found else None
    return found if at and timezone.now() - at < LASTS else None


def _sent(request: HttpRequest) -> None:
    """Forget what was kept once it is sent again."""
    if request.method == "POST" and request.session.get(KEPT, {}).get("path") == request.get_full_path():
        del request.session[KEPT]


def _by_script(request: HttpRequest) -> bool:
    """Whether a script asks, which can make nothing of a page to sign in."""
    headers = request.headers
    if "HX-Request" in headers or headers.get("X-Requested-With"):
        return True
    if mode := headers.get("Sec-Fetch-Mode"):
        return mode != "navigate" and headers.get("Sec-Fetch-Dest", "") == "empty"
    return "Accept" in headers and "text/html" not in headers["Accept"] and "*/*" not in headers["Accept"]
