"""What the API answers, version 1: which lists there are, a captcha's task, and asking for a list.

The answer to an address that can be written to is the same whoever it belongs to. Any site's script may call it: it
knows no cookies, so there is nothing that one site could do in the name of another's visitor.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, NinjaAPI, Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict

from newsletter import lists
from newsletter.config import Config
from newsletter.errands import captcha, signing_up
from newsletter.errands.limits import Refused
from newsletter.lists import Offer
from newsletter.settings import current, signing_keys
from subscribers.addresses import InvalidAddress
from subscribers.models import Origin

# Its description is for those who work here; it has no page of its own, which would load scripts from elsewhere.
api = NinjaAPI(
    title="Newsletter", version="1", docs_url=None, openapi_url="/openapi.json", docs_decorator=staff_member_required,
    urls_namespace="api",
)  # fmt: skip


class PublicList(Schema):
    """A list that anybody may join."""

    name: str
    title: str
    description: str
    language: str
    newsletters: list[str] = Field(description="The titles of the newsletters that come with it.")


class Ask(Schema):
    """Who asks for which list."""

    model_config = ConfigDict(extra="forbid")

    list: str = Field(max_length=63)
    email: str = Field(max_length=320)
    name: str = Field("", max_length=signing_up.NAME)
    captcha: str = Field("", max_length=captcha.LONGEST, description="What was found for a task of `GET captcha`.")


class Said(Schema):
    """What became of it, in words."""

    detail: str


@api.get("/lists", response=list[PublicList], url_name="lists")
def public_lists(request: HttpRequest, response: HttpResponse) -> list[PublicList]:
    """The lists that anybody may join."""
    config = current()
    _open(response)
    return [_shown(config, offer) for offer in lists.public_offers(config)]


@api.get("/captcha", response={200: dict[str, Any], 404: Said}, url_name="captcha")
def task(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """A task for the captcha, good for twenty minutes and one answer."""
    config = current()
    if not captcha.wanted(config):
        raise HttpError(404, "there is no captcha here")
    _open(response)
    response["Cache-Control"] = "no-store"
    return captcha.challenge(config, signing_keys()[0], timezone.now())


@api.api_operation(["OPTIONS"], "/subscribe", response={204: None}, include_in_schema=False)
def may_ask(request: HttpRequest, response: HttpResponse) -> Status[None]:
    """Tell a browser that a script of another site may ask."""
    _open(response)
    response["Access-Control-Allow-Methods"] = "POST"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    return Status(204, None)


@api.post("/subscribe", response={202: Said, 403: Said, 404: Said, 422: Said, 429: Said}, url_name="subscribe")
def subscribe(request: HttpRequest, response: HttpResponse, ask: Ask) -> Status[Said]:
    """Have the owner of an address asked whether they want a list."""
    _open(response)
    config = current()
    if not (captcha.wanted(config) or config.audience.subscribe.open_api):
        return Status(403, Said(detail="signing up by the API is switched off here; use the list's page"))
    offer = lists.offer_of(config, ask.list)
    if offer is None or not offer.public:
        return Status(404, Said(detail=f"there is no list '{ask.list}' to subscribe to"))
    if captcha.wanted(config) and not captcha.solved(ask.captcha, signing_keys()[0], timezone.now()):
        return Status(422, Said(detail="the captcha is missing, wrong, too old or used already; ask for a new task"))
    return _take(request, config, offer, ask)


def _take(request: HttpRequest, config: Config, offer: Offer, ask: Ask) -> Status[Said]:
    # What the other program showed beside its button is not known here; the mail and its page show our own sentence.
    address = str(request.META.get("REMOTE_ADDR", ""))
    how = signing_up.Circumstances(source=Origin.API, address=address, form=request.headers.get("Origin", "")[:200])
    try:
        signing_up.take(config, offer, ask.email, ask.name, how, timezone.now())
    except InvalidAddress as error:
        return Status(422, Said(detail=str(error)))
    except Refused as refusal:
        return Status(429, Said(detail=str(refusal)))
    return Status(202, Said(detail="a mail is on its way to this address, if it can be written to"))


def _shown(config: Config, offer: Offer) -> PublicList:
    return PublicList(
        name=offer.name, title=offer.title, description=offer.description, language=offer.language,
        newsletters=[config.newsletters[name].title for name in offer.newsletters],
    )  # fmt: skip


def _open(response: HttpResponse) -> None:
    response["Access-Control-Allow-Origin"] = "*"
