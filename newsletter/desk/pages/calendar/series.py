"""The series editor: which recurrence is in force and where it is set; another, and what would come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from newsletter import compose, roles
from newsletter.compose import planning
from newsletter.compose.calendar import Plan, Span
from newsletter.compose.recurrence import moment_in
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.calendar.page import PLAN, SAID, SEE
from newsletter.desk.pages.calendar.series_form import SeriesForm, in_words, initial_of
from newsletter.models import Issue, Recurrence
from newsletter.settings import current

NEXT = 10
FURTHEST = timedelta(days=366)
"""Of the dates that would be no more, those of so long are told."""
MANY = 12


@dataclass(frozen=True)
class Shown:
    """A date to come, as the page tells it."""

    at: datetime
    local: datetime
    changes: bool
    holiday: str
    note: str
    issue: Issue | None = None

    @property
    def words(self) -> str:
        """Day, time and offset."""
        offset = f"{self.local:%z}"
        return f"{self.local:%a %-d %b %Y, %H:%M %Z} (UTC{offset[:3]}:{offset[3:]})"


@staff_page(SEE, posts=True)
def series(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Show it with the dates that the form as it stands would bring; on POST put it in force."""
    config, now = current(), timezone.now()
    if newsletter not in config.newsletters:
        raise Http404(f"there is no newsletter '{newsletter}'")
    plan = Plan.of(config, newsletter)
    today = now.astimezone(plan.zone).date()
    if request.method == "POST":
        return _posted(request, plan, today)
    initial = initial_of(_last(plan), str(plan.zone), _earliest(plan, today))
    return _page(request, plan, SeriesForm(today=today, initial=initial))


def _posted(request: HttpRequest, plan: Plan, today: date) -> HttpResponse:
    form, wish = SeriesForm(request.POST, today=today), request.POST.get("do")
    if wish == "show":
        return _page(request, plan, form)
    if not roles.may(request.user, PLAN, plan.name):
        raise PermissionDenied
    if wish == "config":
        return _back_to_config(request, plan, today)
    return _save(request, plan, form) if form.is_valid() else _page(request, plan, form, 422)


def _save(request: HttpRequest, plan: Plan, form: SeriesForm) -> HttpResponse:
    try:
        row = planning.begin_recurrence(
            current(), plan.name, form.moment(plan.zone), timezone.now(), request.POST.get("seen", ""),
            **form.fields_of_rule,
        )  # fmt: skip
    except planning.Changed as error:
        words = f"Nothing was saved: {error}. What you chose stands below; save it again if you still want it."
        return _page(request, plan, form, 409, problem=words)
    _say(request, f"From {row.since.astimezone(plan.zone):%-d %B %Y} on, this is the series of {_title(plan)}.")
    return SeeOther(reverse("desk-series", args=(plan.name,)))


def _back_to_config(request: HttpRequest, plan: Plan, today: date) -> HttpResponse:
    """From today on, but not before the issues that are there already."""
    since = moment_in(plan.zone, datetime.combine(_earliest(plan, today), datetime.min.time()))
    try:
        planning.begin_recurrence(
            current(), plan.name, since, timezone.now(), request.POST.get("seen", ""), kind=Recurrence.Kind.CONFIG
        )
    except planning.Changed as error:
        form = SeriesForm(today=today, initial=initial_of(_last(plan), str(plan.zone), _earliest(plan, today)))
        return _page(request, plan, form, 409, problem=f"Nothing was done: {error}. It stands below as it is now.")
    _say(request, f"The series of {_title(plan)} is that of config.yaml again, from {since:%-d %B %Y} on.")
    return SeeOther(reverse("desk-series", args=(plan.name,)))


def _say(request: HttpRequest, words: str) -> None:
    request.session[SAID] = {"words": words}


def _title(plan: Plan) -> str:
    return plan.letter.title if plan.letter else plan.name


def _page(
    request: HttpRequest, plan: Plan, form: SeriesForm, status: int = 200, problem: str = ""
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    chosen = _as_chosen(plan, form, now)
    asked = form.is_bound
    answer = desk_page(
        request, "calendar_series.html", f"Series of {_title(plan)}", form=form, problem=problem, newsletter=plan.name,
        spans=[_in_force(plan, span, now) for span in plan.spans if span.until is None or span.until > now],
        dates=_next(chosen, now), tried=chosen is not plan, gone=_gone(plan, chosen, form, now) if asked else [],
        stays=_stays(plan, form, now) if asked else [], seen=planning.recurrence_mark(plan.name),
        may_plan=roles.may(request.user, PLAN, plan.name), has_config=bool(plan.letter and plan.letter.schedule),
        can_go_back=_can_go_back(_last(plan).row),
        zone=str(plan.zone), said=request.session.pop(SAID, None) if request.method != "POST" else None,
        calendar=reverse("desk-calendar"), holidays=_holidays(plan),
    )  # fmt: skip
    answer.status_code = status
    return answer


def _can_go_back(row: Recurrence | None) -> bool:
    return row is not None and row.kind != Recurrence.Kind.CONFIG


def _as_chosen(plan: Plan, form: SeriesForm, now: datetime) -> Plan:
    """The plan as it would be with what the form holds; as it is, while it holds nothing whole."""
    if not form.is_bound or not form.is_valid():
        return plan
    since = max(form.moment(plan.zone), now)
    return plan.with_rule(Recurrence(newsletter=plan.name, since=since, **form.fields_of_rule))


def _last(plan: Plan) -> Span:
    return plan.spans[-1]


def _earliest(plan: Plan, today: date) -> date:
    """The day from which another recurrence does no harm: after the issues that are drawn up already."""
    last = Issue.regular(plan.name).filter(due_at__gte=timezone.now()).order_by("-due_at").first()
    return max(today, last.due_at.astimezone(plan.zone).date()) + timedelta(days=1) if last else today


def _in_force(plan: Plan, span: Span, now: datetime) -> dict[str, str]:
    """A recurrence in words: what it is, where it is set, by whom, since when."""
    row, since = span.row, span.since
    if row is None or row.kind == Recurrence.Kind.CONFIG:
        place = current().place_of("newsletters", plan.name, "schedule") if span.rule else "config.yaml"
        by = f"set in {place}"
    else:
        by = f"set here by {row.by.get_full_name() or row.by.get_username()}" if row.by else "set by hand"
        by += f", {row.created_at.astimezone(plan.zone):%-d %B %Y, %H:%M %Z}"
    begins = f"from {since.astimezone(plan.zone):%-d %B %Y, %H:%M %Z}" if since and since > now else "in force"
    return {"what": in_words(span.rule), "cron": span.rule.cron if span.rule else "", "by": by, "begins": begins}


def _next(plan: Plan, now: datetime) -> list[Shown]:
    """The next ten dates, with clock changes and holidays marked."""
    shown: list[Shown] = []
    issues = {issue.due_at: issue for issue in Issue.regular(plan.name).filter(due_at__gt=now)}
    before: timedelta | None = now.astimezone(plan.zone).utcoffset()
    for one in islice(plan.upcoming(now), NEXT):
        rule = plan.span_at(one.original).rule
        local = one.at.astimezone(rule.zone if rule else plan.zone)
        changed, before = local.utcoffset() != before and bool(shown), local.utcoffset()
        note = f"instead of {one.original.astimezone(plan.zone):%a %-d %b, %H:%M}" if one.moved else ""
        shown.append(Shown(one.at, local, changed, one.holiday, note, issues.get(one.at)))
    return shown


def _gone(plan: Plan, chosen: Plan, form: SeriesForm, now: datetime) -> list[str]:
    """The dates that would be no more, and what becomes of each."""
    if chosen is plan:
        return []
    since = max(form.moment(plan.zone), now)
    until = since + FURTHEST
    kept = {one.at for one in chosen.between(since, until) if one.due}
    lost = [one for one in plan.between(since, until) if one.due and one.at not in kept]
    issues = set(Issue.regular(plan.name).filter(due_at__gt=now).values_list("due_at", flat=True))
    told = [_fate(plan, one) for one in lost[:MANY] if one.at not in issues]
    return [*told, f"and {len(lost) - MANY} more within a year"] if len(lost) > MANY else told


def _fate(plan: Plan, one: compose.Planned) -> str:
    when = f"{one.at.astimezone(plan.zone):%a %-d %b %Y, %H:%M %Z}"
    return f"{when}, to which somebody moved it" if one.change else when


def _stays(plan: Plan, form: SeriesForm, now: datetime) -> list[Issue]:
    """Issues drawn up already for days from which the new recurrence would hold."""
    if not form.is_valid():
        return []
    return list(Issue.regular(plan.name).filter(due_at__gt=max(form.moment(plan.zone), now)).order_by("due_at")[:MANY])


def _holidays(plan: Plan) -> str:
    """Whose holidays count, and what for."""
    schedule = plan.letter.schedule if plan.letter else None
    if schedule is None or not (schedule.holidays.country or schedule.holidays.dates):
        return ""
    whose = "-".join(filter(None, (schedule.holidays.country, schedule.holidays.subdivision))) or "your own"
    then = {"tell": "are only shown", "skip": "leave an issue out", "move_before": "move an issue to the day before",
            "move_after": "move an issue to the day after"}[schedule.holidays.then]  # fmt: skip
    place = current().place_of("newsletters", plan.name, "schedule", "holidays")
    return f"Holidays ({whose}) {then}; set in {place}."
