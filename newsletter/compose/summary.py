"""The monthly summary: one issue of what a month's issues told, for those who asked for no more than that.

A month is seen to once, by whoever comes first: `Series.summed_up` says up to which that has been done. Where nobody
asked for a summary, no row is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from cronsim import CronSim
from django.db import transaction
from django.db.models import QuerySet, Sum

from newsletter import links
from newsletter.config import Config, Newsletter, Problem
from newsletter.models import Event, Issue, Item, Series, Tally, moves
from newsletter.models.edition import digest_of
from subscribers.audience import Audience

Closing = Callable[[datetime, Sequence[Issue]], str]
"""What stands below the stories of a month, in Markdown: where each of its issues can be read."""


@dataclass(frozen=True)
class Month:
    """A calendar month in the newsletter's zone: from its first moment to that of the next, and its summary's due date.

    All three in UTC.
    """

    start: datetime
    end: datetime
    due: datetime

    def slug(self, zone: str) -> str:
        """What its summary is called in addresses."""
        return f"{self.start.astimezone(ZoneInfo(zone)):%Y-%m}-summary"


def months_at_hand(config: Config, name: str, now: datetime) -> list[Month]:
    """The months of a newsletter that have ended and have not been seen to, the first one first.

    None that ended before this was first asked: starting a publication, or switching summaries on, sends nothing old.
    """
    if config.newsletters[name].summary is None:
        Series.objects.filter(newsletter=name).exclude(summed_up=None).update(summed_up=None)
        return []
    Series.objects.get_or_create(newsletter=name, defaults={"since": now, "summed_up": now})
    Series.objects.filter(newsletter=name, summed_up=None).update(summed_up=now)
    since = Series.objects.values_list("summed_up", flat=True).get(newsletter=name)
    return list(_months(config, name, since, now)) if since else []


def month_named(config: Config, name: str, text: str, now: datetime) -> Month:
    """The month that `2026-10` means; raises ValueError with a hint, also for one that has not ended."""
    zone = ZoneInfo(config.time_zone_of(name))
    try:
        start = datetime.strptime(text, "%Y-%m").replace(tzinfo=zone)
    except ValueError:
        raise ValueError(f"'{text}' is not a month; write it as 2026-10") from None
    month = next(_months(config, name, start.astimezone(UTC), now), None)
    if month is None:
        raise ValueError(f"{text} has not ended yet")
    return month


def see_to(config: Config, name: str, month: Month, now: datetime, closing: Closing) -> Issue | None:
    """Make the summary of a month, if this call is the first to see to it and anybody wants it.

    Until it is due somebody may still choose the summary, so a month that nobody wants is looked at again.
    """
    with _alone(name, now) as series:
        made, wanted = _made(config, name, month), _wanted(config.newsletters[name], month)
        if series.summed_up is None or series.summed_up >= month.end or not (made or wanted or now >= month.due):
            return None
        Series.objects.filter(pk=series.pk).update(summed_up=month.end)
        hindrance = _too_late(config, name, month, now) or _told_nothing(config, name, month)
        return _make(config, name, month, closing, hindrance) if wanted and not made else None


def draw_up_summary(config: Config, name: str, month: Month, now: datetime, closing: Closing) -> Issue:
    """Return the summary of a month, made now unless it exists: somebody asks for it by hand, at whatever time."""
    with _alone(name, now):
        made = _made(config, name, month)
        return made or _make(config, name, month, closing, _told_nothing(config, name, month))


@contextmanager
def _alone(name: str, now: datetime) -> Iterator[Series]:
    """A transaction in which nobody else draws up anything of this newsletter."""
    with transaction.atomic():
        Series.objects.get_or_create(newsletter=name, defaults={"since": now})
        yield Series.objects.select_for_update().get(newsletter=name)


def _made(config: Config, name: str, month: Month) -> Issue | None:
    return Issue.objects.filter(newsletter=name, slug=month.slug(config.time_zone_of(name))).first()


def check(config: Config, now: datetime) -> list[Problem]:
    """Newsletters without summaries that somebody waits for one of."""
    found = {name: _waiting(letter, now) for name, letter in config.newsletters.items() if letter.summary is None}
    reason, hint = "asked for a monthly summary alone, and as there is none they get nothing", "leave this key out"
    return [
        Problem(f"newsletters.{name}.summary", f"{people} reader{'' if people == 1 else 's'} {reason}", hint=hint)
        for name, people in found.items()
        if people
    ]


def _waiting(newsletter: Newsletter, now: datetime) -> int:
    return _audience(newsletter).people(now).count()


def _audience(newsletter: Newsletter) -> Audience:
    return Audience(tuple(ref.name for ref in newsletter.lists), summary=True)


def _months(config: Config, name: str, since: datetime, now: datetime) -> Iterator[Month]:
    """The months that ended after a moment and by now."""
    zone, settings = ZoneInfo(config.time_zone_of(name)), config.newsletters[name].summary
    hour, minute = (settings.at if settings else "08:00").split(":")
    local = since.astimezone(zone)
    start = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    # As a schedule's dates: where the clock leaps over the hour, the moment after the leap.
    dues = CronSim(f"{int(minute)} {int(hour)} 1 * *", start.replace(day=2))
    for due in dues:
        end = due.replace(hour=0, minute=0)
        if end.astimezone(UTC) > now:
            return
        if end.astimezone(UTC) > since:
            yield Month(start.astimezone(UTC), end.astimezone(UTC), due.astimezone(UTC))
        start = end


def _wanted(newsletter: Newsletter, month: Month) -> bool:
    """Whether anybody would get the summary of a month."""
    return _audience(newsletter).reachable(month.due).exists()


def _make(config: Config, name: str, month: Month, closing: Closing, reason: str) -> Issue:
    """The summary of a month, or, for a reason, a skipped one that shows it."""
    zone, settings = config.time_zone_of(name), config.newsletters[name].summary
    told = list(_told(name, month))
    issue = Issue.objects.create(
        newsletter=name, kind=Issue.Kind.SUMMARY, slug=month.slug(zone), due_at=month.due, since_at=month.start,
        cut_off_at=month.end, status=Issue.Status.SKIPPED if reason else Issue.Status.DRAFT, reason=reason,
        closing="" if reason else closing(month.start, told),
    )  # fmt: skip
    moves.drawn_up(issue)
    if not reason:
        chosen = _chosen(config, name, told, settings.max if settings else 12)
        Item.objects.bulk_create(
            Item(
                issue=issue, post_id=one.post_id, position=position, section=one.section,
                section_emoji=one.section_emoji, own=one.own, **{field: getattr(one, field) for field in Item.COPIED},
            )
            for position, one in enumerate(chosen)
        )  # fmt: skip
    return issue


def _told(name: str, month: Month) -> QuerySet[Issue]:
    """The issues that readers got in a month, in their order; not one that was taken back while it went out."""
    went = Issue.in_archive().filter(newsletter=name, started_at__gte=month.start, started_at__lt=month.end)
    return went.exclude(status=Issue.Status.CANCELLED).select_related("edition").order_by("started_at", "pk")


def _too_late(config: Config, name: str, month: Month, now: datetime) -> str:
    """Why a summary is not made up for any more, or the empty string."""
    settings = config.newsletters[name].summary
    if settings is None or now <= month.due + settings.late:
        return ""
    return "missed: nothing was running when it was due, and it is too late to make up for it"


def _told_nothing(config: Config, name: str, month: Month) -> str:
    """Why there is nothing to sum up, or the empty string."""
    title = config.newsletters[name].title
    return "" if _told(name, month).exists() else f"skipped because no issue of {title} was sent in that month"


# ── which stories, in which order ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Story:
    """An item that was sent: how many people followed it, and its place among the month's."""

    item: Item
    clicks: int
    issue: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """The most clicked first; among equals what led its issue, then what came first."""
        return -self.clicks, self.item.position, self.issue


def _chosen(config: Config, name: str, told: Sequence[Issue], most: int) -> list[Item]:
    """The stories of a month: the best one leads, the others follow by section."""
    best = sorted(_stories(config, told), key=lambda story: story.rank)[:most]
    lead, *others = best
    order = _order(config.newsletters[name], [story.item.section for story in best])
    others.sort(key=lambda story: (order[story.item.section], -story.clicks, story.issue, story.item.position))
    return [lead.item, *(story.item for story in others)]


def _stories(config: Config, told: Sequence[Issue]) -> Iterator[_Story]:
    """Each post of the month once, as it was last told, with everybody who followed it in any of its issues."""
    clicks, places = _clicks(told), {issue.pk: place for place, issue in enumerate(told)}
    items = Item.objects.filter(issue__in=told).order_by("post")
    for _, again in groupby(items, key=lambda item: item.post_id):
        same = sorted(again, key=lambda item: places[item.issue_id])
        people = sum(clicks.get((item.issue_id, _link(config, item)), 0) for item in same)
        yield _Story(same[-1], people, places[same[0].issue_id])


def _clicks(told: Sequence[Issue]) -> dict[tuple[int, str], int]:
    """How many people followed each address of each issue."""
    clicked = Tally.objects.filter(issue__in=told, kind=Event.Kind.CLICK).exclude(link=None)
    rows = clicked.order_by().values_list("issue", "link__key").annotate(Sum("readers"))
    return {(issue, key): people for issue, key, people in rows}


def _link(config: Config, item: Item) -> str:
    """What a story's address is known by among the links of a mail."""
    web = item.url.lower().startswith(("http://", "https://"))
    return digest_of(item.url if web else links.post(config, item.post_id, item.title))


def _order(newsletter: Newsletter, found: Sequence[str]) -> dict[str, int]:
    """The place of each section: as config.yaml has them, then as they came."""
    known = [part.title for part in (*newsletter.sections, *filter(None, [newsletter.other]))]
    return {title: place for place, title in enumerate(dict.fromkeys((*known, *found)))}
