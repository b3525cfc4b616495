"""A reader's preferences: which lists, how much of each, which topics, a pause, and what to be called.

The link in a mail may be forwarded, so it lets its holder do what unsubscribing does, or less, and what undoes it:
leave lists, come back to those left, have them monthly, pause and go on. Names, language, topics, lists that are new to
the reader, and all that is known of them are for who signed in by a link mailed to that address.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter import tokens
from newsletter.errands.limits import truncated
from newsletter.reader import choices
from newsletter.reader.frame import frame_of
from newsletter.reader.frame import page as show
from newsletter.reader.same_site import same_site
from newsletter.reader.saying import language_for
from newsletter.reader.signed_in import reader_of
from newsletter.reader.signing_in import SeeOther, address_of
from newsletter.settings import current, signing_keys
from newsletter.track.views import masked, message_of, private, tested
from subscribers.choosing import introduce, pause, resume, untrack
from subscribers.models import Occasion, Origin, Subscriber


@dataclass(frozen=True)
class Door:
    """Whose preferences are shown to whom: all of them to the person, who is signed in; else what a link may show."""

    request: HttpRequest
    person: Subscriber
    whole: bool
    again: str
    """Where somebody else subscribes, to whom the mail was passed on."""
    newsletter: str = ""
    """The newsletter whose mail led here, if one did."""

    def occasion(self) -> Occasion:
        """The circumstances of what is changed here."""
        how = "chosen on the preferences page" if self.whole else "chosen by the link in a mail"
        return Occasion(timezone.now(), Origin.PREFERENCES, how, "", truncated(address_of(self.request)))


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def mine(request: HttpRequest) -> HttpResponse:
    """All there is to choose, for a reader who is signed in; else the way to sign in."""
    person = reader_of(request)
    if person is None:
        return SeeOther(f"{reverse('sign-in')}?back={request.path}")
    return _answer(Door(request, person, whole=True, again=""))


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The lists of the person that a mail went to."""
    if tested(token) is not None:
        return show(request, "preferences.html", frame_of(current(), language=language_for(request, None)), test=True)
    person, again, newsletter = _person(token)
    signed_in = reader_of(request)
    return _answer(Door(request, person, signed_in is not None and signed_in.pk == person.pk, again, newsletter))


def _answer(door: Door) -> HttpResponse:
    if door.request.method != "POST":
        return _page(door)
    do = door.request.POST.get("do", "save")
    if do == "pause":
        return _pause(door)
    if do == "resume":
        resume(door.person, door.occasion())
        return SeeOther(f"{door.request.path}?saved=1#pause")
    return _save(door)


def _pause(door: Door) -> HttpResponse:
    weeks = door.request.POST.get("weeks", "")
    if weeks in map(str, choices.WEEKS):
        occasion = door.occasion()
        pause(door.person, occasion.at + timedelta(weeks=int(weeks)), occasion)
    return SeeOther(f"{door.request.path}?saved=1#pause")


def _save(door: Door) -> HttpResponse:
    """Keep what was chosen; nothing of it if something cannot be, and all that was typed is shown again."""
    given, occasion = door.request.POST, door.occasion()
    known: dict[str, str] = {}
    if door.whole:
        known["name"] = " ".join(given.get("name", "").split())[:200]
        if (language := given.get("language")) in ("", *dict(choices.languages(current(), door.person))):
            known["language"] = str(language)
        try:
            known["time_zone"] = choices.zone_of(given.get("time_zone", door.person.time_zone))
        except choices.UnknownZone as error:
            return _page(door, 422, error)
    choices.keep(door.person, choices.choices(current(), door.person, door.whole), given, occasion)
    introduce(door.person, occasion, **known)
    if door.whole and choices.followed(current()):
        untrack(door.person, "untracked" in given, occasion)
    return SeeOther(f"{door.request.path}?saved=1")


def _page(door: Door, status: int = 200, error: choices.UnknownZone | None = None) -> HttpResponse:
    config, person, now = current(), door.person, timezone.now()
    given = door.request.POST if error else None
    offered = choices.choices(config, person, door.whole, given)
    paused = person.paused_until if person.paused_until and person.paused_until > now else None
    page: dict[str, Any] = {
        "test": False, "whole": door.whole, "choices": offered, "saved": "saved" in door.request.GET, "error": error,
        "address": person.email if door.whole else masked(person.email), "paused": paused, "weeks": choices.WEEKS,
        "nothing": not any(choice.active for choice in offered), "again": door.again,
    }  # fmt: skip
    if door.whole:
        page |= {"person": person, "languages": choices.languages(config, person), "facts": choices.facts(person)}
        of_them = {name: str(getattr(person, name)) for name in ("name", "language", "time_zone")}
        page |= of_them if given is None else {name: given.get(name, said) for name, said in of_them.items()}
        page |= {"zones": choices.zones(), "followed": choices.followed(config)}
        page["untracked"] = person.untracked if given is None else "untracked" in given
    frame = frame_of(config, language=language_for(door.request, person, door.newsletter))
    return show(door.request, "preferences.html", frame, status, **page)


def _person(token: str) -> tuple[Subscriber, str, str]:
    """The person of a message's token, or of one made for the person alone; where another one subscribes; to what.

    Http404 for any other token.
    """
    with suppress(tokens.BadToken):
        number = tokens.read(token, signing_keys(), tokens.SUBSCRIBER)
        return get_object_or_404(Subscriber, pk=number), reverse("subscriptions"), ""
    message = message_of(token)
    if message.subscriber is None:
        raise Http404("this person is no longer with us")
    newsletter = message.issue.newsletter
    if newsletter not in current().newsletters:
        return message.subscriber, reverse("subscriptions"), ""
    again = f"{reverse('subscribe', args=(newsletter,))}?from={newsletter}/{message.issue.slug}"
    return message.subscriber, again, newsletter
