"""A reader's preferences: which lists, and the name.

The link in a mail may be forwarded, so it lets its holder leave lists, and come back to those left, and nothing else;
the name, and lists that are new to the reader, are for who signed in by a link mailed to that address.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter import tokens
from newsletter.reader.frame import frame_of
from newsletter.reader.frame import page as show
from newsletter.reader.same_site import same_site
from newsletter.reader.signed_in import reader_of
from newsletter.reader.signing_in import SeeOther
from newsletter.settings import current, signing_keys
from newsletter.track.views import masked, message_of, private, tested
from subscribers.joining import choose
from subscribers.models import List, Subscriber, Subscription


@dataclass(frozen=True)
class Choice:
    """A list as the page offers it."""

    name: str
    title: str
    about: str
    active: bool


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def mine(request: HttpRequest) -> HttpResponse:
    """All there is to choose, for a reader who is signed in; else the way to sign in."""
    person = reader_of(request)
    if person is None:
        return SeeOther(f"{reverse('sign-in')}?back={request.path}")
    return _page(request, person, whole=True)


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The lists of the person that a mail went to."""
    if tested(token) is not None:
        return show(request, "preferences.html", frame_of(current()), test=True)
    person = _person(token)
    signed_in = reader_of(request)
    return _page(request, person, whole=signed_in is not None and signed_in.pk == person.pk)


def _page(request: HttpRequest, person: Subscriber, whole: bool) -> HttpResponse:
    choices = _choices(person, whole)
    if request.method == "POST":
        offered = {choice.name for choice in choices}
        choose(
            person,
            offered & set(request.POST.getlist("list")),
            offered,
            "chosen on the preferences page",
            timezone.now(),
        )
        if whole:
            person.name = " ".join(request.POST.get("name", "").split())[:200]
            person.save(update_fields=["name"])
        return SeeOther(f"{request.path}?saved=1")
    page: dict[str, Any] = {
        "test": False, "whole": whole, "choices": choices, "saved": "saved" in request.GET,
        "address": person.email if whole else masked(person.email), "name": person.name if whole else "",
    }  # fmt: skip
    return show(request, "preferences.html", frame_of(current()), **page)


def _choices(person: Subscriber, whole: bool) -> list[Choice]:
    """The lists of config.yaml that the person is or was on; all of them for somebody who is signed in."""
    status = dict(person.subscriptions.values_list("list__name", "status"))
    titles = dict(List.objects.values_list("name", "title"))
    found: dict[str, Choice] = {}
    for letter in current().newsletters.values():
        for place, ref in enumerate(letter.lists):
            # A newsletter's first list is the one that anybody may join.
            if ref.name in status or (whole and place == 0):
                title = ref.title or titles.get(ref.name) or ref.name
                active = status.get(ref.name) == Subscription.Status.ACTIVE
                first = found.get(ref.name)
                about = f"{first.about}, {letter.title}" if first else letter.title
                found[ref.name] = Choice(ref.name, title, about, active)
    return list(found.values())


def _person(token: str) -> Subscriber:
    """The person of a message's token, or of one made for the person alone; Http404 for any other."""
    with suppress(tokens.BadToken):
        return get_object_or_404(Subscriber, pk=_read(token))
    person = message_of(token).subscriber
    if person is None:
        raise Http404("this person is no longer with us")
    return person


def _read(token: str) -> int:
    return tokens.read(token, signing_keys(), tokens.SUBSCRIBER)
