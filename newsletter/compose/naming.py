"""What an issue is called in addresses and on the command line."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, count
from zoneinfo import ZoneInfo

from newsletter.config import Config
from newsletter.models import Issue


def slug_for(config: Config, name: str, due: datetime, besides: Issue | None = None) -> str:
    """The local date, and the time too for a second issue of one day; `besides` is the issue that is to bear it."""
    local = due.astimezone(ZoneInfo(config.time_zone_of(name)))
    day = f"{local:%Y-%m-%d}"
    # In the hour that comes twice the offset tells two issues apart.
    minute = f"{local:%Y-%m-%d-%H%M%z}".replace("+", "-p").replace(":", "")
    known = Issue.objects.filter(newsletter=name, slug__startswith=day).values_list("slug", flat=True)
    taken = {*known} - {besides.slug if besides else ""}
    names = chain((day, minute), (f"{minute}-{number}" for number in count(2)))
    return next(slug for slug in names if slug not in taken)
