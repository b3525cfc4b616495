"""Asking for a newsletter: a form, a mail to the address, and a button there. Nobody puts anybody else on a list.

What was asked for waits in the signed link alone: an address that nobody confirms is never written down as a
subscriber. The answer is the same whether or not the address is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from newsletter import links, tokens
from newsletter.config import Newsletter
from newsletter.models import Notice, SignIn, Turn
from newsletter.models.reply import digest
from newsletter.models.sign_in import LINK
from newsletter.reader.caching import public
from newsletter.reader.frame import frame_of, page
from newsletter.reader.known import known
from newsletter.reader.meta import Meta, feeds, whole
from newsletter.reader.same_site import same_site
from newsletter.reader.signing_in import PER_MAILBOX, PER_NETWORK, WITHIN, SeeOther, minutes, network
from newsletter.settings import current, signing_keys
from newsletter.track.views import masked, private
from subscribers.addresses import InvalidAddress, normalize
from subscribers.joining import is_on, join
from subscribers.models import List, Subscriber

SALT = "newsletter subscribe"
VALID = timedelta(days=7)
NAME = 200


class Refused(ValueError):
    """The wish cannot be taken as it is; the message says what to do."""


@dataclass(frozen=True)
class Wish:
    """Who wants which newsletter."""

    newsletter: str
    email: str

    def token(self) -> str:
        """The wish, signed, as it stands in the link that is mailed."""
        return signing.dumps([self.newsletter, self.email], salt=SALT, compress=True)

    @classmethod
    def read(cls, token: str) -> Wish | None:
        """The wish in a link; None once the link has ended. Raises Http404 for what was not signed here."""
        try:
            return cls(*signing.loads(token, salt=SALT, max_age=VALID))
        except signing.SignatureExpired:
            return None
        except signing.BadSignature as error:
            raise Http404("this link was not signed here") from error


# The form stands on pages that everybody shares, so it can hold no token of one visitor; all it can do is to have the
# owner of an address asked.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, newsletter: str) -> HttpResponseBase:
    """The form of a newsletter; POST asks the owner of the address."""
    known(current(), newsletter)
    if request.method == "POST":
        return _asked(request, newsletter)
    return public(request, lambda: _page(request, newsletter))


@require_safe
def subscriptions(request: HttpRequest) -> HttpResponseBase:
    """Which newsletters there are to subscribe to."""
    config = current()
    if len(config.newsletters) == 1:
        return HttpResponseRedirect(reverse("subscribe", args=tuple(config.newsletters)))
    meta = Meta(
        title=f"Subscribe · {config.site.name}",
        description=f"The newsletters of {config.site.name}, by mail.",
        canonical=whole(config, request.path),
        feeds=feeds(config),
    )
    frames = [frame_of(config, name) for name in config.newsletters]
    return public(request, lambda: page(request, "subscriptions.html", frame_of(config), meta=meta, frames=frames))


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button on GET, for scanners follow every link; on POST the address is on the list."""
    wish, config = Wish.read(token), current()
    if wish is None:
        return page(request, "confirm_over.html", frame_of(config), 410)
    letter = known(config, wish.newsletter)
    if request.method != "POST":
        return page(request, "confirm.html", frame_of(config, wish.newsletter), address=masked(wish.email))
    name = " ".join(request.POST.get("name", "").split())[:NAME]
    person = join(wish.email, name, _lists(letter), "confirmed by the link that was mailed", timezone.now())
    _welcome(wish, person, token)
    return SeeOther(reverse("subscribed", args=(wish.newsletter,)))


@require_safe
@private
def subscribed(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Say that it worked, and what there is to read meanwhile."""
    known(current(), newsletter)
    return page(request, "subscribed.html", frame_of(current(), newsletter))


def ask(request: HttpRequest, wish: Wish) -> None:
    """Have a link mailed to the address, or, to somebody who is on the list already, the way to their preferences.

    Raises Refused.
    """
    now = timezone.now()
    key = normalize(wish.email)[1]
    for whose, limit in ((f"subscribe {network(request)}", PER_NETWORK), (f"subscribe {key}", PER_MAILBOX)):
        if free := Turn.take(whose, limit, WITHIN, now):
            raise Refused(f"That was asked for too often. You can try again in {minutes(free - now)}.")
    person = Subscriber.objects.filter(key=key).first()
    if person and is_on(wish.email, _lists(current().newsletters[wish.newsletter])):
        _remind(wish, person)
        return
    facts = {"confirm_url": links.confirm(current(), wish.token()), "requested_at": now.isoformat()}
    _queue(Notice.Kind.CONFIRM, wish, facts, until=now + VALID)


def _asked(request: HttpRequest, newsletter: str) -> HttpResponse:
    given = request.POST.get("email", "")[:320].strip()
    try:
        email = normalize(given)[0]
        # Only a program fills in what nobody sees; it gets the answer that everybody gets, and no mail goes out.
        if not request.POST.get("website"):
            ask(request, Wish(newsletter, email))
    except InvalidAddress as error:
        reason = str(error) if given else "an address is needed"
        response = _page(request, newsletter, 422, email=given, error=f"Please look at the address: {reason}.")
    except Refused as refusal:
        response = _page(request, newsletter, 429, email=given, error=str(refusal))
    else:
        response = _page(request, newsletter, email=email, asked=True)
    response["Cache-Control"] = "no-store"
    return response


def _page(
    request: HttpRequest, newsletter: str, status: int = 200, email: str = "", error: str = "", asked: bool = False
) -> HttpResponse:
    config = current()
    settings = config.newsletters[newsletter]
    meta = Meta(
        title=f"{settings.title} by mail",
        description=settings.tagline or f"{settings.title}, by mail.",
        canonical=whole(config, reverse("subscribe", args=(newsletter,))),
        feeds=feeds(config, newsletter),
    )
    frame = frame_of(config, newsletter)
    return page(request, "subscribe.html", frame, status, meta=meta, email=email, error=error, asked=asked)


def _remind(wish: Wish, person: Subscriber) -> None:
    now = timezone.now()
    made, until = SignIn.objects.create(subscriber=person, back=reverse("my-preferences"), created_at=now), now + LINK
    token = tokens.sign_until(made.pk, until, signing_keys()[0], tokens.SIGN_IN)
    facts = {"preferences_url": links.sign_in(current(), token), "expires": until.isoformat()}
    _queue(Notice.Kind.PREFERENCES, wish, facts, subscriber=person, name=person.name, until=until)


def _welcome(wish: Wish, person: Subscriber, token: str) -> None:
    manage = links.preferences(current(), tokens.sign(person.pk, signing_keys()[0], tokens.SUBSCRIBER))
    archive = links.archive(current(), wish.newsletter)
    facts = {"archive_url": archive, "preferences_url": manage, "unsubscribe_url": manage}
    # The button pressed twice is one welcome.
    once = digest(f"welcome {token}")
    _queue(Notice.Kind.WELCOME, wish, facts, dedupe=once, subscriber=person, name=person.name)


def _queue(kind: Notice.Kind, wish: Wish, facts: Mapping[str, str], **fields: Any) -> None:
    title = current().newsletters[wish.newsletter].title
    Notice.queue(kind, wish.newsletter, wish.email, {"list_title": title, **facts}, timezone.now(), **fields)


def _lists(letter: Newsletter) -> list[str]:
    """Who subscribes is put on the newsletter's first list; the others are for those whom staff put there."""
    first = letter.lists[0]
    List.objects.get_or_create(name=first.name, defaults={"title": first.title})
    return [first.name]
