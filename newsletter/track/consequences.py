"""What follows from what came back: who is not written to any more, who has left, who is alive, what staff hear.

A bounce for good and a complaint suppress the address; bounces for now do so in a series (`soft.py`). A refusal for
what we are suppresses nobody. Only what is new has consequences, so each has them once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from newsletter.config import Config
from newsletter.models import Alarm, Event, Issue
from newsletter.models.taking import Happening, Kept
from newsletter.track import alarms
from newsletter.track.alive import signs_of_life
from newsletter.track.soft import series
from subscribers import joining
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import List, Occasion, Origin, Subscriber, Suppression
from subscribers.suppressing import suppress_each

Kind = Event.Kind

_HELD = {Kind.BOUNCED: Suppression.Kind.BOUNCED, Kind.COMPLAINED: Suppression.Kind.COMPLAINED}
_ABOUT_PEOPLE = frozenset((*_HELD, Kind.SOFT_BOUNCED, Kind.UNSUBSCRIBE))
"""The kinds that change something about a person."""
_WORDS = {
    Kind.BOUNCED: "a mail came back for good",
    Kind.SOFT_BOUNCED: "mails came back, one after another",
    Kind.COMPLAINED: "they called a mail spam",
    Kind.UNSUBSCRIBE: "they unsubscribed with the mail provider",
}


def wait_for_people(told: Iterable[Happening]) -> None:
    """Lock the people about whom something may change, before their messages are: whoever erases one does it so too."""
    messages = {one.message for one in told if one.kind in _ABOUT_PEOPLE}
    if messages:
        rows = Subscriber.objects.filter(messages__pk__among=list(messages))
        list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def follow(new: Sequence[Kept], config: Config, now: datetime) -> None:
    """Do what follows from what is new. To be called in the transaction that records it."""
    by_kind: dict[str, list[Kept]] = defaultdict(list)
    for one in new:
        by_kind[one.happening.kind].append(one)
    signs_of_life([one for kind in (Kind.OPEN, Kind.CLICK) for one in by_kind[kind]], now)
    issues = Issue.objects.in_bulk({one.issue for kind in _ABOUT_PEOPLE for one in by_kind[kind]})
    for kind, why in _HELD.items():
        _hold(_whose(by_kind[kind]), issues, why)
    soft = _whose(by_kind[Kind.SOFT_BOUNCED])
    over = series({person.pk for _, person in soft}, config.track.bounces.soft, now)
    _hold([one for one in soft if one[1].pk in over], issues, Suppression.Kind.BOUNCED)
    for one, person in _whose(by_kind[Kind.UNSUBSCRIBE]):
        joining.leave(person, _lists(config, issues[one.issue]), _occasion(one, issues[one.issue]))
    _alarm(by_kind, config, now)


def _alarm(by_kind: Mapping[str, Sequence[Kept]], config: Config, now: datetime) -> None:
    """What staff hear of at once."""
    told: list[tuple[int, Alarm.Cause, str]] = []
    for number, some in _by_issue(by_kind[Kind.BLOCKED]).items():
        told.append((number, Alarm.Cause.BLOCKED, alarms.blocked(len(some), some[0].happening.detail)))
    went = {one.happening.message for kind in (Kind.ACCEPTED, Kind.DELIVERED) for one in by_kind[kind]}
    for number, often in (alarms.sent_twice(went) if went else {}).items():
        words = f"{often:,} message{'' if often == 1 else 's'} went out twice to the same address, the provider says"
        told.append((number, Alarm.Cause.TWICE, words))
    issues = Issue.objects.in_bulk({number for number, *_ in told}) if told else {}
    for number, cause, words in told:
        alarms.sound(config, issues[number], cause, words, now)


def _whose(kept: Iterable[Kept]) -> list[tuple[Kept, Subscriber]]:
    """Each with the person; without those who have another address by now than the one that it is said of."""
    found = list(kept)
    people = Subscriber.objects.in_bulk({one.person for one in found}) if found else {}
    pairs = ((one, people.get(one.person)) for one in found)
    return [(one, person) for one, person in pairs if person and _is_theirs(one.happening.address, person)]


def _is_theirs(address: str, person: Subscriber) -> bool:
    try:
        return not address or normalize(address)[1] == person.key
    except InvalidAddress:
        return True  # not what we have written to, so no word on whose it is


def _hold(whose: Sequence[tuple[Kept, Subscriber]], issues: Mapping[int, Issue], kind: Suppression.Kind) -> None:
    if whose:
        suppress_each([(person, _occasion(one, issues[one.issue])) for one, person in whose], kind)


def _occasion(one: Kept, issue: Issue) -> Occasion:
    happening = one.happening
    how = f"{_WORDS[happening.kind]}: {happening.detail}" if happening.detail else _WORDS[happening.kind]
    return Occasion(happening.at, Origin.PROVIDER, how, issue=str(issue))


def _lists(config: Config, issue: Issue) -> list[str]:
    """The lists that brought the message; every one if its newsletter is no longer in config.yaml."""
    settings = config.newsletters.get(issue.newsletter)
    if settings is None:
        return list(List.objects.values_list("name", flat=True))
    return [reference.name for reference in settings.lists]


def _by_issue(kept: Iterable[Kept]) -> dict[int, list[Kept]]:
    found: dict[int, list[Kept]] = defaultdict(list)
    for one in kept:
        found[one.issue].append(one)
    return found
