"""Signing in by a link that is mailed: no passwords. Nobody learns here who is a subscriber."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from newsletter import tokens
from newsletter.errands.limits import Refused
from newsletter.errands.signing_in import take
from newsletter.models import SignIn
from newsletter.posting import settle
from newsletter.reader.frame import Frame, plain_frame, whose
from newsletter.reader.same_site import same_site
from newsletter.reader.saying import language_for, refusal
from newsletter.reader.signed_in import COOKIE, admit, number_of, reader_of
from newsletter.settings import signing_keys
from newsletter.track.views import private
from subscribers.addresses import InvalidAddress
from subscribers.models import Subscriber


class SeeOther(HttpResponseRedirect):
    """Go and look at the result; looking again posts nothing again."""

    status_code = 303


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and mail a link to it if it is a subscriber's; the answer is the same if it is not."""
    back = local(request.POST.get("back") or request.GET.get("back") or "")
    reader, newsletter = reader_of(request), whose(request, back)
    language = language_for(request, reader, newsletter)
    page = {"back": back, "email": "", "error": "", "sent": False, "reader": reader}
    page |= {"whose": newsletter, "language": language}
    if request.method != "POST":
        return render(request, "sign_in.html", page, using="jinja2")
    page["email"] = request.POST.get("email", "")[:320]
    page["error"] = mail_link(request, str(page["email"]), back, frame=plain_frame(newsletter, language))
    page["sent"] = not page["error"]
    return render(request, "sign_in.html", page, status=422 if page["error"] else 200, using="jinja2")


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button on GET, for scanners follow every link; on POST sign the browser in, once."""
    now = timezone.now()
    found = _found(token, now)
    if found is None:
        return _over(request)
    if request.method != "POST":
        page = {"waiting": found.reply} | _spoken(request, found.back, found.subscriber)
        return render(request, "sign_in_button.html", page, using="jinja2")
    if not found.use(now):
        return _over(request, found.back)
    # Anybody may have typed it under this address: only who has read it here, and wants it, lets it go on.
    if found.reply is not None and request.POST.get("post") == "yes":
        settle(found.reply, found.subscriber, now)
    answer = SeeOther(found.back or reverse("home"))
    admit(answer, found, now)
    return answer


@same_site
@require_POST
@private
def leave(request: HttpRequest) -> HttpResponse:
    """Sign the browser out: its cookie is worth nothing from now on, wherever a copy of it may be."""
    if (number := number_of(request)) is not None:
        SignIn.end(number, timezone.now())
    answer = SeeOther(local(request.POST.get("back", "")) or reverse("home"))
    answer.delete_cookie(COOKIE, samesite="Lax")
    return answer


def mail_link(
    request: HttpRequest,
    email: str,
    back: str,
    words: dict[str, Any] | None = None,
    newsletter: str = "",
    frame: Frame | None = None,
) -> str:
    """Have a link mailed to the address if it is a subscriber's; return what is wrong with it, or with so many.

    `words` are what that person has written, to be kept until the link is used.
    """
    try:
        take(email, address_of(request), back, timezone.now(), newsletter, words)
    except (InvalidAddress, Refused) as error:
        return refusal(frame or plain_frame(newsletter), error)
    return ""


def address_of(request: HttpRequest) -> str:
    """The IP address that a request comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def local(path: str) -> str:
    """A path of this site to go back to; the empty string for anything that could lead elsewhere."""
    safe = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if safe and len(path) <= 300 and path.isprintable() else ""


def _over(request: HttpRequest, back: str = "") -> HttpResponse:
    page = {"back": back} | _spoken(request, back)
    return render(request, "sign_in_over.html", page, status=410, using="jinja2")


def _spoken(request: HttpRequest, back: str, person: Subscriber | None = None) -> dict[str, Any]:
    """Whose pages somebody came from, and the language to speak to them."""
    newsletter = whose(request, back)
    return {"whose": newsletter, "language": language_for(request, person, newsletter)}


def _found(token: str, now: datetime) -> SignIn | None:
    """The sign-in of a link that still works."""
    try:
        number = tokens.read_until(token, signing_keys(), tokens.SIGN_IN, now)
    except tokens.Expired:
        return None
    except tokens.BadToken as error:
        raise Http404(str(error)) from error
    return SignIn.objects.select_related("subscriber", "reply__issue").filter(pk=number, used_at=None).first()
