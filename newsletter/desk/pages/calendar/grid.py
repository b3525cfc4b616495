"""What the calendar shows: a month or a week of days, and on each what is due, planned or sent then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from newsletter import compose
from newsletter.compose.planning import Place, places, to_be_told
from newsletter.config import Config
from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.saying import counted, percent
from newsletter.models import Event, Issue
from newsletter.models.planning import issues_due
from newsletter.track.report.letters import figures_of

DAY = timedelta(days=1)
COLOURS = 8
KEY = "%Y%m%dT%H%MZ"
"""How a date is named in an address, in UTC."""
OVER = (Issue.Status.SENT, Issue.Status.SENDING, Issue.Status.PAUSED)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class View:
    """A month, or a week, that is looked at."""

    kind: str
    anchor: date

    @classmethod
    def of(cls, asked: Mapping[str, str], today: date) -> View:
        """What an address asks for: `month=2026-12` or `week=2026-W50`; this month for anything else."""
        for kind, form in (("week", "%G-W%V-%u"), ("month", "%Y-%m-%d")):
            try:
                anchor = datetime.strptime(f"{asked.get(kind, '')}-1", form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
            if EARLIEST < anchor < LATEST:
                return cls(kind, anchor)
        return cls("month", today.replace(day=1))

    @property
    def first(self) -> date:
        """The first day that is shown, a Monday."""
        return self.anchor - self.anchor.weekday() * DAY

    @property
    def last(self) -> date:
        """The last day that is shown, a Sunday."""
        if self.kind == "week":
            return self.first + 6 * DAY
        end = _next_month(self.anchor) - DAY
        return end + (6 - end.weekday()) * DAY

    @property
    def title(self) -> str:
        """What it is called."""
        if self.kind == "month":
            return f"{self.anchor:%B %Y}"
        same = self.first.month == self.last.month
        return f"{self.first.day if same else f'{self.first:%-d %B}'} to {self.last:%-d %B %Y}"

    @property
    def asks(self) -> dict[str, str]:
        """The same as parts of an address."""
        return {self.kind: f"{self.anchor:%Y-%m}" if self.kind == "month" else f"{self.anchor:%G-W%V}"}

    def beside(self, step: int) -> View:
        """The one before or after."""
        if self.kind == "week":
            return View("week", self.anchor + 7 * step * DAY)
        return View("month", _next_month(self.anchor) if step > 0 else (self.anchor - DAY).replace(day=1))

    def as_week(self, today: date) -> View:
        """The week of it that one would want to see."""
        day = today if self.anchor <= today <= self.last else self.anchor
        return View("week", day - day.weekday() * DAY)

    def as_month(self) -> View:
        """The month that most of it is in."""
        return View("month", (self.anchor + 3 * DAY).replace(day=1)) if self.kind == "week" else self


@dataclass(frozen=True)
class Letter:
    """A newsletter as the calendar knows it; `colour` is the number of its colour, which never stands alone."""

    name: str
    title: str
    colour: int
    zone: ZoneInfo
    may_plan: bool


@dataclass(frozen=True)
class Entry:
    """What stands on a day."""

    place: Place
    letter: Letter
    figure: str = ""

    @property
    def local(self) -> datetime:
        """When, in the newsletter's zone."""
        return self.place.at.astimezone(self.letter.zone)

    @property
    def clock(self) -> str:
        """The time of day, with its zone."""
        return f"{self.local:%H:%M %Z}"

    @property
    def when(self) -> str:
        """Day and time in full."""
        return f"{self.local:%A %-d %B %Y, %H:%M %Z}"

    @property
    def state(self) -> str:
        """Its status as one word for styles."""
        if self.place.issue:
            return self.place.issue.status.replace("_", "-")
        return "planned" if self.place.planned and self.place.planned.due else "left-out"

    @property
    def status(self) -> str:
        """Its status in words."""
        issue = self.place.issue
        return issue.get_status_display().lower() if issue else self.state.replace("-", " ")

    @property
    def label(self) -> str:
        """The colour of its status."""
        return STATUSES[Issue.Status(self.place.issue.status)] if self.place.issue else "default"

    @property
    def title(self) -> str:
        """What it is called: the newsletter, or the newsletter's monthly summary."""
        summary = self.place.issue and self.place.issue.kind == Issue.Kind.SUMMARY
        return f"{self.letter.title}, monthly summary" if summary else self.letter.title

    @property
    def notes(self) -> list[str]:
        """What else is to be said of it, in short."""
        planned, issue, found = self.place.planned, self.place.issue, []
        if self.moved_from:
            found.append(f"moved from {self.moved_from}")
        if planned and planned.why:
            found.append(planned.why)
        if issue and issue.send_at and issue.status == "scheduled" and issue.send_at != issue.due_at:
            found.append(f"sent at {issue.send_at.astimezone(self.letter.zone):%-d %b, %H:%M %Z}")
        return found

    @property
    def moved_from(self) -> str:
        """When it would be due by the series, if it is due at another moment."""
        planned = self.place.planned
        if planned is None or not planned.moved:
            return ""
        return f"{planned.original.astimezone(self.letter.zone):%a %-d %b, %H:%M}"

    @property
    def address(self) -> str:
        """Where more of it stands: its report once it is on its way, else the page of its date."""
        issue = self.place.issue
        if issue and issue.status in OVER:
            return reverse("desk-report", args=(issue.pk,))
        if issue and issue.kind == Issue.Kind.SUMMARY:
            return reverse("desk-edit", args=(issue.pk,))
        return self.page

    @property
    def page(self) -> str:
        """The page of its date."""
        return date_page(self.letter.name, self.place.key)

    @property
    def movable(self) -> bool:
        """Whether whoever looks may move it."""
        return self.letter.may_plan and can_move(self.place)


@dataclass
class Day:
    """A day of the grid, and what is on it."""

    date: date
    apart: bool
    today: bool
    past: bool
    holidays: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def can_move(place: Place) -> bool:
    """Whether its date can be changed."""
    if place.issue:
        return place.issue.kind == Issue.Kind.REGULAR and place.issue.status in Issue.EDITABLE
    return place.planned is not None


def date_page(newsletter: str, key: datetime) -> str:
    """The address of a date's page."""
    return reverse("desk-calendar-date", args=(newsletter, f"{key.astimezone(UTC):{KEY}}"))


def address(view: View, chosen: Sequence[str] = ()) -> str:
    """The calendar's address, for a month or week and some of the newsletters."""
    asks = [*view.asks.items(), *(("letter", name) for name in chosen)]
    return f"{reverse('desk-calendar')}?{urlencode(asks)}"


def weeks(config: Config, letters: Sequence[Letter], view: View, now: datetime) -> list[list[Day]]:
    """The days of a month or week, by weeks, with what is on them."""
    today = now.astimezone(ZoneInfo(config.site.time_zone)).date()
    entries, holidays = _entries(config, letters, view, now), _holidays(config, letters, view)
    days = [
        Day(day, view.kind == "month" and day.month != view.anchor.month, day == today, day < today,
            holidays.get(day, []), entries.get(day, []))
        for day in (view.first + n * DAY for n in range((view.last - view.first).days + 1))
    ]  # fmt: skip
    return [days[n : n + 7] for n in range(0, len(days), 7)]


def found(config: Config, letters: Sequence[Letter], after: datetime, until: datetime, now: datetime) -> list[Entry]:
    """Everything between two moments: issues, what is planned from now on, and what somebody has decided of a date."""
    names = [letter.name for letter in letters]
    issues, plans = list(issues_due(names, after, until)), compose.Plan.of_all(config, names)
    figures = _figures([issue for issue in issues if issue.status in OVER])
    return [
        Entry(place, letter, figures.get(place.issue.pk, "") if place.issue else "")
        for letter in letters
        for place in places(
            plans[letter.name], [issue for issue in issues if issue.newsletter == letter.name], after, until
        )
        if to_be_told(plans[letter.name], place, now)
    ]


def _entries(config: Config, letters: Sequence[Letter], view: View, now: datetime) -> dict[date, list[Entry]]:
    # Days begin and end elsewhere at other moments.
    after = datetime.combine(view.first - DAY, time(), UTC)
    by_day: dict[date, list[Entry]] = defaultdict(list)
    for entry in found(config, letters, after, datetime.combine(view.last + 2 * DAY, time(), UTC), now):
        by_day[entry.local.date()].append(entry)
    return {day: sorted(some, key=lambda one: one.place.at) for day, some in by_day.items()}


def _holidays(config: Config, letters: Sequence[Letter], view: View) -> dict[date, list[str]]:
    """The holidays of any newsletter that is shown, each name once."""
    names: dict[date, dict[str, None]] = defaultdict(dict)
    for letter in letters:
        for day, name in compose.Plan(config, letter.name).holidays(view.first, view.last).items():
            names[day][name] = None
    return {day: list(some) for day, some in names.items()}


def _figures(issues: Sequence[Issue]) -> dict[int, str]:
    """Of each issue that has begun: how many got it, and the share that clicked."""
    told = {}
    for one in figures_of(issues):
        clicked = one.share(Event.Kind.CLICK, "readers")
        readers = counted(one.sent, "reader") if one.sent is not None else ""
        share = f"{percent(clicked)} clicked".replace(" ", "\u00a0") if clicked is not None else ""
        told[one.issue.pk] = ", ".join(filter(None, (readers, share)))
    return told


def _next_month(first: date) -> date:
    return (first + 31 * DAY).replace(day=1)
