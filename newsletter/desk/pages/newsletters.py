"""The newsletters of config.yaml: each in a line, and on a page of its own with all that is said of it, by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from newsletter import compose, roles, staff
from newsletter.config import Config, Newsletter, telling
from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.admin.lists import counted
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.calendar.series_form import in_words
from newsletter.desk.saying import coded
from newsletter.models import Issue, Membership, Source
from newsletter.settings import current
from subscribers.finding import Count, Search
from subscribers.limits import TooLong, within
from subscribers.models import List, Subscription
from subscribers.wanted import Wanted

SEE = "newsletter.view_issue"
PATIENCE = 0.06
"""Seconds for counting the people on lists; where they are so many that this takes longer, they are estimated."""
ESTIMATED = 3
"""Lists of which that is done on one page."""
LATEST = 8
STAGES: dict[str, tuple[str, ...]] = {
    "What it is": ("title", "emoji", "tagline", "language", "logo", "logo_dark", "postal_address"),
    "Collect": ("sources",),
    "Compose": (
        "schedule", "cut_off", "first_issue", "approval", "approval_by", "preflight", "min", "max", "sections", "other",
        "topics", "summary",
    ),
    "Render": ("layout", "theme", "tokens", "contents", "subject", "preheader", "segments"),
    "Send": ("lists", "audience", "without", "sender", "transport", "test_groups"),
    "Track": ("track", "replies", "polls"),
}  # fmt: skip
"""The keys of a newsletter by the stage that reads them."""
Stage = tuple[str, list[tuple[telling.Row, SafeString, str]]]
"""A stage's title and its keys: each with its meaning, and what stands in for it."""
INHERITED = {"theme": "render.theme", "transport": "send.transport"}
"""Keys that another one stands in for."""


@dataclass(frozen=True)
class OnList:
    """A list that a newsletter goes to: its row, if it is made yet, and how many people are on it, if counted."""

    name: str
    row: List | None
    people: Count | None

    @property
    def title(self) -> str:
        """What people read."""
        return (self.row and self.row.title) or self.name


@dataclass(frozen=True)
class Told:
    """A newsletter in a line."""

    name: str
    letter: Newsletter
    cadence: str
    next_at: datetime | None
    last: Issue | None
    lists: list[OnList]
    theme: str
    transport: str

    @property
    def zone(self) -> str:
        """The zone of its dates."""
        return current().time_zone_of(self.name)


@staff_page(SEE)
def index(request: HttpRequest) -> HttpResponse:
    """All that this member of staff has to do with."""
    config = current()
    names = roles.among(request.user, SEE, config.newsletters)
    lists = _lists(config, names)
    return desk_page(
        request, "newsletters.html", "Newsletters", found=[_told(config, name, lists) for name in names],
        any=bool(config.newsletters),
    )  # fmt: skip


@staff_page(SEE)
def one(request: HttpRequest, newsletter: str) -> HttpResponse:
    """One of them: where it stands, and all that config.yaml says of it."""
    config = current()
    if newsletter not in config.newsletters:
        raise Http404(f"config.yaml has no newsletter '{newsletter}'")
    told = _told(config, newsletter, _lists(config, [newsletter]))
    # Who only reads reports sees nobody's address; those of test groups are people's.
    hidden = () if request.user.has_perm("newsletter.view_testgroup") else ("test_groups",)
    issues = Issue.objects.filter(newsletter=newsletter).order_by("-due_at")[:LATEST]
    with timezone.override(ZoneInfo(told.zone)):
        return desk_page(
            request, "newsletter.html", told.letter.title, told=told, stages=list(_stages(config, newsletter, hidden)),
            issues=[(issue, STATUSES[Issue.Status(issue.status)]) for issue in issues],
            sources=_sources(config, told.letter), people=_people(newsletter),
            owner=roles.is_owner(request.user), may_lists=request.user.has_perm("subscribers.view_list"),
            may_sources=request.user.has_perm("newsletter.view_source"), coming=_coming(config, newsletter),
        )  # fmt: skip


def _told(config: Config, name: str, lists: dict[str, OnList]) -> Told:
    letter = config.newsletters[name]
    last = Issue.objects.filter(newsletter=name, status=Issue.Status.SENT).order_by("-due_at").first()
    return Told(
        name=name,
        letter=letter,
        cadence=in_words(compose.Plan.of(config, name).span_at(timezone.now()).rule),
        next_at=next(iter(_coming(config, name, 1)), None),
        last=last,
        lists=[lists[ref.name] for ref in letter.lists],
        theme=letter.theme or config.render.theme,
        transport=config.transport_of(name),
    )


def _lists(config: Config, names: list[str]) -> dict[str, OnList]:
    """The lists that these newsletters go to, with the people on each: of very many, about how many."""
    wanted = {ref.name for name in names for ref in config.newsletters[name].lists}
    known = {row.name: row for row in List.objects.filter(name__in=wanted)}
    people: dict[str, Count] = {}
    try:
        with within(PATIENCE):
            counts = counted([row.pk for row in known.values()])
        people = {row.name: Count(counts[row.pk][Subscription.Status.ACTIVE]) for row in known.values()}
    except TooLong:
        now = timezone.now()
        people = {name: Search(Wanted(list=name), now).estimate() for name in sorted(known)[:ESTIMATED]}
    return {name: OnList(name, known.get(name), people.get(name)) for name in wanted}


def _coming(config: Config, name: str, most: int = 3) -> list[datetime]:
    return [at for _, at in zip(range(most), compose.upcoming(config, name, timezone.now()), strict=False)]


def _sources(config: Config, letter: Newsletter) -> list[tuple[str, Source | None]]:
    rows = {row.name: row for row in Source.objects.filter(name__in=letter.sources)}
    return [(name, rows.get(name)) for name in letter.sources]


def _people(newsletter: str) -> list[tuple[str, str]]:
    """Those of the staff with a role for it or for all newsletters: name, and what they are."""
    holders = staff.holders(SEE, newsletter).prefetch_related("groups")[:100]
    for_it: dict[int, list[str]] = {}
    for user, group in Membership.objects.filter(newsletter=newsletter).values_list("user", "group__name"):
        for_it.setdefault(user, []).append(group)
    return [(who.get_full_name() or who.get_username(), _held(who, for_it.get(who.pk, []))) for who in holders]


def _held(who: Any, for_it: list[str]) -> str:
    everywhere = [group.name for group in who.groups.all()] or (["Owner"] if who.is_superuser else [])
    words = [f"{name} of all newsletters" for name in everywhere] + [f"{name} of this one" for name in for_it]
    return ", ".join(words)


def _stages(
    config: Config, name: str, hidden: tuple[str, ...]
) -> Iterator[tuple[str, list[tuple[telling.Row, Any, str]]]]:
    """All that is said of it, by stage: each key with its meaning, and what holds where another stands in for it."""
    letter, place = config.newsletters[name], ("newsletters", name)
    for title, keys in STAGES.items():
        rows = telling.rows_of(config, place, letter, tuple(key for key in keys if key not in hidden))
        yield title, [(_short(row, name), coded(row.means), _instead(config, row)) for row in rows]


def _short(row: telling.Row, name: str) -> telling.Row:
    return telling.Row(
        row.key.removeprefix(f"newsletters.{name}."), row.value, row.default, row.means, row.where, row.required
    )


def _instead(config: Config, row: telling.Row) -> str:
    """What holds where the newsletter says nothing itself."""
    other = INHERITED.get(row.name) if row.value == telling.NOTHING else None
    if other is None:
        return ""
    section, _, key = other.partition(".")
    return f"{getattr(getattr(config, section), key)}, from {other}"
