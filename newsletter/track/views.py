"""The addresses that a mail holds: the tracked link, the open pixel and the way out."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from newsletter import tokens
from newsletter.models import Event, Issue, Link, Message
from newsletter.settings import current, signing_keys
from newsletter.track.destination import location
from newsletter.track.recording import at_best, glimpse, record
from subscribers.models import List, Subscriber, Subscription, unsubscribe

# One transparent pixel.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Keep the answer out of caches and search engines: its address belongs to one reader."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


@require_safe
@private
def click(request: HttpRequest, link: int, token: str) -> HttpResponse:
    """Lead on to the link's own address. Only addresses of the token's own issue: there is no open redirect."""
    if (number := tested(token)) is not None:
        return _onward(get_object_or_404(Link, pk=link, issue_id=number))
    message = message_of(token)
    found = get_object_or_404(Link, pk=link, issue_id=message.issue_id)
    answer = _onward(found)
    if current().track.clicks:
        glimpse(request, message, Event.Kind.CLICK, link=found)
    return answer


@require_safe
@private
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with one pixel, whatever the token: nobody learns here whether it is good."""
    if current().track.opens:
        with suppress(Http404), at_best():
            glimpse(request, message_of(token), Event.Kind.OPEN)
    return HttpResponse(PIXEL, content_type="image/gif")


# A mail provider posts for its user without our cookie (RFC 8058); the signed token is what allows it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, unsubscribe on POST. What was posted does not matter: that it was posted does."""
    if (number := tested(token)) is not None:
        return _unchanged(request, get_object_or_404(Issue, pk=number))
    message = message_of(token)
    subscriber = message.subscriber
    if request.method == "POST" and subscriber:
        _unsubscribe(request, message, subscriber)
    context = {
        "test": False,
        "done": subscriber is None or not _subscribed(message, subscriber),
        "address": masked(subscriber.email) if subscriber else "",
        "newsletter": current().newsletters.get(message.issue.newsletter),
        "also": _also(message),
        "preferences": reverse("preferences", args=(token,)),
        "whose": message.issue.newsletter,
    }
    return render(request, "unsubscribe.html", context, using="jinja2")


def _also(message: Message) -> list[str]:
    """The other newsletters that go to the lists which are left: they end with it, and the reader should know."""
    lists, own = set(_lists_of(message)), message.issue.newsletter
    newsletters = current().newsletters.items()
    return [one.title for name, one in newsletters if name != own and lists & {ref.name for ref in one.lists}]


def _subscribed(message: Message, subscriber: Subscriber) -> bool:
    """Whether there is anything left to leave."""
    lists, active = _lists_of(message), Subscription.Status.ACTIVE
    return subscriber.subscriptions.filter(list__name__in=lists, status=active).exists()


def masked(email: str) -> str:
    """An address that its owner knows again and nobody else learns: m•••@example.org."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _onward(link: Link) -> HttpResponse:
    try:
        target = location(link.url)
    except ValueError as error:
        raise Http404(str(error)) from error
    # Not Django's own redirect, which would encode printable characters that the author left as they are.
    return HttpResponse(status=302, headers={"Location": target})


def _unchanged(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Where the way out of a test mail leads: nobody's subscription hangs on it."""
    newsletter = current().newsletters.get(issue.newsletter)
    context = {
        "test": True,
        "done": False,
        "also": [],
        "preferences": "",
        "newsletter": newsletter,
        "whose": issue.newsletter,
    }
    return render(request, "unsubscribe.html", context, using="jinja2")


def tested(token: str) -> int | None:
    """The number of the issue that a test mail's token was signed for; None for any other token."""
    with suppress(tokens.BadToken):
        return tokens.read(token, signing_keys(), purpose=tokens.TEST)
    return None


def message_of(token: str) -> Message:
    """The message of a token; Http404 if there is none, and no word on why."""
    try:
        number = tokens.read(token, signing_keys())
    except tokens.BadToken as error:
        raise Http404(str(error)) from error
    return get_object_or_404(Message.objects.select_related("issue", "subscriber"), pk=number)


def _unsubscribe(request: HttpRequest, message: Message, subscriber: Subscriber) -> None:
    """End the subscriptions that brought the message; a second time it changes nothing."""
    with transaction.atomic():
        # A provider and its user may both post at once: the lock lets only one of them write the event.
        locked = Message.objects.select_for_update().get(pk=message.pk)
        unsubscribe(subscriber, _lists_of(message), f"the link in {message.issue}", timezone.now())
        if not locked.events.filter(kind=Event.Kind.UNSUBSCRIBE).exists():
            record(request, message, Event.Kind.UNSUBSCRIBE)


def _lists_of(message: Message) -> list[str]:
    """The lists that the message's newsletter goes to; every list if the newsletter is no longer configured."""
    newsletter = current().newsletters.get(message.issue.newsletter)
    if newsletter is None:
        return list(List.objects.values_list("name", flat=True))
    return [reference.name for reference in newsletter.lists]
