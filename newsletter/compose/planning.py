"""What staff do to the plan: leave a date out, move it, take that back, and put another recurrence in force.

Each is done alone with the newsletter's series, as drawing up is: a date that is being drawn up is left out before or
after, never amid. `seen` is what whoever asks was shown (`mark`); if it is not so any more, nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from newsletter.compose.calendar import Plan, Planned, at_minute, day_in, read_date
from newsletter.compose.naming import slug_for
from newsletter.config import Config
from newsletter.models import DateChange, Issue, Recurrence, Series, TransitionRefused
from newsletter.models.planning import issues_due, leave_out, move_issue

_MINUTE = timedelta(minutes=1)


class Changed(TransitionRefused):
    """Somebody else, or the clock, was faster."""


@dataclass(frozen=True)
class Place:
    """What stands at a date: what is planned, the issue if there is one, or both. `key` is the moment that names it."""

    newsletter: str
    key: datetime
    planned: Planned | None
    issue: Issue | None

    @property
    def at(self) -> datetime:
        """When it is due, or would be."""
        if self.issue:
            return self.issue.due_at
        return self.planned.at if self.planned else self.key

    def original_ahead(self, now: datetime) -> bool:
        """Whether the date as the rule has it is still to come."""
        return self.planned is not None and self.planned.original > now

    @property
    def mark(self) -> str:
        """What it looks like, in short: two that differ are not the same any more."""
        issue, planned = self.issue, self.planned
        parts = (
            issue and (issue.pk, issue.status, issue.due_at, issue.send_at),
            planned and (planned.due, planned.why),
        )
        return sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def was(self) -> str:
        """What was decided of the date, for `put_back`: nothing, that it is left out, or where it was moved to."""
        change = self.planned.change if self.planned else None
        if change is None:
            return ""
        return change.moved_to.astimezone(UTC).isoformat() if change.moved_to else f"-{change.reason}"


@dataclass(frozen=True)
class Done:
    """What a change came to: the place as it is now, and whether an approval is void because of it."""

    place: Place
    voided: bool = False


def place_of(config: Config, name: str, key: datetime) -> Place:
    """What stands at a date, named by its moment in the rule or, for an issue out of turn, by its due date."""
    planned = Plan.of(config, name).at(key)
    at = planned.due if planned else key
    issue = Issue.regular(name).filter(due_at=at).first() if at else None
    # One that was drawn up before its date was left out is still there.
    return Place(name, key, planned, issue or (Issue.regular(name).filter(due_at=key).first() if not at else None))


def places(plan: Plan, issues: list[Issue], after: datetime, until: datetime) -> list[Place]:
    """Everything between two moments; `issues` are the newsletter's of that time."""
    found: list[Place] = []
    left = {issue.due_at: issue for issue in issues if issue.kind == Issue.Kind.REGULAR}
    for planned in plan.between(after, until):
        found.append(Place(plan.name, planned.original, planned, left.pop(planned.at, None)))
    found += [Place(plan.name, issue.due_at, None, issue) for issue in left.values()]
    found += [Place(plan.name, issue.due_at, None, issue) for issue in issues if issue.kind != Issue.Kind.REGULAR]
    return sorted(found, key=lambda place: place.at)


def to_be_told(plan: Plan, place: Place, now: datetime) -> bool:
    """Whether a calendar has it: an issue, what is to come, and what somebody has left out."""
    planned = place.planned
    if place.issue or (planned and planned.change and not planned.due):
        return True
    return place.at > max(now, plan.begins or now)


def place_named(config: Config, name: str, text: str) -> Place:
    """What `2026-12-24` or `2026-12-24 18:00` means; raises ValueError with a hint if that is nothing, or several."""
    local, timed = read_date(text)
    plan = Plan.of(config, name)
    day = local.astimezone(plan.zone).date() if local.tzinfo else local.date()
    start, end = day_in(plan.zone, day)
    found = places(plan, list(issues_due([name], start - _MINUTE, end - _MINUTE)), start - _MINUTE, end - _MINUTE)
    if timed:
        found = [one for one in found if at_minute(local, plan.zone) in (one.at, one.key)]
    if len(found) > 1:
        times = " and ".join(f"{one.at.astimezone(plan.zone):%H:%M}" for one in found)
        raise ValueError(f"{name} has several dates on {day}, at {times}: give the time too")
    if not found:
        raise ValueError(f"nothing of {name} is due on {text} (`newsletter calendar {name}` shows what is)")
    return found[0]


def leave_date_out(config: Config, name: str, key: datetime, reason: str, now: datetime, seen: str = "") -> Done:
    """Let no issue be due on a date; one that is there already and not begun is given up. Its posts go to the next."""
    with alone(config, name, key, now, seen) as place:
        if place.at <= now and not place.issue:
            raise TransitionRefused("this date has passed")
        if place.issue:
            # Its row stays, and stands for the date: no other is drawn up in its place.
            leave_out(place.issue, f"left out: {reason}" if reason else "left out in the calendar", now)
        elif place.planned is None or place.planned.due is None:
            raise TransitionRefused("no issue is due then, so there is nothing to leave out")
        else:
            _write(config, name, key, None, reason)
    return Done(place_of(config, name, key))


def move_date(
    config: Config, name: str, key: datetime, to: datetime, reason: str, now: datetime, seen: str = ""
) -> Done:
    """Let what is due on a date be due at another moment, with its issue if that is there and not begun."""
    to, voided = to.replace(second=0, microsecond=0), False
    with alone(config, name, key, now, seen) as place:
        _insist(config, place, to, now)
        if place.issue:
            slug, another_day = _slug(config, place.issue, to)
            voided = move_issue(place.issue, to, slug, another_day=another_day)
        if place.planned:
            _write(config, name, key, to, reason)
    return Done(place_of(config, name, key if place.planned else to), voided)


def put_back(config: Config, name: str, key: datetime, was: str, now: datetime, seen: str = "") -> Done:
    """Let a date be again what was decided of it before: nothing, left out, or moved; see `Place.was`."""
    place = place_of(config, name, key)
    if place.planned is None:
        raise TransitionRefused("the recurrence has no such date any more")
    if was.startswith("-"):
        return leave_date_out(config, name, key, was[1:], now, seen)
    to = datetime.fromisoformat(was) if was else None
    if place.issue or to:
        return move_date(config, name, key, to or _as_ruled(config, name, key) or key, "", now, seen)
    with alone(config, name, key, now, seen):
        if (_as_ruled(config, name, key) or key) <= now:
            raise TransitionRefused("the date as the recurrence has it has passed")
        DateChange.take_back(name, _row_key(config, name, key))
    return Done(place_of(config, name, key))


def begin_recurrence(config: Config, name: str, since: datetime, now: datetime, seen: str, **fields: Any) -> Recurrence:
    """Put a recurrence in force from a moment on, which is never one that has passed."""
    with _series(name, now):
        if seen != recurrence_mark(name):
            raise Changed("somebody else has changed the recurrence since you looked at it")
        span = Plan.of(config, name).span_at(max(since, now))
        before = span.row.says if span.row else "config.yaml"
        return Recurrence.begin(name, max(since, now), before, **fields)


def recurrence_mark(name: str) -> str:
    """What stands in the rows, in short: two that differ are not the same any more."""
    rows = Recurrence.objects.filter(newsletter=name).order_by("pk").values_list("pk", "since")
    return sha256(repr(list(rows)).encode()).hexdigest()[:16]


def _as_ruled(config: Config, name: str, key: datetime) -> datetime | None:
    """When a date is due if nobody decides anything of it: as the rule says, or as a holiday has it, if at all."""
    planned = Plan.of(config, name).without(_row_key(config, name, key)).at(key)
    return planned.due if planned else key


def _row_key(config: Config, name: str, key: datetime) -> datetime:
    """Under which moment it is written down what was decided of a date."""
    planned = Plan.of(config, name).at(key)
    return planned.change.due_at if planned and planned.change else key


def _write(config: Config, name: str, key: datetime, to: datetime | None, reason: str) -> None:
    """Write down what becomes of a date; nothing, if that is what becomes of it anyway."""
    row, as_ruled = _row_key(config, name, key), _as_ruled(config, name, key)
    if row != key or to == as_ruled:
        DateChange.take_back(name, row)
    if to != as_ruled:
        DateChange.put(name, key, to, reason)


def _insist(config: Config, place: Place, to: datetime, now: datetime) -> None:
    """Raise TransitionRefused if it cannot be moved there."""
    issue = place.issue
    if not issue and place.planned is None:
        raise TransitionRefused("nothing is due then")
    if not issue and place.at <= now and place.planned and place.planned.due:
        raise TransitionRefused("this date has passed")
    if to <= now or (issue and issue.send_at and issue.send_at + (to - issue.due_at) <= now):
        raise TransitionRefused("that moment has passed")
    other = Plan.of(config, place.newsletter).due_at(to)
    if other and other.original != place.key:
        raise TransitionRefused("another issue of this newsletter is due at that very moment")
    if Issue.regular(place.newsletter).filter(due_at=to).exclude(pk=issue.pk if issue else 0).exists():
        raise TransitionRefused("there is another issue of this newsletter for that very moment")


def _slug(config: Config, issue: Issue, to: datetime) -> tuple[str, bool]:
    """What an issue that is moved is called, and whether that is another day."""
    zone = Plan.of(config, issue.newsletter).zone
    another_day = issue.due_at.astimezone(zone).date() != to.astimezone(zone).date()
    return slug_for(config, issue.newsletter, to, issue) if another_day else issue.slug, another_day


@contextmanager
def _series(name: str, now: datetime) -> Iterator[None]:
    """A transaction in which nobody else draws up or plans anything of this newsletter."""
    with transaction.atomic():
        Series.objects.get_or_create(newsletter=name, defaults={"since": now})
        Series.objects.select_for_update().get(newsletter=name)
        yield


@contextmanager
def alone(config: Config, name: str, key: datetime, now: datetime, seen: str) -> Iterator[Place]:
    """What stands at a date, which nobody else changes meanwhile; raises Changed if it is not as it was seen."""
    with _series(name, now):
        place = place_of(config, name, key)
        if seen and seen != place.mark:
            raise Changed("this date has been changed since you looked at it")
        yield place
