"""The way out of a mail, and back: GET asks, POST does it at once; then why, if they like to say, and an undo."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import links
from newsletter.config import Newsletter
from newsletter.errands.limits import truncated
from newsletter.lists import offers
from newsletter.models import Event, Issue, Message, Notice
from newsletter.models.reply import digest
from newsletter.models.taking import Happening, take_in
from newsletter.reader.same_site import same_site
from newsletter.reader.saying import language_for
from newsletter.reader.signing_in import SeeOther, address_of
from newsletter.settings import current
from newsletter.track.views import masked, message_of, private, tested
from subscribers import joining
from subscribers.choosing import pause, say_why, set_frequency
from subscribers.models import List, Occasion, Origin, Subscriber, Subscription

Status = Subscription.Status
PAUSE = timedelta(weeks=4)
REASONS = {
    "many": "It is too much mail",
    "dull": "It is not what I hoped for",
    "unasked": "I never asked for it",
    "elsewhere": "I read it elsewhere, or at another address",
}


@dataclass(frozen=True)
class Way:
    """A message whose link was followed, and the person it went to, if they are still with us."""

    message: Message
    token: str

    @property
    def person(self) -> Subscriber | None:
        """Who the message went to."""
        return self.message.subscriber

    @property
    def newsletter(self) -> Newsletter | None:
        """The newsletter that it came from; none if it is no longer in config.yaml."""
        return current().newsletters.get(self.message.issue.newsletter)

    @property
    def lists(self) -> list[str]:
        """The lists that the message's newsletter goes to; every list if the newsletter is no longer configured."""
        if self.newsletter is None:
            return list(List.objects.values_list("name", flat=True))
        return [reference.name for reference in self.newsletter.lists]

    @property
    def active(self) -> list[str]:
        """Those of its lists that the person is on."""
        return self._held(status=Status.ACTIVE)

    @property
    def left(self) -> list[str]:
        """Those of its lists that this very link has ended: what is undone, and what the reason is about."""
        return self._held(status=Status.UNSUBSCRIBED, issue=str(self.message.issue))

    @property
    def also(self) -> list[str]:
        """The other newsletters that go to its lists: they end with it, and the reader should know."""
        lists, own = set(self.lists), self.message.issue.newsletter
        others = current().newsletters.items()
        return [one.title for name, one in others if name != own and lists & {ref.name for ref in one.lists}]

    def occasion(self, request: HttpRequest, source: Origin = Origin.MAIL, what: str = "") -> Occasion:
        """The circumstances of what is done here."""
        how = f"{what or 'the link in'} {self.message.issue}"
        network = truncated(address_of(request))
        return Occasion(timezone.now(), source, how, "", network, "", None, str(self.message.issue))

    def _held(self, **which: str) -> list[str]:
        if self.person is None:
            return []
        held = self.person.subscriptions.filter(list__name__in=self.lists, **which)
        return list(held.order_by("list__name").values_list("list__name", flat=True))


# A mail provider posts for its user without our cookie (RFC 8058); the signed token is what allows it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, unsubscribe on POST. What was posted does not matter: that it was posted does."""
    if (number := tested(token)) is not None:
        return _unchanged(request, get_object_or_404(Issue, pk=number))
    way = Way(message_of(token), token)
    if request.method != "POST":
        return _page(request, way)
    body = _body(request)
    one_click = b"List-Unsubscribe" in body and b"One-Click" in body
    if way.person:
        _unsubscribe(request, way, way.person, Origin.ONE_CLICK if one_click else Origin.MAIL)
    # A provider is answered at once, and not sent elsewhere; a reader's browser may load the page again.
    return SeeOther(request.path) if body == b"by=page" else _page(request, way)


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def less(request: HttpRequest, token: str, what: str) -> HttpResponse:
    """Less, rather than nothing: a monthly summary, or a pause. Who has left meanwhile stays away."""
    if what not in ("monthly", "pause"):
        raise Http404(f"there is no way to have it {what}")
    way = Way(message_of(token), token)
    if request.method == "POST" and way.person:
        occasion = way.occasion(request)
        if what == "pause" and way.active:
            pause(way.person, occasion.at + PAUSE, occasion)
        for name in _summed_up(way) if what == "monthly" else ():
            set_frequency(way.person, name, Subscription.Frequency.MONTHLY, occasion)
        return SeeOther(f"{reverse('preferences', args=(token,))}?saved=1")
    return SeeOther(reverse("unsubscribe", args=(token,)))


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take a wrong press back: just what this link has ended."""
    way = Way(message_of(token), token)
    back = reverse("unsubscribe", args=(token,))
    if request.method != "POST" or way.person is None:
        return SeeOther(back)
    joining.come_back(way.person, way.left, way.occasion(request, what="undone by the link in"))
    return SeeOther(f"{back}?back=1")


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def why(request: HttpRequest, token: str) -> HttpResponse:
    """Keep why somebody left, if they say."""
    way = Way(message_of(token), token)
    said = [REASONS[one] for one in request.POST.getlist("why") if one in REASONS]
    own = " ".join(request.POST.get("words", "").split())[:200]
    reason = "; ".join([*said, *([own] if own else [])])
    thanks = bool(reason and way.person and say_why(way.person, way.left, reason, way.occasion(request)))
    return SeeOther(reverse("unsubscribe", args=(token,)) + ("?thanks=1" if thanks else ""))


def _page(request: HttpRequest, way: Way) -> HttpResponse:
    """The page, which says what holds now; an answer of the same look whether it was this press or an earlier one."""
    person, now = way.person, timezone.now()
    context = {
        "test": False,
        "done": person is None or not way.active,
        "back": "back" in request.GET,
        "thanks": "thanks" in request.GET,
        "undone": bool(way.left),
        "address": masked(person.email) if person else "",
        "paused": bool(person and person.paused_until and person.paused_until > now),
        "monthly": bool(_summed_up(way)),
        "newsletter": way.newsletter,
        "also": way.also,
        "reasons": REASONS,
        "token": way.token,
        "whose": way.message.issue.newsletter,
        "language": language_for(request, person, way.message.issue.newsletter),
    }
    return render(request, "unsubscribe.html", context, using="jinja2")


def _summed_up(way: Way) -> list[str]:
    """The lists that the person is on and can have a monthly summary of."""
    return [offer.name for offer in offers(current()) if offer.summary and offer.name in way.active]


def _unchanged(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Where the way out of a test mail leads: nobody's subscription hangs on it."""
    context = {"test": True, "newsletter": current().newsletters.get(issue.newsletter), "whose": issue.newsletter}
    return render(request, "unsubscribe.html", context, using="jinja2")


def _body(request: HttpRequest) -> bytes:
    """What was posted, as it came; nothing if it is too large or broke off, for it does not matter."""
    with suppress(RequestDataTooBig, UnreadablePostError):
        return request.body
    return b""


def _unsubscribe(request: HttpRequest, way: Way, person: Subscriber, source: Origin) -> None:
    """End the subscriptions that brought the message; a second time it changes nothing."""
    with transaction.atomic():
        # A provider and its user may both post at once: the lock lets only one of them write the event.
        locked = Message.objects.select_for_update().get(pk=way.message.pk)
        left = joining.leave(person, way.lists, way.occasion(request, source))
        if not locked.events.filter(kind=Event.Kind.UNSUBSCRIBE).exists():
            now = timezone.now()
            take_in([Happening(way.message.pk, Event.Kind.UNSUBSCRIBE, now)], now)
        if left and way.newsletter and current().audience.goodbye:
            _say_goodbye(way, person)


def _say_goodbye(way: Way, person: Subscriber) -> None:
    """One more mail, with the way back; not again for the same message."""
    config, newsletter = current(), way.message.issue.newsletter
    title = config.newsletters[newsletter].title
    facts = {"list_title": title, "resubscribe_url": links.unsubscribe(config, way.token)}
    Notice.queue(
        Notice.Kind.GOODBYE, newsletter, person.email, facts, timezone.now(), digest(f"goodbye {way.message.pk}"),
        subscriber=person, name=person.name,
    )  # fmt: skip
