"""A copy of what is kept of a reader, and their erasure. Both take a link mailed to the address in question, whoever is
signed in: a browser left open is not the mailbox, and no mail that may be forwarded opens either door.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter import tokens
from newsletter.errands.limits import Refused, in_minutes, truncated
from newsletter.errands.own_data import PURPOSE, take
from newsletter.models import Notice, Turn
from newsletter.own_copy import copy_of, file_name
from newsletter.own_data import REPLIES, published_replies
from newsletter.reader.frame import Frame, frame_of, page
from newsletter.reader.same_site import same_site
from newsletter.reader.saying import language_for, refusal
from newsletter.reader.signed_in import COOKIE, reader_of
from newsletter.reader.signing_in import SeeOther, address_of
from newsletter.settings import current, signing_keys
from newsletter.track.views import masked, private
from subscribers.addresses import InvalidAddress, normalize
from subscribers.erasing import erase
from subscribers.models import Consent, Occasion, Origin, Subscriber
from subscribers.traces import Person

COPIES = 10  # of one link in an hour: each is gathered anew
Kind = Notice.Kind


class Over(Exception):
    """The link was ours, and opens nothing any more."""


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def ask(request: HttpRequest) -> HttpResponse:
    """Have a link mailed to an address; the answer is the same whether or not anything is kept of it."""
    reader = reader_of(request)
    shown: dict[str, Any] = {"reader": reader.email if reader else "", "email": "", "error": "", "sent": ""}
    frame = _frame(request, reader)
    if request.method != "POST":
        sent = request.GET.get("sent", "")
        return page(request, "own_data.html", frame, **{**shown, "sent": sent if sent in PURPOSE else ""})
    email = reader.email if reader else request.POST.get("email", "")[:320].strip()
    error, wish = frame.words["own_data"]["choose"], request.POST.get("ask", "")
    if wish in PURPOSE:
        try:
            take(email, address_of(request), Kind(wish), timezone.now())
            spoken = f"&in={frame.words.spoken_in}" if "in" in request.GET else ""
            return SeeOther(f"{request.path}?sent={wish}{spoken}")
        except (InvalidAddress, Refused) as refused:
            error = refusal(frame, refused)
    return page(request, "own_data.html", frame, 422, **{**shown, "email": email, "error": error})


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def copy(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button on GET; on POST hand the copy over, as often as it is asked for while the link lasts."""
    now = timezone.now()
    try:
        notice = _notice(token, Kind.DATA, now)
    except Over:
        notice = None
    if notice is None:
        return page(request, "own_data_over.html", _frame(request), 410)
    person = _person(notice)
    free = Turn.take(f"copy {notice.pk}", COPIES, timedelta(hours=1), now) if request.method == "POST" else None
    if request.method == "POST" and free is None:
        return _handed_over(request, person, now)
    wait = in_minutes(free - now) if free else 0
    zone = current().site.time_zone
    until = (notice.until or now).astimezone(ZoneInfo(zone))
    shown: dict[str, Any] = {"address": masked(person.email), "until": until, "zone": zone, "wait": wait}
    return page(
        request, "own_data_button.html", _frame(request, person, notice.newsletter), 429 if wait else 200, **shown
    )


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def erase_me(request: HttpRequest, token: str) -> HttpResponse:
    """Say on GET what goes and what stays; on POST erase the reader. Afterwards the link says that it is done."""
    now = timezone.now()
    try:
        notice = _notice(token, Kind.ERASE, now)
    except Over:
        return page(request, "own_data_over.html", _frame(request), 410)
    if request.method == "POST":
        spoken = ""
        if notice is not None:
            spoken = language_for(request, _person(notice), notice.newsletter)
            occasion = Occasion(now, Origin.MAIL, "erased by the link that was mailed")
            erase(Person.of(_person(notice)), occasion, _kept(request))
        # Afterwards nobody knows any more which language was theirs.
        answer = SeeOther(f"{request.path}?in={spoken}" if spoken else request.path)
        answer.delete_cookie(COOKIE, samesite="Lax")
        return answer
    if notice is None:
        return page(request, "erased.html", _frame(request))
    person = _person(notice)
    shown: dict[str, Any] = {"address": masked(person.email), "replies": published_replies(Person.of(person))}
    return page(request, "erase.html", _frame(request, person, notice.newsletter), **shown)


def _kept(request: HttpRequest) -> tuple[str, ...]:
    """The reader's words stay only where the form asked about them, and the box was left empty."""
    return (REPLIES,) if "asked" in request.POST and "replies" not in request.POST else ()


def _notice(token: str, kind: Notice.Kind, now: datetime) -> Notice | None:
    """The mail that a link came in; None once its person is erased. Raises Over, and Http404 for what is not ours."""
    try:
        number = tokens.read_until(token, signing_keys(), PURPOSE[kind], now)
    except tokens.Expired as error:
        raise Over from error
    except tokens.BadToken as error:
        raise Http404(str(error)) from error
    notice = Notice.objects.select_related("subscriber").filter(pk=number, kind=kind).first()
    # Who has another address by now had the link sent to a mailbox that may be somebody else's.
    if notice is not None and normalize(notice.to)[1] != _person(notice).key:
        raise Over
    return notice


def _person(notice: Notice) -> Subscriber:
    if notice.subscriber is None:
        raise Http404("this mail was to nobody")
    return notice.subscriber


def _handed_over(request: HttpRequest, person: Subscriber, now: datetime) -> HttpResponse:
    content = copy_of(Person.of(person), current(), now)
    how, network = "a copy of their data, by the link that was mailed", truncated(address_of(request))
    occasion = Occasion(now, Origin.MAIL, how, network=network)
    Consent.note_all(Consent.Action.EXPORTED, occasion, [person.pk])
    name = f'attachment; filename="{file_name(now)}"'
    return HttpResponse(content, content_type="application/zip", headers={"Content-Disposition": name})


def _frame(request: HttpRequest, person: Subscriber | None = None, newsletter: str = "") -> Frame:
    return frame_of(current(), newsletter, language_for(request, person, newsletter))
