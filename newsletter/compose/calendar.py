"""When issues are due: a cron line read in the newsletter's own zone.

Local time holds across daylight-saving changes, as in Debian's cron (the rules of the cronsim library): a time in the
hour that does not exist comes due right after it, and one in the hour that comes twice comes due once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

from newsletter.config import Newsletter

_MINUTE = timedelta(minutes=1)


def upcoming(newsletter: Newsletter, after: datetime) -> Iterator[datetime]:
    """Due dates after a moment, in UTC, soonest first; none for a newsletter without a schedule."""
    if newsletter.schedule:
        zone = ZoneInfo(newsletter.schedule.time_zone)
        for due in CronSim(newsletter.schedule.cron, after.astimezone(zone)):
            yield due.astimezone(UTC)


def latest(newsletter: Newsletter, until: datetime) -> datetime | None:
    """The last due date at or before a moment, in UTC."""
    if not newsletter.schedule:
        return None
    zone = ZoneInfo(newsletter.schedule.time_zone)
    local = until.astimezone(zone)
    # Seeking backwards starts strictly before the moment given; the moment itself may be a due date.
    if (now := next(CronSim(newsletter.schedule.cron, local - _MINUTE), None)) and now <= local:
        return now.astimezone(UTC)
    found = next(CronSim(newsletter.schedule.cron, local, reverse=True), None)
    return found.astimezone(UTC) if found else None


def on_date(newsletter: Newsletter, text: str) -> datetime:
    """The due date that `2026-12-24` or `2026-12-24 18:00` means, in UTC; raises ValueError with a hint."""
    zone = ZoneInfo(newsletter.schedule.time_zone) if newsletter.schedule else UTC
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a date; write it as 2026-12-24 or '2026-12-24 18:00'") from None
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if len(text.strip()) > len("2026-12-24"):
        return local.replace(second=0, microsecond=0).astimezone(UTC)  # as a schedule's dates: to the minute
    due = next(islice(upcoming(newsletter, local - _MINUTE), 1), None)
    if due is None or due.astimezone(zone).date() != local.date():
        raise ValueError(f"no issue is due on {text}; to make one all the same, give the time too: '{text} 18:00'")
    return due
