"""Compose: put the period's posts into an issue, exactly one for each newsletter and due date."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from django.db import transaction

from newsletter.compose.calendar import latest, on_date, upcoming
from newsletter.compose.selection import Selection, select
from newsletter.config import Config, Newsletter
from newsletter.models import Issue, Item, Post, Series

__all__ = ["at_hand", "draw_up", "latest", "on_date", "record_missed", "upcoming"]

# More due dates than this at one time can only be a schedule that nobody meant.
_MOST_AT_ONCE = 50
_MOST_POSTS = 1000


def at_hand(config: Config, name: str, now: datetime) -> list[datetime]:
    """Due dates whose cut-off has come and that have no issue yet, soonest first.

    A date that was missed is made up for during `compose.late`, but none from before the newsletter was first seen:
    starting a publication must not send last week's issue. `first_issue: at_once` asks for just that.
    """
    newsletter = config.newsletters[name]
    series, _ = Series.objects.get_or_create(newsletter=name, defaults={"since": now})
    at_once = newsletter.first_issue == "at_once"
    # A first issue at once has taken everything up to now; the schedule goes on with the next whole period.
    since = series.since + newsletter.cut_off if at_once else series.since
    start = max(since, now - config.compose.late)
    horizon = now + newsletter.cut_off
    dates = list(takewhile(lambda due: due <= horizon, islice(upcoming(newsletter, start), _MOST_AT_ONCE)))
    if at_once and not Issue.objects.filter(newsletter=name).exists():
        dates = [latest(newsletter, now) or now.replace(second=0, microsecond=0), *dates]
    made = set(Issue.objects.filter(newsletter=name, due_at__in=dates).values_list("due_at", flat=True))
    return [due for due in dates if due not in made]


def draw_up(config: Config, name: str, due: datetime, now: datetime) -> Issue:
    """Return the newsletter's issue for a due date, made now unless it exists already.

    Too few posts make a skipped issue that says so, and leave the posts to the next one.
    """
    newsletter = config.newsletters[name]
    with transaction.atomic():
        Series.objects.get_or_create(newsletter=name, defaults={"since": now})
        # One at a time for each newsletter: two issues drawn up side by side could both take the same post.
        Series.objects.select_for_update().get(newsletter=name)
        if made := Issue.objects.filter(newsletter=name, due_at=due).first():
            return made
        return _make(config, name, newsletter, due, now)


def record_missed(config: Config, name: str, now: datetime) -> Issue | None:
    """Show, as a skipped issue, that a due date went by with nothing running; return it if it is new."""
    limit = now - config.compose.late
    series = Series.objects.filter(newsletter=name).first()
    due = latest(config.newsletters[name], limit)
    if not series or not due or due <= series.since or Issue.objects.filter(newsletter=name, due_at__gte=due).exists():
        return None
    reason = "missed: nothing was running when it was due, and it is too late to make up for it"
    issue, new = Issue.objects.get_or_create(
        newsletter=name,
        due_at=due,
        defaults={
            "slug": _slug(config.newsletters[name], name, due),
            "cut_off_at": due,
            "status": Issue.Status.SKIPPED,
            "reason": f"{reason} (compose.late is {_words(config.compose.late)})",
        },
    )
    return issue if new else None


def _make(config: Config, name: str, newsletter: Newsletter, due: datetime, now: datetime) -> Issue:
    since = _last_cut_off(name, due)
    first_at_once = since is None and newsletter.first_issue == "at_once"
    cut_off = now if first_at_once else min(now, due - newsletter.cut_off)
    oldest = (since or cut_off) - config.compose.grace
    posts = Post.for_issue(name, newsletter.sources, since, cut_off, oldest)[:_MOST_POSTS]
    selection = select(posts, newsletter)
    issue = Issue.objects.create(
        newsletter=name,
        slug=_slug(newsletter, name, due),
        due_at=due,
        since_at=since,
        cut_off_at=cut_off,
        status=Issue.Status.SKIPPED if selection.shortfall else Issue.Status.DRAFT,
        reason=f"skipped because {selection.shortfall}" if selection.shortfall else "",
    )
    if not selection.shortfall:
        _fill(issue, selection)
    return issue


def _last_cut_off(name: str, due: datetime) -> datetime | None:
    """Until when earlier issues have taken posts; those that were skipped or cancelled have taken none."""
    unused = (Issue.Status.SKIPPED, Issue.Status.CANCELLED)
    earlier = Issue.objects.filter(newsletter=name, due_at__lt=due).exclude(status__in=unused)
    return earlier.order_by("-cut_off_at").values_list("cut_off_at", flat=True).first()


def _fill(issue: Issue, selection: Selection) -> None:
    Item.objects.bulk_create(
        Item.copy_of(place.post, issue=issue, position=position, section=place.section.title,
                     section_emoji=place.section.emoji)
        for position, place in enumerate(selection.places)
    )  # fmt: skip


def _slug(newsletter: Newsletter, name: str, due: datetime) -> str:
    """The local date, and the time too for a second issue of one day."""
    zone = ZoneInfo(newsletter.schedule.time_zone if newsletter.schedule else "UTC")
    local = due.astimezone(zone)
    day = f"{local:%Y-%m-%d}"
    taken = Issue.objects.filter(newsletter=name, slug=day).exists()
    # In the hour that comes twice the offset tells two issues apart.
    return f"{local:%Y-%m-%d-%H%M%z}".replace("+", "-p").replace(":", "") if taken else day


def _words(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:g} h"
