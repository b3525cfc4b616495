"""Compose: put the period's posts into an issue, exactly one for each newsletter and due date."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain, islice, takewhile

from django.db import transaction
from django.db.models import Q

from newsletter.compose.calendar import Plan, Planned, latest, on_date, upcoming
from newsletter.compose.candidates import candidates
from newsletter.compose.loading import NEEDS, Addition, Change, Loaded, News, load, news_for
from newsletter.compose.naming import slug_for
from newsletter.compose.selection import Selection, section_of, sections_of, select
from newsletter.compose.summary import Month, check, draw_up_summary, month_named, months_at_hand, see_to
from newsletter.config import Config
from newsletter.models import Issue, Item, Series, moves

__all__ = [
    "NEEDS", "Addition", "Change", "Loaded", "Month", "News", "Plan", "Planned", "at_hand", "check", "draw_up",
    "draw_up_planned", "draw_up_summary", "latest", "load", "month_named", "months_at_hand", "news_for", "on_date",
    "record_missed", "section_of", "sections_of", "see_to", "upcoming",
]  # fmt: skip

# More due dates than this at one time can only be a schedule that nobody meant.
_MOST_AT_ONCE = 50
# So long after a first issue found too few posts somebody is waiting: its sources are visited again at every turn.
_EAGER = timedelta(minutes=10)


def at_hand(config: Config, name: str, now: datetime) -> list[datetime]:
    """Due dates whose cut-off has come and that have no issue yet, soonest first.

    A date that was missed is made up for during `compose.late`, but none from before the newsletter was first seen:
    starting a publication must not send last week's issue. `first_issue: at_once` asks for just that; its date comes up
    again if there were too few posts then.
    """
    newsletter = config.newsletters[name]
    series, _ = Series.objects.get_or_create(newsletter=name, defaults={"since": now})
    # A first issue at once has taken everything up to now; the schedule goes on with the next whole period: `begins`.
    first = _first_at_once(config, name, now) if newsletter.first_issue == "at_once" else []
    start, horizon = max(series.since, now - config.compose.late), now + newsletter.cut_off
    done = {*first, *Issue.regular(name).filter(due_at__gt=start).values_list("due_at", flat=True)}
    scheduled = takewhile(lambda due: due <= horizon, upcoming(config, name, start))
    return list(islice(chain(first, (due for due in scheduled if due not in done)), _MOST_AT_ONCE))


def draw_up(config: Config, name: str, due: datetime, now: datetime) -> Issue:
    """Return the newsletter's issue for a due date, made now unless it exists already.

    Too few posts make a skipped issue that says so, and leave the posts to the next one. A first issue that was to be
    made at once is filled later, as long as no other has followed.
    """
    with transaction.atomic():
        Series.objects.get_or_create(newsletter=name, defaults={"since": now})
        # One at a time for each newsletter: two issues drawn up side by side could both take the same post.
        Series.objects.select_for_update().get(newsletter=name)
        return _draw_up(config, name, due, now)


def draw_up_planned(config: Config, name: str, due: datetime, now: datetime) -> Issue | None:
    """The same for a date that was at hand; none if it is not any more, since somebody has left it out or moved it."""
    with transaction.atomic():
        Series.objects.select_for_update().get(newsletter=name)
        # Without a schedule a first issue at once is due this very minute, which passes while its sources are visited.
        out_of_turn = config.newsletters[name].first_issue == "at_once" and not Issue.regular(name).exists()
        if not out_of_turn and due not in at_hand(config, name, now):
            return None
        return _draw_up(config, name, due, now)


def _draw_up(config: Config, name: str, due: datetime, now: datetime) -> Issue:
    made = Issue.regular(name).filter(due_at=due).first()
    if made is None:
        return _make(config, name, due, now)
    return _try_again(config, made, now) if made == _first_without_posts(config, name) else made


def record_missed(config: Config, name: str, now: datetime) -> Issue | None:
    """Show, as a skipped issue, that a due date went by with nothing running; return it if it is new."""
    limit = now - config.compose.late
    series = Series.objects.filter(newsletter=name).first()
    due = latest(config, name, limit)
    if not series or not due or due <= series.since or Issue.regular(name).filter(due_at__gte=due).exists():
        return None
    reason = "missed: nothing was running when it was due, and it is too late to make up for it"
    issue, new = Issue.objects.get_or_create(
        newsletter=name,
        kind=Issue.Kind.REGULAR,
        due_at=due,
        defaults={
            "slug": slug_for(config, name, due),
            "cut_off_at": due,
            "status": Issue.Status.SKIPPED,
            "reason": f"{reason} (compose.late is {_words(config.compose.late)})",
        },
    )
    if new:
        moves.drawn_up(issue)
    return issue if new else None


def _first_at_once(config: Config, name: str, now: datetime) -> list[datetime]:
    """When a first issue that does not wait for the schedule is due; nothing once there is one with posts."""
    if not Issue.regular(name).exists():
        return [latest(config, name, now) or now.replace(second=0, microsecond=0)]
    tried = _first_without_posts(config, name)
    if tried is None:
        return []
    # Each try visits the sources. In the long run that is for `collect` to do, at its own pace.
    worth_it = now - tried.cut_off_at < _EAGER or not _selected(config, name, None, now).shortfall
    return [tried.due_at] if worth_it else []


def _first_without_posts(config: Config, name: str) -> Issue | None:
    """The issue of `first_issue: at_once`, if it was skipped for want of posts and no other has followed."""
    if config.newsletters[name].first_issue != "at_once":
        return None
    issues = list(Issue.regular(name)[:2])
    skipped = len(issues) == 1 and issues[0].status == Issue.Status.SKIPPED
    return issues[0] if skipped and not issues[0].items.exists() else None


def _try_again(config: Config, issue: Issue, now: datetime) -> Issue:
    selection = _selected(config, issue.newsletter, None, now)
    issue.status, issue.reason = _outcome(selection)
    if not selection.shortfall:
        issue.cut_off_at = now
        _fill(issue, selection)
    issue.save(update_fields=["status", "reason", "cut_off_at"])
    return issue


def _make(config: Config, name: str, due: datetime, now: datetime) -> Issue:
    since = _last_cut_off(name, due)
    cut_off = _cut_off(config, name, since, due, now)
    selection = _selected(config, name, since, cut_off)
    status, reason = _outcome(selection)
    issue = Issue.objects.create(
        newsletter=name,
        slug=slug_for(config, name, due),
        due_at=due,
        since_at=since,
        cut_off_at=cut_off,
        status=status,
        reason=reason,
    )
    moves.drawn_up(issue)
    if not selection.shortfall:
        _fill(issue, selection)
    return issue


def _cut_off(config: Config, name: str, since: datetime | None, due: datetime, now: datetime) -> datetime:
    """Until when an issue takes posts."""
    newsletter = config.newsletters[name]
    if since is None and newsletter.first_issue == "at_once":
        return now
    # Somebody who asks for an issue out of turn means what there is by then; a cut-off belongs to the schedule.
    in_turn = latest(config, name, due) == due
    return min(now, due - newsletter.cut_off if in_turn else due)


def _selected(config: Config, name: str, since: datetime | None, cut_off: datetime) -> Selection:
    return select(candidates(config, name, since, cut_off), config.newsletters[name])


def _outcome(selection: Selection) -> tuple[Issue.Status, str]:
    """What an issue of this selection becomes, and why if it is not made."""
    if selection.shortfall:
        return Issue.Status.SKIPPED, f"skipped because {selection.shortfall}"
    return Issue.Status.DRAFT, ""


def _last_cut_off(name: str, due: datetime) -> datetime | None:
    """Until when earlier issues have taken posts; those that were skipped, or cancelled unsent, have taken none."""
    unused = Q(status=Issue.Status.SKIPPED) | Q(status=Issue.Status.CANCELLED, started_at=None)
    earlier = Issue.regular(name).filter(due_at__lt=due).exclude(unused)
    return earlier.order_by("-cut_off_at").values_list("cut_off_at", flat=True).first()


def _fill(issue: Issue, selection: Selection) -> None:
    Item.objects.bulk_create(
        Item.copy_of(place.post, issue=issue, position=position, section=place.section.title,
                     section_emoji=place.section.symbol)
        for position, place in enumerate(selection.places)
    )  # fmt: skip


def _words(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:g} h"
