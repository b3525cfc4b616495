"""One date: what is planned for it, and what can be done to it: move it, leave it out, put it back, draw it up now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from newsletter import compose, roles
from newsletter.compose import planning
from newsletter.compose.recurrence import moment_in
from newsletter.desk.actions import SeeOther
from newsletter.desk.asking import INPUT
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.calendar.grid import KEY, Entry, View, address, can_move, date_page
from newsletter.desk.pages.calendar.page import PLAN, SAID, SEE, letters_of
from newsletter.models import Issue, TransitionRefused
from newsletter.models.planning import LONGEST_REASON
from newsletter.settings import current

Status = Issue.Status
KEPT = ("%Y-%m-%d", "%H:%M", "%a %-d %B, %H:%M")
SAY_WHY = forms.CharField(
    required=False, max_length=LONGEST_REASON, label="Reason", widget=forms.TextInput(INPUT),
    help_text="Shown in the calendar, and kept in the log.",
)  # fmt: skip


class MoveForm(forms.Form):
    """To which day and time; a day alone keeps the time."""

    day = forms.DateField(label="Day", widget=forms.DateInput({**INPUT, "type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(
        required=False, label="Time", widget=forms.TimeInput({**INPUT, "type": "time"}, format="%H:%M")
    )
    sure = forms.BooleanField(required=False, label="Move it all the same")

    def moment(self, entry: Entry) -> datetime:
        """What was chosen, in the newsletter's zone."""
        chosen = self.cleaned_data["time"] or entry.local.time()
        return moment_in(entry.letter.zone, datetime.combine(self.cleaned_data["day"], chosen))


class ReasonForm(forms.Form):
    """Why it is left out."""

    reason = SAY_WHY


@dataclass
class Asked:
    """A date that somebody looks at, and what they ask to be done to it."""

    request: HttpRequest
    newsletter: str
    key: datetime
    entry: Entry

    @property
    def seen(self) -> str:
        """What they were shown."""
        return self.request.POST.get("seen", "")

    def wants(self, what: str) -> bool:
        """Whether it is this that they ask for."""
        return self.request.POST.get("do") == what


@staff_page(SEE, posts=True)
def date(request: HttpRequest, newsletter: str, key: str) -> HttpResponse:
    """Show it; on POST do what was asked, and go back to the calendar."""
    letter = next((one for one in letters_of(request) if one.name == newsletter), None)
    moment = _moment(key)
    if letter is None or moment is None:
        raise Http404("there is no such date")
    place = planning.place_of(current(), newsletter, moment)
    if not place.planned and not place.issue:
        raise Http404("nothing is due then")
    asked = Asked(request, newsletter, moment, Entry(place, letter))
    if request.method != "POST":
        return _page(asked)
    if not roles.may(request.user, PLAN, newsletter):
        raise PermissionDenied
    act = ACTS.get(request.POST.get("do", ""))
    if act is None:
        raise Http404("nothing can be done by that name")
    try:
        return act(asked)
    except planning.Changed:
        return _page(asked, 409, f"Nothing was done: somebody else has changed this meanwhile. {_now(asked)}")
    except TransitionRefused as error:
        words = str(error)
        return _page(asked, 422, f"{words[:1].upper()}{words[1:]}. Nothing was changed.")


def _now(asked: Asked) -> str:
    entry = asked.entry
    said = "; ".join((entry.status, *entry.notes))
    return f"It is this now: {entry.when}, {said}. Look at it, and do it again if you still want it."


# ── what can be done ─────────────────────────────────────────────────────────────────────────────────────────────────


def _move(asked: Asked) -> HttpResponse:
    form = MoveForm(asked.request.POST)
    if not form.is_valid():
        return _page(asked, 422)
    entry, to = asked.entry, form.moment(asked.entry)
    if to == entry.place.at and entry.place.planned and entry.place.planned.due:
        return SeeOther(_back(asked))
    if _voids(entry, to) and not form.cleaned_data["sure"]:
        return _page(asked, 422, unsure=True)
    was = entry.place
    done = planning.move_date(current(), asked.newsletter, asked.key, to, "", timezone.now(), asked.seen or was.mark)
    words = f"{entry.title} is due on {to.astimezone(entry.letter.zone):%a %-d %B, %H:%M %Z} now."
    if done.voided:
        words += " Its approval is void, because the mail bears its date: approve it again."
    _say(asked, words, done, was)
    return SeeOther(_back(asked))


def _leave_out(asked: Asked) -> HttpResponse:
    form = ReasonForm(asked.request.POST)
    if not form.is_valid():
        return _page(asked, 422)
    was, now = asked.entry.place, timezone.now()
    done = planning.leave_date_out(
        current(), asked.newsletter, asked.key, form.cleaned_data["reason"], now, asked.seen or was.mark
    )
    words = f"No issue of {asked.entry.title} on {asked.entry.local:%a %-d %B}: its posts go to the next one."
    _say(asked, words, done, None if was.issue else was)
    return SeeOther(_back(asked))


def _put_back(asked: Asked) -> HttpResponse:
    was = asked.request.POST.get("was", "")
    if was and not was.startswith("-") and _iso(was) is None:
        raise Http404("that is no moment")
    place = asked.entry.place
    if _voids(asked.entry, _iso(was) or asked.key):
        raise TransitionRefused("putting it back would void its approval; move it below, if that is what you want")
    if place.planned is None and place.issue and (to := _iso(was)):
        planning.move_date(current(), asked.newsletter, asked.key, to, "", timezone.now(), asked.seen or place.mark)
        asked.request.session[SAID] = {"words": "Undone."}
        return SeeOther(_back(asked))
    done = planning.put_back(current(), asked.newsletter, asked.key, was, timezone.now(), asked.seen or place.mark)
    at = done.place.at.astimezone(asked.entry.letter.zone)
    due = done.place.issue or (done.place.planned and done.place.planned.due)
    words = f"{asked.entry.title} is due on {at:%a %-d %B, %H:%M %Z} again." if due else "Undone: it is left out again."
    asked.request.session[SAID] = {"words": words}
    return SeeOther(_back(asked))


def _draw_up(asked: Asked) -> HttpResponse:
    """Make the issue from what has been collected so far; no source is visited while somebody waits."""
    config, now, place = current(), timezone.now(), asked.entry.place
    with planning.alone(config, asked.newsletter, asked.key, now, asked.seen or place.mark) as held:
        if held.issue is None and (held.planned is None or held.planned.due is None):
            raise TransitionRefused("no issue is due then: put the date back first")
        issue = compose.draw_up(config, asked.newsletter, held.at, now)
    if issue.status == Status.SKIPPED:
        asked.request.session[SAID] = {"words": f"{issue} was {issue.reason}."}
        return SeeOther(_back(asked))
    return SeeOther(reverse("desk-edit", args=(issue.pk,)))


ACTS: dict[str, Callable[[Asked], HttpResponse]] = {
    "move": _move, "leave_out": _leave_out, "put_back": _put_back, "draw_up": _draw_up,
}  # fmt: skip


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _page(asked: Asked, status: int = 200, problem: str = "", unsure: bool = False) -> HttpResponse:
    entry, place, now = asked.entry, asked.entry.place, timezone.now()
    issue, may = place.issue, entry.letter.may_plan
    data = asked.request.POST
    move = MoveForm(
        data if asked.wants("move") else None, initial={"day": entry.local.date(), "time": entry.local.time()}
    )
    due = bool(issue or (place.planned and place.planned.due))
    answer = desk_page(
        asked.request, "calendar_date.html", f"{entry.title}, {entry.local:%-d %B %Y}", entry=entry, place=place,
        issue=issue, problem=problem, unsure=unsure, move=move,
        reason=ReasonForm(data if asked.wants("leave_out") else None),
        may_move=may and can_move(place) and (due or place.original_ahead(now)),
        may_leave_out=may and due and can_move(place) and (issue is not None or place.at > now),
        may_put_back=may and _can_put_back(place, now), may_keep=may and _can_keep(place, now),
        may_draw_up=may and issue is None and due and place.at > now,
        kept=[f"{place.key.astimezone(entry.letter.zone):{form}}" for form in KEPT],
        holiday=place.planned.holiday if place.planned else "",
        cut_off=_cut_off(entry), back=_back(asked), asks=data.get("back", asked.request.GET.get("back", "")),
        series=reverse("desk-series", args=(asked.newsletter,)),
        voids=issue is not None and issue.status in (Status.APPROVED, Status.SCHEDULED), zone=str(entry.letter.zone),
    )  # fmt: skip
    answer.status_code = status
    return answer


def _can_put_back(place: planning.Place, now: datetime) -> bool:
    """Whether something was decided of it that can be taken back."""
    return bool(place.planned and place.planned.change and place.planned.original > now and not (
        place.issue and place.issue.status not in Issue.EDITABLE
    ))  # fmt: skip


def _can_keep(place: planning.Place, now: datetime) -> bool:
    """Whether a holiday has moved it or left it out, which nobody has decided for it."""
    planned = place.planned
    taken = planned is not None and planned.change is None and planned.due != planned.original
    return taken and place.key > now and place.issue is None


def _voids(entry: Entry, to: datetime) -> bool:
    """Whether a move costs an approval: the mail bears its day."""
    issue = entry.place.issue
    if issue is None or issue.status not in (Status.APPROVED, Status.SCHEDULED):
        return False
    return to.astimezone(entry.letter.zone).date() != entry.local.date()


def _cut_off(entry: Entry) -> str:
    """When it is drawn up, if it is not yet."""
    planned = entry.place.planned
    if entry.place.issue or planned is None or planned.due is None:
        return ""
    at = planned.due - current().newsletters[entry.letter.name].cut_off
    return f"{at.astimezone(entry.letter.zone):%A %-d %B %Y, %H:%M %Z}"


def _say(asked: Asked, words: str, done: planning.Done, was: planning.Place | None) -> None:
    """Have the calendar say it once; with a way to undo it, if there is one."""
    undo = None
    if was is not None:
        key = done.place.key
        before = was.was if was.planned else was.at.astimezone(UTC).isoformat()
        undo = {"address": date_page(asked.newsletter, key), "was": before, "seen": done.place.mark}
    asked.request.session[SAID] = {"words": words, "undo": undo}


def _back(asked: Asked) -> str:
    """Where they came from, or the month that it is in."""
    # Only what follows the question mark is taken, so that it leads nowhere but to the calendar.
    given = asked.request.POST.get("back", asked.request.GET.get("back", ""))
    if given:
        return f"{reverse('desk-calendar')}?{given}"
    return address(View("month", asked.entry.local.date().replace(day=1)))


def _moment(key: str) -> datetime | None:
    try:
        return datetime.strptime(key, KEY).replace(tzinfo=UTC)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
