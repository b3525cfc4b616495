"""What a reader may choose: lists, how much of each, which topics, and what to be called. Read, checked and kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from django.conf.locale import LANG_INFO
from django.http import QueryDict

from newsletter import lists
from newsletter.config import Config
from newsletter.lists import Offer
from subscribers import choosing, joining
from subscribers.models import Field, Occasion, Subscriber, Subscription

Frequency = Subscription.Frequency
WEEKS = (1, 2, 4, 8, 12)


class UnknownZone(ValueError):
    """There is no such time zone; `meant` is what is spelt much like it, if anything is."""

    def __init__(self, typed: str, meant: str) -> None:
        super().__init__(f"there is no time zone “{typed}”" + (f"; did you mean {meant}?" if meant else ""))
        self.typed, self.meant = typed, meant


@dataclass(frozen=True)
class Topic:
    """A section that may be left out."""

    name: str
    title: str
    wanted: bool


@dataclass(frozen=True)
class Choice:
    """A list as the page offers it."""

    name: str
    title: str
    description: str
    language: str
    newsletters: tuple[str, ...]
    active: bool
    monthly: bool
    summary: bool = True
    topics: list[Topic] = field(default_factory=list)
    since: datetime | None = None


def choices(config: Config, person: Subscriber, whole: bool, given: QueryDict | None = None) -> list[Choice]:
    """The lists that the person is on, or has left; all public ones too for somebody who is signed in.

    A list that waits to be confirmed is none of them for the holder of a link: only the mail's own button ends that.
    With `given`, as it was typed.
    """
    held = {one.list.name: one for one in person.subscriptions.select_related("list")}
    mine = {name for name, one in held.items() if one.status == Subscription.Status.ACTIVE} | joining.left(person)
    shown = [offer for offer in lists.offers(config) if offer.name in mine or (whole and offer.public)]
    return [_choice(config, offer, held.get(offer.name), whole, given) for offer in shown]


def keep(person: Subscriber, offered: Iterable[Choice], given: QueryDict, occasion: Occasion) -> None:
    """Do with the lists as was chosen."""
    names = {choice.name for choice in offered}
    joining.choose(person, names & set(given.getlist("list")), names, occasion)
    for choice in offered:
        frequency = given.get(f"frequency-{choice.name}", "")
        if frequency in Frequency.values and choice.summary:
            choosing.set_frequency(person, choice.name, frequency, occasion)
        topics = {topic.name for topic in choice.topics}
        if choice.name in given.getlist("topics"):
            unwanted = topics - set(given.getlist(f"topic-{choice.name}"))
            choosing.leave_out(person, choice.name, unwanted, topics, occasion)


def languages(config: Config, person: Subscriber) -> list[tuple[str, str]]:
    """The languages in use, each with its own name; none where there is nothing to choose."""
    codes = dict.fromkeys((*lists.languages(config), *filter(None, [person.language])))
    found = [(code, _name_of(code)) for code in codes]
    return found if len(found) > 1 else []


@cache
def zones() -> list[str]:
    """The time zones that people live in; looked for once, because each is a file."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))


def zone_of(typed: str) -> str:
    """The time zone that somebody typed; the empty string for nothing. Raises UnknownZone, with a hint."""
    wanted = typed.strip().replace(" ", "_").lower()
    known = {name.lower(): name for name in (*zones(), "UTC")}
    cities = {name.rpartition("/")[2].lower(): name for name in zones()}
    if not wanted:
        return ""
    if found := known.get(wanted) or cities.get(wanted):
        return found
    like = get_close_matches(wanted, [*known, *cities], n=1)
    raise UnknownZone(typed[:60], (known | cities)[like[0]] if like else "")


def followed(config: Config) -> bool:
    """Whether what single readers open and follow is kept at all."""
    measured = config.track.opens or config.track.clicks
    return measured and any(letter.track == "individual" for letter in config.newsletters.values())


def facts(person: Subscriber) -> list[tuple[str, object]]:
    """The custom fields that are kept of a person, each under its title."""
    titles = dict(Field.objects.exclude(title="").values_list("name", "title"))
    return [(titles.get(name, name.replace("_", " ")), value) for name, value in sorted(person.fields.items())]


def _choice(config: Config, offer: Offer, held: Subscription | None, whole: bool, given: QueryDict | None) -> Choice:
    active = held is not None and held.status == Subscription.Status.ACTIVE
    monthly = held is not None and held.frequency == Frequency.MONTHLY
    if given is not None:
        active = offer.name in given.getlist("list")
        monthly = given.get(f"frequency-{offer.name}") == Frequency.MONTHLY
    return Choice(
        name=offer.name, title=offer.title, description=offer.description, language=offer.language,
        newsletters=tuple(config.newsletters[name].title for name in offer.newsletters),
        active=active, monthly=monthly, summary=offer.summary or monthly,
        topics=_topics(config, offer, held, given) if whole else [],
        since=held.joined_at if held and active else None,
    )  # fmt: skip


def _topics(config: Config, offer: Offer, held: Subscription | None, given: QueryDict | None) -> list[Topic]:
    """The sections of the list's newsletters, those of one name once."""
    titles = {name: title for one in offer.newsletters for name, title in config.newsletters[one].topic_titles.items()}
    unwanted = set(held.without) if held else set()
    if given is not None and offer.name in given.getlist("topics"):
        unwanted = set(titles) - set(given.getlist(f"topic-{offer.name}"))
    return [Topic(name, title, name not in unwanted) for name, title in titles.items()]


def _name_of(code: str) -> str:
    known = LANG_INFO.get(code.lower()) or LANG_INFO.get(code.lower().partition("-")[0])
    return str(known.get("name_local", code)) if known else code
