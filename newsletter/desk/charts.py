"""Charts as Chart.js wants them, for Unfold's components; `ink` names a colour that desk.css has for light and dark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from newsletter.models import Event
from newsletter.track.report import Curve, Curves, Report

ADJUSTED, RAW, USUAL = "--desk-adjusted", "--desk-raw", "--desk-usual"


@dataclass(frozen=True)
class Chart:
    """One chart: its name on the page, what it says in words, and its data and options as JSON."""

    name: str
    title: str
    says: str
    data: str
    options: str
    kind: str = "line"

    @property
    def data_html(self) -> SafeString:
        """The data inside of a script element, whose end nothing in it may write."""
        return mark_safe(self.data.replace("<", "\\u003c"))  # noqa: S308 - JSON, without a way out of its element


def line(label: str, ink: str, series: Sequence[float | None], **more: Any) -> dict[str, Any]:
    """A series as a line."""
    return {"label": label, "data": list(series), "ink": ink, "borderWidth": 2, "pointRadius": 0, "tension": 0, **more}


def bars(label: str, ink: str, series: Sequence[float | None], **more: Any) -> dict[str, Any]:
    """A series as bars."""
    return {"label": label, "data": list(series), "ink": ink, "maxBarThickness": 22, "borderRadius": 2, **more}


def chart(
    name: str, title: str, says: str, labels: Sequence[object], datasets: Sequence[dict[str, Any]], **axes: Any
) -> Chart:
    """A chart whose values are shares in percent, or counts where `percent` is false."""
    data = {"labels": [str(one) for one in labels], "datasets": list(datasets)}
    return Chart(name, title, says, json.dumps(data), json.dumps(options(**axes)))


def options(percent: bool = True, across: bool = False, x: str = "", ticks: int = 9) -> dict[str, Any]:
    """What all our charts have in common: no motion, a legend below, values that begin at zero."""
    title = {"display": percent, "text": "% of messages sent"} if percent else {"display": False}
    values = {"beginAtZero": True, "ticks": {"precision": 0, "maxTicksLimit": 7}, "title": title}
    names = {"grid": {"display": False}, "ticks": {"maxTicksLimit": ticks, "maxRotation": 0, "autoSkip": not across},
             "title": {"display": bool(x), "text": x}}  # fmt: skip
    return {
        "responsive": True, "maintainAspectRatio": False, "animation": False,
        "indexAxis": "y" if across else "x",
        "interaction": {"mode": "index", "intersect": False, "axis": "y" if across else "x"},
        "scales": {"x": values, "y": names} if across else {"x": names, "y": values},
        "plugins": {"legend": {"display": True, "position": "bottom", "align": "start"}},
    }  # fmt: skip


def of_funnel(told: Report) -> Chart:
    """The steps that nearly everybody goes through, raw beside adjusted where they differ."""
    steps = {"Audience": told.audience, "Submitted": told.sent}
    if told.delivered:
        steps["Delivered"] = told.delivered
    raw, adjusted = dict(steps), dict(steps)
    for name, kind in (("Opened", Event.Kind.OPEN), ("Clicked", Event.Kind.CLICK)):
        if not (seen := told.of(kind)).unnamed:
            raw[name], adjusted[name] = seen.messages, seen.readers
    says = ", ".join(_said(name, adjusted[name], raw[name]) for name in raw)
    # Raw lies behind, the broader, and is seen where it is more.
    sets = [
        bars("adjusted", ADJUSTED, list(adjusted.values()), grouped=False, order=1, barPercentage=0.55),
        bars("raw", RAW, [raw[name] if raw[name] != adjusted[name] else None for name in raw], grouped=False, order=2),
    ]
    return Chart(
        "chart-funnel", "From the audience to the click", f"{says}. The figures above say the same.",
        json.dumps({"labels": list(raw), "datasets": sets}), json.dumps(options(percent=False, across=True)), "bar",
    )  # fmt: skip


def _said(name: str, adjusted: int, raw: int) -> str:
    return f"{name} {adjusted:,}" if adjusted == raw else f"{name} {adjusted:,} adjusted, {raw:,} raw"


def of_curves(told: Curves) -> list[Chart]:
    """What was opened and what was clicked, hour by hour."""
    return [_curve(told, what, verb) for what, verb in (("opened", "Opened"), ("clicked", "Clicked"))]


def _curve(told: Curves, what: str, verb: str) -> Chart:
    raw, adjusted = told.curves[what], told.curves[f"{what}_adjusted"]
    dot = 3 if len(adjusted.shares) == 1 else 0  # of one hour alone there is no line to be seen
    datasets = [
        line("adjusted", ADJUSTED, _percents(adjusted.shares), borderWidth=3, pointRadius=dot),
        line("raw", RAW, _percents(raw.shares), borderDash=[2, 3], pointRadius=dot),
    ]
    if told.earlier:
        datasets += [
            line("usual, adjusted", USUAL, _percents(adjusted.median), borderDash=[8, 4]),
            line("least", USUAL, _percents(adjusted.least), borderWidth=1, fill=False, quiet=True),
            line("range of usual", USUAL, _percents(adjusted.most), borderWidth=1, fill="-1"),
        ]
    return chart(f"chart-{what}", f"{verb} in the first 48 hours", _says(verb, raw, adjusted, told.earlier),
                 list(told.hours), datasets, x="hours since sending began", ticks=17)  # fmt: skip


def _says(verb: str, raw: Curve, adjusted: Curve, earlier: int) -> str:
    """The chart in a sentence, for who cannot see it."""
    hours = len(adjusted.shares)
    if not hours:
        return f"{verb}: nothing yet."
    said = f"{verb} after {hours} hours: {adjusted.shares[-1]:.1%} adjusted, {raw.shares[-1]:.1%} raw"
    if earlier and len(adjusted.median) >= hours:
        said += f"; usual by then is {adjusted.median[hours - 1]:.1%} adjusted"
    return f"{said}. The table below has every hour."


def _percents(shares: Sequence[float]) -> list[float]:
    return [round(100 * share, 2) for share in shares]
