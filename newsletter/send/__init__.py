"""Send: freeze the audience, fill the holes, hand each message to a transport, keep the ledger."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import repeat

from django.db import transaction
from django.utils import timezone

from newsletter import tokens
from newsletter.config import Config, Newsletter, Problem
from newsletter.config.problems import dotted
from newsletter.config.ways import place_of
from newsletter.models import AudienceUnknown, Edition, Issue, Message, TransitionRefused, Trial, audience_of
from newsletter.models.freezing import Split
from newsletter.models.hours import ahead
from newsletter.models.tail import hours_of
from newsletter.send import limits, machine, transports
from newsletter.send.alarms import alarm
from newsletter.send.lane import Lane
from newsletter.send.ledger import Clock
from newsletter.send.mailing import NOWHERE, Mailing, Reader
from newsletter.send.mime import build
from newsletter.send.notices import send_notices
from newsletter.send.recovery import recover
from newsletter.send.routes import Routes
from newsletter.send.transports import Heard, Outcome, open_transport
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import Subscriber, memberships

__all__ = [
    "Clock", "Lane", "Reader", "check", "finish", "let_go_on", "machine", "recipient", "recover", "resume", "sample",
    "send_issue", "send_notices", "send_test", "start",
]  # fmt: skip

log = logging.getLogger(__name__)

NOBODY = "no active subscriber"


def start(config: Config, issue: Issue, now: datetime) -> bool:
    """Freeze the audience and begin sending; say whether this call, and no other worker, did it."""
    newsletter = config.newsletters.get(issue.newsletter)
    if not newsletter:
        issue.note(f"config.yaml has no newsletter '{issue.newsletter}' any more; put it back, or cancel the issue")
        return False
    if issue.local_time and not _come(config, issue, newsletter, now):
        return False
    with transaction.atomic():
        if not issue.start(now):
            return False
        for name in config.transports_of(issue.newsletter):
            limits.resume(name)  # what stopped it for an issue of yesterday may have been mended
        if fault := _freeze(config, issue, newsletter, now):
            _nobody(config, issue, fault, now)
    return True


def _come(config: Config, issue: Issue, newsletter: Newsletter, now: datetime) -> bool:
    """Whether the hour has come where any of the readers lives; if not, it is asked again when it comes anywhere else.

    Before it has come in the newsletter's own zone, those alone are asked for who have a zone; and whoever would be
    asked for by a segment that cannot be followed waits until then.
    """
    hours = hours_of(config, issue)
    if issue.starts_at and now < issue.starts_at:
        return False  # only by this machine's clock is it time to look
    if now >= hours.send_at:
        return True
    try:
        people = audience_of(issue, newsletter).reachable(now).filter(time_zone__in=hours.come(now))
        if people.exists():
            return True
    except AudienceUnknown as error:
        log.warning("%s: %s; it is looked at again at its own hour", issue, error)
    issue.look_again(min(hours.after(now), hours.send_at))
    return False


def _nobody(config: Config, issue: Issue, fault: str, now: datetime) -> None:
    """A summary that nobody wants any more is given up; any other issue waits for people, or for its segments."""
    if issue.kind == Issue.Kind.SUMMARY and fault.startswith(NOBODY):
        reason = "nobody who can be written to asks for the monthly summary any more"
        issue.go(Issue.Status.CANCELLED, reason=reason, finished_at=now)
    else:
        alarm(config, issue, f"nobody to send to: {fault}, then resume", now)


def _freeze(config: Config, issue: Issue, newsletter: Newsletter, now: datetime) -> str:
    """Freeze the audience; say why there is nobody in it, and what to do, if that is so."""
    try:
        audience = audience_of(issue, newsletter)
    except AudienceUnknown as error:
        return f"{error}; mend the segment"
    hour = hours_of(config, issue).still_to_come(now) if issue.local_time else None
    Message.freeze(issue, audience, now, Routes.of(config, issue.newsletter).choice(), hour=hour, split=_split(issue))
    if Message.any_open(issue):
        return ""
    if audience.only or audience.without:
        return "nobody on its lists is meant by the segments it is for and without; see the report, change the segments"
    return f"{NOBODY} on {', '.join(audience.lists)}; add people"


def _split(issue: Issue) -> Split | None:
    """Who gets which variant of its A/B test, if it has one: the same people however often it is asked."""
    trial = Trial.of(issue) if issue.variants else None
    return Split("".join(sorted(issue.variants)), trial.share, f"trial of issue {issue.pk}") if trial else None


def resume(config: Config, issue: Issue, now: datetime) -> None:
    """Let a paused issue go on with its audience, frozen now if it was empty; raise TransitionRefused if it may not."""
    newsletter = config.newsletters.get(issue.newsletter)
    with transaction.atomic():
        issue.go(Issue.Status.SENDING, only=(Issue.Status.PAUSED,), reason="", retry_at=None)
        for name in config.transports_of(issue.newsletter) if newsletter else ():
            limits.resume(name)
        if newsletter and not issue.messages.exclude(state=Message.State.EXCLUDED).exists():
            issue.messages.all().delete()  # all of them were excluded, for reasons that may be others now
            late = ahead(timezone.now()) if issue.local_time else timedelta(0)
            if fault := _freeze(config, issue, newsletter, now - late):
                raise TransitionRefused(f"{issue} still has nobody to go to: {fault}")


def let_go_on(config: Config, issue: Issue, now: datetime) -> list[str]:
    """Let those transports of an issue go on that have stopped until a person says so; return their names.

    The issue itself may be on its way by others.
    """
    names = config.transports_of(issue.newsletter)
    stopped = [name for name, (until, _) in limits.resting(names, now).items() if until is None]
    woken = [name for name in stopped if limits.resume(name)]
    if woken:
        Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING).update(reason="", retry_at=None)
    return woken


def send_issue(lane: Lane, issue: Issue, sheets: int | None = None) -> bool:
    """Send what is due of an issue until nothing is left to do now, the lane is to stop, or so many sheets are done.

    Returns whether there may be more to do at once.
    """
    config, now = lane.config, lane.clock()
    if not issue.edition or issue.newsletter not in config.newsletters:
        issue.note("there is nothing approved to send, or config.yaml has lost the newsletter; cancel the issue")
        return False
    if issue.holds and Message.only_held(issue, now):
        return False  # looked at again every few seconds, maybe for a day: nothing is made ready for that
    mailings = lane.mailings(issue, issue.edition)
    if fault := next(filter(None, (_fault(mailing, now) for mailing in mailings)), ""):
        alarm(config, issue, f"no message can be made of this issue: {fault}", now)
        return False
    more, turns = True, deque(mailings)
    for _ in repeat(None) if sheets is None else range(sheets):
        if not (more := _step(lane, issue, turns)):
            break
    if finish(issue, lane.clock()):
        return False
    # Asked once there is nothing else to do: nobody would send these, and the issue would never end.
    return more or Routes.of(config, issue.newsletter).adopt(issue) > 0


def _step(lane: Lane, issue: Issue, turns: deque[Mailing]) -> bool:
    """Send a sheet of one of an issue's editions, in turn, so that all go at the same time; say whether to go on.

    One of which nothing can go now is left out from then on.
    """
    while turns and not lane.stop.is_set():
        if lane.step(issue, turns[0]):
            turns.rotate(-1)
            return True
        turns.popleft()
    return False


def finish(issue: Issue, now: datetime) -> bool:
    """Call an issue sent once nothing of it is open; say whether this call did it."""
    if Message.any_open(issue):
        return False
    with transaction.atomic():
        # Looked at once more with the issue locked, against a late answer that reopens it (`Sender._reopen`).
        Issue.objects.select_for_update().get(pk=issue.pk)
        if Message.any_open(issue):
            return False
        try:
            issue.go(Issue.Status.SENT, finished_at=now, reason="", retry_at=None)
        except TransitionRefused:
            return False
    return True


def _fault(mailing: Mailing, now: datetime) -> str:
    """What would be wrong with every message, found before the first: it must not be counted against readers."""
    try:
        build(mailing, Reader("preview", "reader@example.org", "", "preview"), now)
    except ValueError as error:  # an address, a header or a character that mail cannot carry
        return str(error)
    return ""


def recipient(email: str, token: str, letter: Newsletter | None = None, ref: str = "preview") -> Reader:
    """The subscriber of this address with what is known of them; somebody unknown if there is none.

    The topics that they have left out are those of the newsletter.
    """
    try:
        key = normalize(email)[1]
    except InvalidAddress:
        key = ""
    person = Subscriber.objects.filter(key=key).first()
    if person is None:
        return Reader(ref, email, "", token)
    lists = [one.name for one in letter.lists] if letter else []
    place = memberships([person.pk], of=lists, tagged=True).get(person.pk, NOWHERE)
    return Reader(
        ref, email, person.name, token, person.fields, place.lists, tags=place.tags, without=place.without
    )  # fmt: skip


def sample(config: Config, key: str, issue: Issue, edition: Edition, email: str, now: datetime) -> bytes:
    """The message that a reader of this address would get, as bytes; following its links records nothing."""
    token = tokens.sign(issue.pk, key, tokens.TEST)
    mailing = Mailing.of(issue, edition, config)
    return build(mailing, recipient(email, token, mailing.newsletter), now)


def check(config: Config) -> list[Problem]:
    """What stands in the way of sending, for each transport that a newsletter uses."""
    found = ((name, transports.check(name, config)) for name in config.used_transports)
    problems = [Problem(dotted(place_of(name)), reason, "transport") for name, reason in found if reason]
    if fault := machine.fault(config):
        hint = "nothing is sent without the journals in it; make room, or let this user write there"
        problems.append(Problem("site.var", fault, hint=hint))
    return problems


def send_test(
    config: Config, key: str, issue: Issue, edition: Edition, emails: Iterable[str], now: datetime
) -> list[Outcome]:
    """Send copies marked as a test, outside the ledger, with links that record nothing."""
    mailing = Mailing.of(issue, edition, config, subject_prefix="[Test] ")
    token = tokens.sign(issue.pk, key, tokens.TEST)
    readers = [
        recipient(email, token, mailing.newsletter, f"test-{now:%H%M%S}-{number}")
        for number, email in enumerate(emails, start=1)
    ]
    way = open_transport(config.transport_of(issue.newsletter), config)
    limits.count(config, way.name, len(readers), now)
    heard = Heard()
    try:
        way.submit(mailing, readers, heard)
    finally:
        way.close()
    found = {outcome.ref: outcome for outcome in heard.outcomes}
    return [found[reader.ref] for reader in readers]
