"""Saying yes to what was asked for: the link that was mailed, its button, and what follows."""

from __future__ import annotations

from dataclasses import replace

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from newsletter import lists
from newsletter.errands import signing_up, wishes
from newsletter.errands.limits import truncated
from newsletter.errands.wishes import Wish
from newsletter.lists import Offer
from newsletter.reader.doorstep import agreed, kept, words_of
from newsletter.reader.frame import frame_of, page
from newsletter.reader.same_site import same_site
from newsletter.reader.saying import language_for
from newsletter.reader.signing_in import SeeOther, address_of
from newsletter.settings import current, signing_keys
from newsletter.track.views import masked, private
from subscribers.joining import join
from subscribers.models import Occasion, Origin, Subscriber, Wording


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button on GET, for scanners follow every link; on POST the address is on the list."""
    config = current()
    try:
        wish = wishes.read(config, token)
    except signing.BadSignature as error:
        raise Http404("this link was not signed here") from error
    except wishes.Closed:
        return _over(request, closed=True)
    offer = lists.offer_of(config, wish.list, wish.newsletter) if wish else None
    if wish is None or offer is None:
        return _over(request)
    if request.method != "POST":
        return page(
            request, "confirm.html", frame_of(config, wish.newsletter, offer.language), words=words_of(config, offer),
            offer=offer, agreed=agreed(config, offer), address=masked(wish.email), name=wish.name,
        )  # fmt: skip
    name = " ".join(request.POST.get("name", "").split())[: signing_up.NAME]
    person = _join(request, replace(wish, name=name), offer)
    signing_up.welcome(config, signing_keys()[0], wish, offer, person, timezone.now(), token)
    return SeeOther(reverse("welcome", args=(offer.name,)))


@require_safe
@private
def welcome(request: HttpRequest, name: str) -> HttpResponse:
    """Say that it worked, and what there is to read meanwhile."""
    offer = lists.offer_of(current(), name)
    if offer is None:
        raise Http404(f"there is no list '{name}'")
    frame, words = frame_of(current(), offer.newsletter, offer.language), words_of(current(), offer)
    return page(request, "subscribed.html", frame, offer=offer, words=words)


def _over(request: HttpRequest, closed: bool = False) -> HttpResponse:
    config = current()
    frame, days = frame_of(config, language=language_for(request, None)), config.audience.subscribe.valid.days
    return page(request, "confirm_over.html", frame, 410, closed=closed, days=days)


def _join(request: HttpRequest, wish: Wish, offer: Offer) -> Subscriber:
    config = current()
    lists.make_row(config, offer.name)
    wording = Wording.objects.filter(pk=wish.wording).first() if wish.wording else None
    occasion = Occasion(
        timezone.now(), Origin.MAIL, "confirmed by the link that was mailed", "",
        truncated(address_of(request)), reverse("list", args=(offer.name,)),
        wording or Wording.keep(kept(config, offer)), wish.issue,
    )  # fmt: skip
    return join(wish.email, wish.name, [offer.name], occasion)
