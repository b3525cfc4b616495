"""A recurrence as an editor thinks of it, and the cron line that it is kept as."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from django import forms

from newsletter.compose.calendar import Span
from newsletter.compose.recurrence import Rule, moment_in
from newsletter.models import Recurrence

DAYS = (("MON", "Monday"), ("TUE", "Tuesday"), ("WED", "Wednesday"), ("THU", "Thursday"), ("FRI", "Friday"),
        ("SAT", "Saturday"), ("SUN", "Sunday"))  # fmt: skip
NUMBERS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
NTH = (("1", "first"), ("2", "second"), ("3", "third"), ("4", "fourth"), ("L", "last"))
REPEATS = (
    ("weekly", "On days of the week"), ("weekdays", "Monday to Friday"), ("nth", "On a weekday of each month"),
    ("monthly", "On a day of each month"), ("cron", "By a cron line"), ("none", "Not at all: made by hand only"),
)  # fmt: skip
ALL = "MON,TUE,WED,THU,FRI"


class SeriesForm(forms.Form):
    """What is asked; `initial_of` says it of a recurrence in force."""

    repeat = forms.ChoiceField(choices=REPEATS, widget=forms.RadioSelect, label="Repeat")
    days = forms.MultipleChoiceField(choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple, label="Days")
    weeks = forms.IntegerField(min_value=1, max_value=12, required=False, label="Every so many weeks")
    nth = forms.ChoiceField(choices=NTH, required=False, label="Which one")
    weekday = forms.ChoiceField(choices=DAYS, required=False, label="Weekday")
    day = forms.ChoiceField(
        choices=[*((str(n), str(n)) for n in range(1, 32)), ("L", "last day")], required=False, label="Day of the month"
    )
    cron = forms.CharField(max_length=200, required=False, label="Cron line")
    time = forms.TimeField(required=False, label="Time", widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    time_zone = forms.ChoiceField(label="Time zone")
    since = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        zones = forms.ChoiceField(label="Time zone", choices=[(name, name) for name in sorted(available_timezones())])
        self.fields["time_zone"] = zones
        self.order_fields([*self.base_fields])

    def clean_since(self) -> date:
        """Refuse a day that has passed."""
        since: date = self.cleaned_data["since"]
        if since < self.today:
            raise forms.ValidationError("What has passed cannot be planned anew: choose today or a later day.")
        return since

    def clean(self) -> dict[str, Any]:
        """Ask for what the choice needs."""
        cleaned = super().clean() or {}
        repeat = cleaned.get("repeat")
        if repeat == "weekly" and not cleaned.get("days"):
            self.add_error("days", "Choose one day at least.")
        if repeat in ("weekly", "weekdays", "nth", "monthly") and "time" not in self.errors and not cleaned.get("time"):
            self.add_error("time", "Give a time.")
        if repeat == "nth" and not (cleaned.get("nth") and cleaned.get("weekday")):
            self.add_error("nth", "Choose which one, and the weekday.")
        if repeat == "monthly" and not cleaned.get("day"):
            self.add_error("day", "Choose the day.")
        if repeat == "cron":
            self._check_cron(cleaned.get("cron", ""))
        return cleaned

    def _check_cron(self, line: str) -> None:
        try:
            if len(line.split()) != 5:
                raise CronSimError("it has five fields: minute, hour, day, month, weekday, such as 0 8 * * FRI")
            next(CronSim(line, datetime.combine(self.today, time())))
        except (CronSimError, StopIteration) as error:
            self.add_error("cron", f"That is no cron line that ever comes due: {str(error) or 'no such day comes'}.")

    @property
    def fields_of_rule(self) -> dict[str, Any]:
        """What is kept of it."""
        chosen, repeat = self.cleaned_data, self.cleaned_data["repeat"]
        if repeat == "none":
            return {"kind": Recurrence.Kind.NONE}
        weeks = (chosen["weeks"] or 1) if repeat == "weekly" else 1
        return {"kind": Recurrence.Kind.RULE, "cron": self._cron(), "weeks": weeks, "time_zone": chosen["time_zone"]}

    def moment(self, zone: ZoneInfo) -> datetime:
        """From when it holds."""
        return moment_in(zone, datetime.combine(self.cleaned_data["since"], time()))

    def _cron(self) -> str:
        chosen, repeat = self.cleaned_data, self.cleaned_data["repeat"]
        if repeat == "cron":
            return " ".join(chosen["cron"].upper().split())
        clock = f"{chosen['time'].minute} {chosen['time'].hour}"
        if repeat == "weekly":
            return f"{clock} * * {','.join(chosen['days'])}"
        if repeat == "nth":
            last = chosen["nth"] == "L"
            day = f"{NUMBERS[chosen['weekday']]}L" if last else f"{chosen['weekday']}#{chosen['nth']}"
            return f"{clock} * * {day}"
        return f"{clock} * * MON-FRI" if repeat == "weekdays" else f"{clock} {chosen['day']} * *"


def initial_of(span: Span, zone: str, since: date) -> dict[str, Any]:
    """What the form shows of a rule in force; one that no choice says is shown as its cron line."""
    found: dict[str, Any] = {"repeat": "none", "days": ["FRI"], "weeks": 1, "nth": "1", "weekday": "FRI", "day": "1",
                             "time": time(8), "time_zone": zone, "since": since}  # fmt: skip
    if span.rule is None:
        return found
    found |= {"cron": span.rule.cron, "time_zone": span.rule.time_zone, "weeks": span.rule.weeks, "repeat": "cron"}
    minute, hour, day, month, weekday = span.rule.cron.upper().split()
    if month == "*" and minute.isdecimal() and hour.isdecimal():
        found |= {**_shape(day, weekday), "time": time(int(hour), int(minute))}
    return found


def in_words(rule: Rule | None) -> str:
    """A rule as one says it."""
    if rule is None:
        return "No dates: issues are made by hand only"
    form = initial_of(Span(rule), rule.time_zone, date.min)
    clock = f"at {form['time']:%H:%M}, {rule.time_zone}"
    if form["repeat"] == "weekdays":
        return f"Monday to Friday {clock}"
    if form["repeat"] == "nth":
        return f"The {dict(NTH)[form['nth']]} {dict(DAYS)[form['weekday']]} of each month {clock}"
    if form["repeat"] == "monthly":
        return f"{'The last day' if form['day'] == 'L' else 'Day ' + form['day']} of each month {clock}"
    if form["repeat"] == "weekly":
        days = [name for code, name in DAYS if code in form["days"]]
        named = "Every day" if len(days) == 7 else " and ".join(filter(None, (", ".join(days[:-1]), days[-1])))
        return f"{named}{f' of every {rule.weeks} weeks' if rule.weeks > 1 else ''} {clock}"
    return f"By the cron line {rule.cron}, {rule.time_zone}"


def _shape(day: str, weekday: str) -> dict[str, Any]:
    """Which choice a line's day and weekday are, and what is chosen; nothing where they are none."""
    names = {str(number): name for name, number in NUMBERS.items()}
    if day == "*" and weekday in ("MON-FRI", "1-5", ALL):
        return {"repeat": "weekdays", "days": ALL.split(",")}
    if day == "*" and (found := re.fullmatch(r"(\w{1,3})#([1-4])|([0-6])L", weekday)):
        named, nth, last = found.groups()
        if last or names.get(named, named) in NUMBERS:
            return {"repeat": "nth", "weekday": names[last] if last else names.get(named, named), "nth": nth or "L"}
    days = [name for name, _ in DAYS] if weekday == "*" else [names.get(one, one) for one in weekday.split(",")]
    if day == "*" and set(days) <= set(NUMBERS):
        return {"repeat": "weekly", "days": days}
    if weekday == "*" and (day == "L" or day.isdecimal()):
        return {"repeat": "monthly", "day": day}
    return {}
