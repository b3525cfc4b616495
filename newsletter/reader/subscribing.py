"""The pages where people subscribe: one for each public list, one for each newsletter, which joins its first.

The answer is the same whether or not the address is known, and so is the time it takes: see `newsletter.errands`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from newsletter import lists
from newsletter.config import Config
from newsletter.errands import captcha, signing_up
from newsletter.errands.limits import Refused
from newsletter.lists import Offer
from newsletter.origin import from_here
from newsletter.reader import stamps
from newsletter.reader.caching import public
from newsletter.reader.doorstep import agreed, comes, issue_that_led, kept, words_of
from newsletter.reader.frame import Frame, frame_of, page
from newsletter.reader.known import known
from newsletter.reader.meta import Meta, feeds, whole
from newsletter.reader.policy import with_script
from newsletter.reader.same_site import origin_of
from newsletter.reader.saying import refusal
from newsletter.reader.signing_in import address_of
from newsletter.reader.stamps import Stamp
from newsletter.render.phrases import filled
from newsletter.settings import current, signing_keys
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import Origin

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Form:
    """The page of a list, or of the newsletter it was reached by, and what has been typed there."""

    request: HttpRequest
    config: Config
    offer: Offer
    newsletter: str
    path: str
    email: str = ""
    name: str = ""

    def show(
        self, state: str = "empty", status: int = 200, error: str = "", stamp: Stamp | None = None
    ) -> HttpResponse:
        """The page in one of its states: `empty`, `again` (one more button), or `asked`; nobody else may keep it."""
        frame = self.frame()
        response = page(
            self.request, "subscribe.html", frame, status, meta=self._meta(),
            offer=self.offer, comes=comes(self.config, self.offer, frame.words), agreed=agreed(self.config, self.offer),
            form=self, state=state, error=error, faulty=status == 422 and state == "empty",
            words=words_of(self.config, self.offer), stamp=(stamp or self._stamp()).sign(),
            captcha=captcha.wanted(self.config), sender=self.config.newsletters[self.newsletter].sender,
        )  # fmt: skip
        response["Cache-Control"] = "no-store"
        return with_script(response) if captcha.wanted(self.config) else response

    def frame(self) -> Frame:
        """What stands around the page, in the list's language."""
        return frame_of(self.config, self.newsletter, self.offer.language)

    def stamped(self) -> Stamp | None:
        """The stamp that came back with the form."""
        return stamps.read(self.request.POST.get("stamp", "")[:2000], self.offer.name)

    def begun_elsewhere(self) -> Stamp:
        """A fresh stamp for what came without one: from another site, or from a page that everybody shares."""
        return self._stamp(site="" if from_here(self.request) else origin_of(self.request) or "another site")

    def _stamp(self, site: str = "") -> Stamp:
        issue = issue_that_led(self.request)
        return Stamp(self.offer.name, timezone.now().timestamp(), site, issue, filled=bool(self.email))

    def _meta(self) -> Meta:
        settings = self.config.newsletters[self.newsletter]
        return Meta(
            title=f"{self.offer.title} by mail",
            description=self.offer.description or settings.tagline or f"{self.offer.title}, by mail.",
            canonical=whole(self.config, self.path),
            feeds=feeds(self.config, self.newsletter),
        )


# The form stands on pages that everybody shares and on other sites, so it can hold no token of one visitor; all that it
# can do is to have the owner of an address asked.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def one_list(request: HttpRequest, name: str) -> HttpResponse:
    """The page of a public list."""
    config = current()
    offer = public_offer(config, name)
    return _answer(Form(request, config, offer, offer.newsletter, reverse("list", args=(name,))))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, newsletter: str) -> HttpResponse:
    """The page of a newsletter, which joins the first of its lists that is public."""
    config = current()
    known(config, newsletter)
    offer = lists.first_public(config, newsletter)
    if offer is None:
        status = 404 if request.method == "POST" else 200
        return page(request, "subscribe_closed.html", frame_of(config, newsletter), status)
    return _answer(Form(request, config, offer, newsletter, reverse("subscribe", args=(newsletter,))))


@require_safe
def subscriptions(request: HttpRequest) -> HttpResponseBase:
    """Which lists there are to subscribe to."""
    config = current()
    offers = lists.public_offers(config)
    if len(offers) == 1 and len(config.newsletters) == 1:
        return HttpResponseRedirect(reverse("subscribe", args=(offers[0].newsletter,)))
    meta = Meta(
        title=f"Subscribe · {config.site.name}",
        description=f"What {config.site.name} sends by mail.",
        canonical=whole(config, request.path),
        feeds=feeds(config),
    )
    frame = frame_of(config)
    shown = [(offer, comes(config, offer, frame.words)) for offer in offers]
    return public(
        request,
        lambda: page(request, "subscriptions.html", frame, meta=meta, offers=shown),
        *(repr(one) for one in shown),
    )


def public_offer(config: Config, name: str) -> Offer:
    """The list of this name; Http404 for one that is private, or unknown."""
    offer = lists.offer_of(config, name)
    if offer is None or not offer.public:
        raise Http404(f"there is no list '{name}' to subscribe to")
    return offer


def _answer(form: Form) -> HttpResponse:
    if form.request.method != "POST":
        return form.show()
    given = form.request.POST
    form = replace(form, email=given.get("email", "")[:320].strip(), name=given.get("name", "")[: signing_up.NAME])
    try:
        form = replace(form, email=normalize(form.email)[0])
        return _asked(form)
    except InvalidAddress as error:
        said = form.frame().words["joining"]
        reason = filled(said["faulty"], reason=error) if form.email else said["needed"]
        return form.show(status=422, error=reason, stamp=form.stamped())
    except Refused as error:
        return form.show(status=429, error=refusal(form.frame(), error), stamp=form.stamped())


def _asked(form: Form) -> HttpResponse:
    """Take the wish, unless it is a program's, which gets the answer that everybody gets."""
    stamp = form.stamped()
    if form.request.POST.get("website"):
        log.info("a program filled in the trap of the list %s", form.offer.name)
        return form.show("asked")
    if stamp is None:
        return form.show("again", stamp=form.begun_elsewhere())
    if stamp.hasty(timezone.now(), form.config.audience.subscribe.quickest):
        log.info("a program sent the form of the list %s sooner than anybody can", form.offer.name)
        return form.show("asked")
    if captcha.wanted(form.config) and not _solved(form):
        return form.show("again", 422, error=form.frame().words["joining"]["unsolved"], stamp=stamp)
    how = signing_up.Circumstances(
        source=Origin.EMBED if stamp.site else Origin.PAGE,
        address=address_of(form.request),
        form=stamp.site or form.path,
        words=kept(form.config, form.offer),
        issue=stamp.issue,
    )
    signing_up.take(form.config, form.offer, form.email, form.name, how, timezone.now(), form.newsletter)
    return form.show("asked")


def _solved(form: Form) -> bool:
    return captcha.solved(form.request.POST.get("altcha", ""), signing_keys()[0], timezone.now())
