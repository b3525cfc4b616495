"""How lists grow: a chart, the table beneath it, and both as CSV."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.csvs import stream
from subscribers.growth import Step, growth
from subscribers.models import List, Origin

STEPS = {"day": "Days", "week": "Weeks", "month": "Months"}
MOST_DAYS = {"day": 400, "week": 1500, "month": 8000}
COLOURS = ("#2a9d8f", "#e76f51", "#457b9d", "#e9c46a", "#8d6cab", "#6c757d", "#bc4749", "#588157")


@dataclass(frozen=True)
class Asked:
    """What the page was asked for; what cannot be read is as if it had not been said."""

    chosen: List | None
    since: date
    until: date
    step: str

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """From the query string; without one, the last 30 days of all lists."""
        today = timezone.localdate()
        step = request.GET.get("step", "day")
        step = step if step in STEPS else "day"
        until = min(_day(request.GET.get("until", ""), today), today)
        since = _day(request.GET.get("since", ""), until - timedelta(days=29))
        chosen = List.objects.filter(name=request.GET.get("list", "")).first()
        return cls(chosen, max(min(since, until), until - timedelta(days=MOST_DAYS[step])), until, step)


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


@staff_page("subscribers.view_list")
def show(request: HttpRequest) -> HttpResponseBase:
    """The chart and its table; with `format=csv` the table alone."""
    asked = Asked.of(request)
    lists = [asked.chosen.pk] if asked.chosen else [*List.objects.values_list("pk", flat=True)]
    steps = growth(lists, asked.since, asked.until, asked.step, timezone.get_current_timezone())
    sources = sorted({source for one in steps for source in one.by_source})
    names = {source: str(dict(Origin.choices).get(source, source)) for source in sources}
    if request.GET.get("format") == "csv":
        rows = ([one.day, one.joined, one.left, one.net, *(one.by_source[name] for name in sources)] for one in steps)
        return stream("growth", ["from", "joined", "left", "net", *names.values()], rows)
    query = request.GET.copy()
    query["format"] = "csv"
    return desk_page(
        request, "growth.html", "Growth", asked=asked, steps=[*reversed(steps)], choices=STEPS,
        lists=List.objects.all(), joined=sum(one.joined for one in steps), left=sum(one.left for one in steps),
        net=sum(one.net for one in steps), names=names.values(), csv=query.urlencode(),
        rows=[(one, [(names[name], one.by_source[name]) for name in sources]) for one in reversed(steps)],
        zone=timezone.get_current_timezone_name(),
        chart=json.dumps(_chart(steps, names)), options=json.dumps(OPTIONS),
        empty=not any(one.joined or one.left for one in steps),
    )  # fmt: skip


OPTIONS = {
    "responsive": True, "maintainAspectRatio": False, "animation": False,
    "scales": {"x": {"stacked": True, "grid": {"display": False}}, "y": {"stacked": True, "ticks": {"precision": 0}}},
    "plugins": {"legend": {"display": True, "position": "bottom", "align": "start"}},
}  # fmt: skip


def _chart(steps: list[Step], names: dict[str, str]) -> dict[str, object]:
    """Those who joined upwards, by the way they came; those who left downwards."""
    joined = [
        {"label": f"joined: {name}", "data": [one.by_source[source] for one in steps],
         "backgroundColor": COLOURS[at % len(COLOURS)], "stack": "all"}
        for at, (source, name) in enumerate(names.items())
    ]  # fmt: skip
    left = {"label": "left", "data": [-one.left for one in steps], "backgroundColor": "#b23a48", "stack": "all"}
    return {"labels": [f"{one.day:%-d %b}" for one in steps], "datasets": [*joined, left]}
