"""The calendar's page: a month or a week, with a way to the ones beside it, and to each date."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from newsletter import roles
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.calendar.grid import COLOURS, DAY, Letter, View, address, weeks
from newsletter.settings import current

SEE, PLAN = "newsletter.view_issue", "newsletter.send_issue"
SAID = "calendar said"
"""Where a session keeps what was done last, to be said once, with a way to undo it."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def letters_of(request: HttpRequest) -> list[Letter]:
    """The newsletters whose calendar somebody may see, each with its colour."""
    config = current()
    colours = {name: place % COLOURS for place, name in enumerate(config.newsletters)}
    planned = set(roles.among(request.user, PLAN, config.newsletters))
    return [
        Letter(
            name, config.newsletters[name].title, colours[name], ZoneInfo(config.time_zone_of(name)), name in planned
        )
        for name in roles.among(request.user, SEE, config.newsletters)
    ]


@staff_page(SEE)
def calendar(request: HttpRequest) -> HttpResponse:
    """Show it."""
    config, now = current(), timezone.now()
    zone = ZoneInfo(config.site.time_zone)
    today = now.astimezone(zone).date()
    view, known = View.of(request.GET.dict(), today), letters_of(request)
    asked = request.GET.getlist("letter")
    chosen = [letter for letter in known if letter.name in asked]
    names = [letter.name for letter in chosen]
    here = View("month", today.replace(day=1)) if view.kind == "month" else View("week", today - today.weekday() * DAY)
    return desk_page(
        request, "calendar.html", "Calendar", view=view, weekdays=WEEKDAYS, known=known, chosen=names,
        weeks=weeks(config, chosen or known, view, now), before=address(view.beside(-1), names),
        after=address(view.beside(1), names), at_today=address(here, names), is_today=here == view,
        as_month=address(view.as_month(), names), as_week=address(view.as_week(today), names),
        back=address(view, names).partition("?")[2], said=request.session.pop(SAID, None),
        zones=sorted({str(letter.zone) for letter in chosen or known}), feed=f"{reverse('desk-you')}#calendar",
        may_plan=any(letter.may_plan for letter in known),
    )  # fmt: skip
