"""What stands on the page where people subscribe: what comes, how often, a look at it, and what they agree to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from newsletter import compose, links, tokens
from newsletter import render as rendering
from newsletter.config import Config
from newsletter.lists import Offer
from newsletter.models import Issue, Message
from newsletter.reader.meta import whole
from newsletter.reader.same_site import came_from
from newsletter.reader.shelves import title_of, titled
from newsletter.render.filters import weekday
from newsletter.render.phrases import Phrases, filled, form_for
from newsletter.render.words import one_line
from newsletter.settings import signing_keys

FOUR_WEEKS = timedelta(weeks=4)


@dataclass(frozen=True)
class Comes:
    """A newsletter that comes with a list: what it is, how often it comes, and its last issue."""

    title: str
    tagline: str
    language: str
    often: str
    last: str
    last_path: str


def comes(config: Config, offer: Offer, say: Phrases) -> list[Comes]:
    """The newsletters that go to a list, in the words of a page."""
    return [_comes(config, name, say["often"]) for name in offer.newsletters]


def words_of(config: Config, offer: Offer) -> Phrases:
    """What the pages of a list say, in its language."""
    found: Phrases = rendering.phrases(config, offer.newsletter, offer.language)["join"]
    return found


def agreed(config: Config, offer: Offer) -> str:
    """The sentence beside the button."""
    said = config.audience.subscribe.consent or words_of(config, offer)["consent"]
    return str(said).replace("{list}", offer.title).replace("{publication}", config.site.name)


def kept(config: Config, offer: Offer) -> str:
    """What is kept of what they agreed to: the sentence, and where the page beside it says what is recorded."""
    return f"{agreed(config, offer)} ({config.site.privacy_url or whole(config, reverse('privacy'))})"


def often(config: Config, name: str, now: datetime, say: Phrases) -> str:
    """How often a newsletter comes, in the words of a page; a date that is left out or moved is no other rhythm."""
    plan = compose.Plan.of(config, name)
    if plan.span_at(now).rule is None:
        return str(say["never"])
    days = _days(plan, now.astimezone(plan.zone))
    weekdays = {day.weekday() for day in days}
    if len(days) >= 27:
        return str(say["daily"])
    if len(weekdays) == 1 and len(days) == 4:
        return filled(say["weekday"], weekday=weekday(days.pop(), say.spoken_in))
    if len(days) == 20 and not weekdays & {5, 6}:
        return str(say["weekdays"])
    if len(days) >= 8:
        times = round(len(days) / 4)
        return filled(form_for(say["a_week"], times), n=times)
    return str(say[{0: "never", 1: "monthly", 2: "fortnightly"}.get(len(days), "weekly")])


def issue_that_led(request: HttpRequest) -> str:
    """The public issue that led to a form: named by `?from=`, by a mail's token there, or the page that it stood on."""
    given = request.GET.get("from", "")
    named = given if given.count("/") == 1 else _of_token(given) or came_from(request)
    newsletter, _, slug = named.partition("/")
    found = Issue.public().filter(newsletter=newsletter, slug=slug) if slug else Issue.objects.none()
    return named if found.exists() else ""


def _comes(config: Config, name: str, say: Phrases) -> Comes:
    letter = config.newsletters[name]
    last = titled(Issue.public().filter(newsletter=name)).first()
    return Comes(
        title=one_line(letter.title),
        tagline=one_line(letter.tagline),
        language=letter.language,
        often=often(config, name, timezone.now(), say),
        last=title_of(last) if last else "",
        last_path=links.issue(config, name, last.slug) if last else "",
    )


def _days(plan: compose.Plan, now: datetime) -> set[datetime]:
    """The days of the next four weeks on which an issue would be due."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(minutes=1)
    dates = plan.between(start, start + FOUR_WEEKS)
    return {
        one.original.astimezone(plan.zone).replace(hour=0, minute=0, second=0, microsecond=0) for one in dates
    }  # fmt: skip


def _of_token(token: str) -> str:
    """The issue whose mail was passed on, by the token in its links; empty for what is no token."""
    with suppress(tokens.BadToken):
        message = Message.objects.filter(pk=tokens.read(token, signing_keys())).select_related("issue").first()
        return f"{message.issue.newsletter}/{message.issue.slug}" if message else ""
    return ""
