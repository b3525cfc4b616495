"""When issues are due: the one place that says so, for the jobs, the desk, the feed and the command line alike.

What is planned comes of three things: the rule in force (config.yaml's, or what staff have put in its place from a
moment on), the dates that staff have left out or moved, and the holidays. See docs/calendar.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from newsletter.compose.recurrence import Rule, moment_in
from newsletter.config import Config, Newsletter
from newsletter.config.planning import Holidays
from newsletter.models import DateChange, Recurrence, Series

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
# A holiday moves an issue by no more than this: longer rows of holidays there are none.
_FURTHEST = timedelta(days=15)
# What comes once in a lifetime is not looked for.
_HORIZON = timedelta(days=366 * 30)


@dataclass(frozen=True)
class Planned:
    """A due date: what the rule says, what has become of it, and why."""

    newsletter: str
    original: datetime
    """As the rule has it, in UTC."""
    due: datetime | None
    """When an issue is due, in UTC; None where none is."""
    why: str = ""
    change: DateChange | None = None
    """What somebody decided of it."""
    holiday: str = ""
    """What the day of the original date is called, if it is one."""

    @property
    def at(self) -> datetime:
        """Where it stands in a calendar."""
        return self.due or self.original

    @property
    def moved(self) -> bool:
        """Whether it is due at another moment than the rule says."""
        return self.due is not None and self.due != self.original


@dataclass(frozen=True)
class Span:
    """A rule, or none, and the moments between which it holds: from the first one on, and until before the other."""

    rule: Rule | None
    since: datetime | None = None
    until: datetime | None = None
    row: Recurrence | None = None

    def dates(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Its dates after a moment and until another, that one included."""
        if self.rule is None:
            return
        begin = max(after, self.since - _MINUTE) if self.since else after
        for due in self.rule.after(begin):
            if due > until or (self.until and due >= self.until):
                return
            yield due


class Plan:
    """What is planned for one newsletter, by the rows as they are when it is made."""

    def __init__(
        self, config: Config, name: str, rows: Sequence[Recurrence] = (), changes: Sequence[DateChange] = (),
        seen: datetime | None = None,
    ) -> None:  # fmt: skip
        self.config, self.name, self.seen = config, name, seen
        self.letter = config.newsletters.get(name)
        self.zone = ZoneInfo(config.time_zone_of(name))
        self.spans = _spans(self.letter, rows)
        self.changes = {change.due_at: change for change in changes}

    @classmethod
    def of(cls, config: Config, name: str) -> Plan:
        """As things stand."""
        return cls.of_all(config, [name])[name]

    @classmethod
    def of_all(cls, config: Config, names: Sequence[str]) -> dict[str, Plan]:
        """Of several newsletters, with as many questions to the database as for one."""
        rows = list(Recurrence.objects.filter(newsletter__in=names))
        changes = list(DateChange.objects.filter(newsletter__in=names))
        seen = dict(Series.objects.filter(newsletter__in=names).values_list("newsletter", "since"))
        return {
            name: cls(config, name, [r for r in rows if r.newsletter == name],
                      [c for c in changes if c.newsletter == name], seen.get(name))
            for name in names
        }  # fmt: skip

    def without(self, due: datetime) -> Plan:
        """What would be planned if nothing had been decided of a date."""
        rows = [span.row for span in self.spans if span.row]
        changes = [one for at, one in self.changes.items() if at != due]
        return Plan(self.config, self.name, rows, changes, self.seen)

    def with_rule(self, row: Recurrence) -> Plan:
        """What would be planned if a recurrence were put in force that is not yet."""
        rows = [span.row for span in self.spans if span.row and span.row.since < row.since]
        return Plan(self.config, self.name, [*rows, row], list(self.changes.values()), self.seen)

    @property
    def begins(self) -> datetime | None:
        """Until then nothing comes due: when the newsletter was first seen, or the end of what its first issue took."""
        if self.seen and self.letter and self.letter.first_issue == "at_once":
            return self.seen + self.letter.cut_off
        return self.seen

    # ── questions ──

    def between(self, after: datetime, until: datetime) -> list[Planned]:
        """Every date after a moment and until another, that one included, in order; those left out stand among them."""
        margin = _FURTHEST if self._moves else timedelta(0)
        originals = {*self._originals(after - margin, until + margin)}
        # What was moved into this time from outside of it.
        originals |= {due for due in self._elsewhere(after, until) if self.is_regular(due)}
        found = (self._applied(original) for original in originals)
        return sorted((one for one in found if after < one.at <= until), key=lambda one: (one.at, one.original))

    def upcoming(self, after: datetime) -> Iterator[Planned]:
        """The dates after a moment on which an issue is due, soonest first."""
        for begin, end in _windows(max(after, self.begins or after)):
            if not self._holds_any(begin):
                return
            yield from (one for one in self.between(begin, end) if one.due)

    def latest(self, until: datetime) -> datetime | None:
        """The last due date at or before a moment, in UTC."""
        if not any(span.rule for span in self.spans):
            return None
        for width in _widths():
            due = [one.due for one in self.between(until - width, until) if one.due]
            if due:
                return due[-1]
        return None

    def at(self, original: datetime) -> Planned | None:
        """What has become of a date of the rule; None for a moment that is none."""
        return self._applied(original) if self.is_regular(original) else None

    def due_at(self, moment: datetime) -> Planned | None:
        """The date on which an issue is due at just this moment."""
        return next((one for one in self.between(moment - _MINUTE, moment) if one.due == moment), None)

    def is_regular(self, moment: datetime) -> bool:
        """Whether the rule in force says that an issue is due at this moment."""
        return moment in self._originals(moment - _MINUTE, moment)

    def span_at(self, moment: datetime) -> Span:
        """The rule in force at a moment, and since when."""
        return next(span for span in reversed(self.spans) if span.since is None or span.since <= moment)

    def holidays(self, first: date, last: date) -> dict[date, str]:
        """The holidays of these days, by name."""
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return {day: name for day in days if (name := self.holiday(day))}

    def holiday(self, day: date) -> str:
        """What a day is called that is a holiday; empty for any other."""
        settings = self._settings
        if settings is None:
            return ""
        own = settings.dates.get(day)
        return own or (
            _public(settings.country, settings.subdivision, day.year).get(day, "") if settings.country else ""
        )

    # ── answers ──

    @cached_property
    def _settings(self) -> Holidays | None:
        return self.letter.schedule.holidays if self.letter and self.letter.schedule else None

    @property
    def _moves(self) -> bool:
        return self._settings is not None and self._settings.then in ("move_before", "move_after")

    def _originals(self, after: datetime, until: datetime) -> list[datetime]:
        return [due for span in self.spans for due in span.dates(after, until)]

    def _elsewhere(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The dates that were moved into a time."""
        for change in self.changes.values():
            if change.moved_to and after < change.moved_to <= until:
                yield self._meant(change)

    def _meant(self, change: DateChange) -> datetime:
        """The date of the rule that a change is about: its own, or, where the time of day has changed, that day's."""
        if self.is_regular(change.due_at):
            return change.due_at
        same_day = self._of_day(change.due_at.astimezone(self.zone).date())
        return same_day[0] if len(same_day) == 1 else change.due_at

    def _of_day(self, day: date) -> list[datetime]:
        start, end = day_in(self.zone, day)
        return self._originals(start - _MINUTE, end - _MINUTE)

    def _change_of(self, original: datetime) -> DateChange | None:
        if change := self.changes.get(original):
            return change
        of_day = self._changes_by_day.get(original.astimezone(self.zone).date(), ())
        return next((change for change in of_day if self._meant(change) == original), None)

    @cached_property
    def _changes_by_day(self) -> dict[date, list[DateChange]]:
        found: dict[date, list[DateChange]] = {}
        for change in self.changes.values():
            found.setdefault(change.due_at.astimezone(self.zone).date(), []).append(change)
        return found

    def _applied(self, original: datetime) -> Planned:
        day = original.astimezone(self.zone).date()
        plain = Planned(self.name, original, original, holiday=self.holiday(day))
        if change := self._change_of(original):
            return self._changed(plain, change)
        settings = self._settings
        if not plain.holiday or settings is None or settings.then == "tell":
            return plain
        if settings.then == "skip":
            return replace(plain, due=None, why=plain.holiday)
        return self._around(plain, day, -1 if settings.then == "move_before" else 1)

    def _changed(self, plain: Planned, change: DateChange) -> Planned:
        kept = change.moved_to == change.due_at
        return replace(plain, due=plain.original if kept else change.moved_to, why=change.reason, change=change)

    def _around(self, plain: Planned, day: date, step: int) -> Planned:
        """Due on the nearest day that is no holiday; on a weekday, if it was; never beside another of the series."""
        other = day + step * _DAY
        while abs(other - day) < _FURTHEST and (self.holiday(other) or (day.weekday() < 5 <= other.weekday())):
            other += step * _DAY
        if self._of_day(other):
            return replace(plain, due=None, why=f"{plain.holiday}; there is an issue on {other:%-d %B} anyway")
        clock = plain.original.astimezone(self.zone).time()
        return replace(plain, due=moment_in(self.zone, datetime.combine(other, clock)), why=plain.holiday)

    def _holds_any(self, since: datetime) -> bool:
        """Whether any rule holds at or after a moment."""
        ahead = any(change.moved_to and change.moved_to > since for change in self.changes.values())
        return ahead or any(span.rule and (span.until is None or span.until > since) for span in self.spans)


# ── the questions that need no more ──────────────────────────────────────────────────────────────────────────────────


def upcoming(config: Config, name: str, after: datetime) -> Iterator[datetime]:
    """Due dates after a moment, in UTC, soonest first; none for a newsletter without a schedule."""
    return (one.at for one in Plan.of(config, name).upcoming(after))


def latest(config: Config, name: str, until: datetime) -> datetime | None:
    """The last due date at or before a moment, in UTC."""
    return Plan.of(config, name).latest(until)


def on_date(config: Config, name: str, text: str) -> datetime:
    """The due date that `2026-12-24` or `2026-12-24 18:00` means, in UTC; raises ValueError with a hint."""
    local, timed = read_date(text)
    plan = Plan.of(config, name)
    if timed:
        return at_minute(local, plan.zone)
    found = dates_of(plan, local.date())
    if due := next((one.due for one in found if one.due), None):
        return due
    hint = f"to make one all the same, give the time too: '{text} 18:00'"
    if found:
        raise ValueError(f"the issue of {text} is left out{f' ({found[0].why})' if found[0].why else ''}; {hint}")
    raise ValueError(f"no issue is due on {text}; {hint}")


def dates_of(plan: Plan, day: date) -> list[Planned]:
    """What is planned on a day of the newsletter's zone."""
    start, end = day_in(plan.zone, day)
    return plan.between(start - _MINUTE, end - _MINUTE)


def day_in(zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """The first moment of a day in a zone, and that of the next, in UTC."""
    first, next_one = datetime.combine(day, time()), datetime.combine(day + _DAY, time())
    return moment_in(zone, first), moment_in(zone, next_one)


def read_date(text: str) -> tuple[datetime, bool]:
    """A date as people type it, and whether it names a time; raises ValueError with a hint."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"'{text}' is not a date; write it as 2026-12-24 or '2026-12-24 18:00'") from None
    return moment, len(text.strip()) > len("2026-12-24")


def at_minute(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment that a date and time mean, as a schedule's dates: to the minute, in UTC."""
    local = local.replace(second=0, microsecond=0)
    return local.astimezone(UTC) if local.tzinfo else moment_in(zone, local)


def _spans(letter: Newsletter | None, rows: Sequence[Recurrence]) -> list[Span]:
    """The rules one after another, that of config.yaml first."""
    known = Rule.of(letter)
    begun = [(None, known, None), *((row.since, _rule(row, known), row) for row in rows)]
    pairs = pairwise([*begun, (None, None, None)])
    return [Span(rule, since, until, row) for (since, rule, row), (until, _, _) in pairs]


def _rule(row: Recurrence, known: Rule | None) -> Rule | None:
    if row.kind == Recurrence.Kind.CONFIG:
        return known
    return Rule.from_date(row.cron, row.time_zone, row.weeks, row.since) if row.kind == Recurrence.Kind.RULE else None


def _widths() -> Iterator[timedelta]:
    """Ever longer times to look through, so that a date that is near costs little."""
    width = _DAY
    while width < _HORIZON:
        yield width
        width *= 4
    yield _HORIZON


def _windows(after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Times that follow each other, ever longer ones."""
    edges = (after, *(after + width for width in _widths()))
    yield from pairwise(edges)


@lru_cache(maxsize=64)
def _public(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """The public holidays of a year."""
    from holidays import country_holidays

    return dict(country_holidays(country, subdiv=subdivision, years=year))
