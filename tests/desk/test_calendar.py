"""The calendar at the desk: what it shows, what is done to a date and by whom, the series editor, and the feed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from newsletter import roles
from newsletter.compose import Plan, planning
from newsletter.desk.pages.calendar import feed
from newsletter.desk.pages.calendar.grid import View, date_page
from newsletter.desk.pages.calendar.series_form import in_words
from newsletter.models import CalendarFeed, DateChange, Issue, Membership, Recurrence, Series
from tests.factories import make_edition, make_issue, make_item, make_post, make_sent_issue, make_staff

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
DAILY = {
    "title": "The Daily", "sources": ["wire"], "lists": ["readers"], "postal_address": "1 Test Street",
    "sender": {"address": "daily@news.example.org"}, "schedule": {"cron": "0 6 * * MON", "time_zone": "Asia/Tokyo"},
}  # fmt: skip


@pytest.fixture
def config(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"daily": DAILY}, site={"time_zone": "Europe/Berlin"})
    return settings.NEWSLETTER


def due(config, number=3):
    """A date of `weekly` some weeks ahead."""
    ahead = Plan.of(config, "weekly").upcoming(datetime.now(UTC) + number * WEEK)
    return next(ahead).at


def post(client, config, key, do, newsletter="weekly", **data):
    data.setdefault("seen", planning.place_of(config, newsletter, key).mark)
    return client.post(date_page(newsletter, key), {"do": do, **data})


def month_of(client, at, **more):
    return client.get(reverse("desk-calendar"), {"month": f"{at:%Y-%m}", **more})


def entries(page):
    return [entry for week in page.context["weeks"] for day in week for entry in day.entries]


def editor(newsletter="", role="Editor", name="grace"):
    user, client = make_staff(name, is_superuser=False), Client()
    if newsletter:
        Membership.objects.create(user=user, group=Group.objects.get(name=role), newsletter=newsletter)
    else:
        user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client, user


# ── the page ──


def test_a_month_shows_all_newsletters_each_in_its_own_zone(config, staff):
    at = due(config)
    page = month_of(staff, at)
    assert page.status_code == 200
    shown = {entry.letter.name: entry.clock for entry in entries(page)}
    assert shown == {"weekly": f"{at.astimezone(page.context['known'][0].zone):08:00 %Z}", "daily": "06:00 JST"}
    assert {entry.letter.name for entry in entries(month_of(staff, at, letter="daily"))} == {"daily"}


def test_what_was_sent_stands_there_with_a_figure_and_leads_to_its_report(config, staff):
    issue = make_sent_issue(due_at=datetime.now(UTC).replace(day=1, microsecond=0))
    (entry,) = [entry for entry in entries(month_of(staff, issue.due_at)) if entry.place.issue]
    assert (entry.status, entry.address) == ("sent", reverse("desk-report", args=(issue.pk,)))
    assert not entry.movable


def test_what_never_comes_is_not_shown(config, staff):
    Series.objects.create(newsletter="weekly", since=due(config, 4))
    found = [entry.place.at for entry in entries(month_of(staff, due(config, 2))) if entry.letter.name == "weekly"]
    assert all(at > Series.objects.get().since for at in found)


def test_holidays_stand_on_their_days(settings, make_config, staff):
    holidays = {"country": "DE", "dates": {"2027-12-24": "Closed"}}
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"schedule": {"holidays": holidays}}})
    page = month_of(staff, date(2027, 12, 1))
    found = {f"{day.date}": day.holidays for week in page.context["weeks"] for day in week if day.holidays}
    assert found["2027-12-24"] == ["Closed"]
    assert found["2027-12-25"] == ["Christmas Day"]


@pytest.mark.parametrize("asked", ["month=2027-13", "month=x", "week=2027-W60", "month=9999-12", "week=0001-W01"])
def test_an_address_that_names_no_month_shows_this_one(config, staff, asked):
    page = staff.get(f"{reverse('desk-calendar')}?{asked}")
    assert page.context["is_today"]


def test_weeks_and_months_follow_each_other_across_the_year():
    december = View.of({"month": "2026-12"}, date(2026, 1, 1))
    assert (december.beside(1).title, december.beside(-1).title) == ("January 2027", "November 2026")
    last = View.of({"week": "2026-W53"}, date(2026, 1, 1))
    assert (last.title, last.beside(1).asks) == ("28 December to 3 January 2027", {"week": "2027-W01"})
    assert last.as_month().title == "December 2026"


# ── a date ──


def test_dragging_to_another_day_keeps_the_time_and_can_be_undone(config, staff):
    key = due(config)
    local = key.astimezone(Plan.of(config, "weekly").zone)
    answer = post(staff, config, key, "move", day=f"{local + DAY:%Y-%m-%d}", back="month=2027-01&letter=weekly")
    assert (answer.status_code, answer.url) == (303, "/desk/calendar/?month=2027-01&letter=weekly")
    moved = planning.place_of(config, "weekly", key)
    assert moved.at.astimezone(local.tzinfo).replace(tzinfo=None) == (local + DAY).replace(tzinfo=None)
    page = staff.get(answer.url)
    undo = page.context["said"]["undo"]
    staff.post(undo["address"], {"do": "put_back", "was": undo["was"], "seen": undo["seen"]})
    assert not DateChange.objects.exists()
    assert staff.get(answer.url).context["said"]["words"].endswith("again.")
    assert LogEntry.objects.filter(user__username="ada", change_message__contains="as planned").count() == 2


def test_leaving_a_date_out_says_why_and_undoing_brings_it_back(config, staff):
    key = due(config)
    post(staff, config, key, "leave_out", reason="company party")
    page = month_of(staff, key)
    assert "company party" in page.content.decode()
    undo = page.context["said"]["undo"]
    staff.post(undo["address"], {"do": "put_back", "was": undo["was"], "seen": undo["seen"]})
    assert planning.place_of(config, "weekly", key).planned.due == key


def test_undoing_a_second_move_goes_back_to_the_first(config, staff):
    key = due(config)
    for days in (1, 2):
        post(staff, config, key, "move", day=f"{key + days * DAY:%Y-%m-%d}")
    undo = month_of(staff, key).context["said"]["undo"]
    staff.post(undo["address"], {"do": "put_back", "was": undo["was"], "seen": undo["seen"]})
    assert planning.place_of(config, "weekly", key).at == key + DAY


def test_an_issue_that_was_made_out_of_turn_is_moved_and_moved_back(config, staff):
    issue = make_issue(due_at=due(config) + timedelta(hours=3), status="in_review")
    post(staff, config, issue.due_at, "move", day=f"{issue.due_at + DAY:%Y-%m-%d}")
    undo = month_of(staff, issue.due_at).context["said"]["undo"]
    staff.post(undo["address"], {"do": "put_back", "was": undo["was"], "seen": undo["seen"]})
    assert Issue.objects.get().due_at == issue.due_at


def test_who_saw_something_else_is_told_what_it_is_now_and_loses_nothing(config, staff):
    key = due(config)
    seen = planning.place_of(config, "weekly", key).mark
    post(staff, config, key, "move", day=f"{key + DAY:%Y-%m-%d}", seen=seen)
    answer = post(staff, config, key, "leave_out", reason="my own reason", seen=seen)
    assert answer.status_code == 409
    assert "somebody else has changed this" in answer.content.decode()
    assert 'value="my own reason"' in answer.content.decode()
    assert planning.place_of(config, "weekly", key).at == key + DAY


def test_a_move_that_costs_an_approval_asks_first(config, staff):
    issue = make_issue(due_at=due(config), status="approved")
    issue.edition = make_edition(issue)
    issue.save()
    day = f"{issue.due_at + DAY:%Y-%m-%d}"
    asked = post(staff, config, issue.due_at, "move", day=day)
    assert asked.status_code == 422
    assert "approval is void" in asked.content.decode()
    assert Issue.objects.get().due_at == issue.due_at
    assert post(staff, config, issue.due_at, "move", day=day, sure="on").status_code == 303
    assert Issue.objects.get().status == "in_review"


@pytest.mark.parametrize(
    "data", [{"day": "soon"}, {"day": "2020-01-01"}, {"day": ""}, {"day": "2030-01-01", "time": "x"}]
)
def test_what_is_no_moment_to_come_is_refused_and_stays_in_the_form(config, staff, data):
    answer = post(staff, config, due(config), "move", **data)
    assert answer.status_code == 422
    assert f'value="{data["day"]}"' in answer.content.decode() or not data["day"]
    assert not DateChange.objects.exists()


def test_putting_back_does_not_cost_an_approval_unasked(config, staff):
    key = due(config)
    post(staff, config, key, "move", day=f"{key + DAY:%Y-%m-%d}")
    issue = make_issue(due_at=key + DAY, status="approved")
    answer = post(staff, config, key, "put_back", was="")
    assert answer.status_code == 422
    assert "would void its approval" in answer.content.decode()
    assert Issue.objects.get().due_at == issue.due_at


def test_an_issue_is_drawn_up_now_from_what_there_is(config, staff):
    make_post(title="Whales", published_at=datetime.now(UTC) - DAY, collected_at=datetime.now(UTC))
    Series.objects.create(newsletter="weekly", since=datetime.now(UTC) - WEEK)
    key = due(config, 0)
    answer = post(staff, config, key, "draw_up")
    issue = Issue.objects.get()
    assert answer.url == reverse("desk-edit", args=(issue.pk,))
    assert [item.title for item in issue.items.all()] == ["Whales"]
    assert issue.due_at == key


def test_what_is_no_date_is_not_found_and_the_page_changes_nothing(config, staff):
    key = due(config)
    assert staff.get(date_page("weekly", key + timedelta(hours=1))).status_code == 404
    assert staff.get(reverse("desk-calendar-date", args=("weekly", "x"))).status_code == 404
    assert staff.post(date_page("weekly", key), {"do": "nonsense"}).status_code == 404
    assert staff.get(date_page("weekly", key)).status_code == 200
    assert not DateChange.objects.exists()


@pytest.mark.parametrize("do", ["move", "leave_out", "put_back", "draw_up"])
def test_who_may_not_schedule_looks_and_changes_nothing(config, do):
    client, _ = editor(role="Analyst")
    key = due(config)
    assert client.get(date_page("weekly", key)).status_code == 200
    assert post(client, config, key, do, day=f"{key + DAY:%Y-%m-%d}").status_code == 403
    assert not DateChange.objects.exists()


def test_a_role_for_one_newsletter_shows_and_plans_just_that(config):
    client, _ = editor("weekly")
    key = due(config)
    page = month_of(client, key)
    assert {entry.letter.name for entry in entries(page)} == {"weekly"}
    assert all(entry.movable for entry in entries(page) if not entry.place.issue)
    monday = next(Plan.of(config, "daily").upcoming(datetime.now(UTC) + WEEK)).at
    assert client.get(date_page("daily", monday)).status_code == 403
    assert client.get(reverse("desk-series", args=("daily",))).status_code == 403


# ── the series ──

TUESDAYS = {"repeat": "weekly", "days": ["TUE"], "weeks": "1", "time": "09:00", "time_zone": "Europe/Berlin"}


def series(client, do="save", newsletter="weekly", **data):
    data = {"seen": planning.recurrence_mark(newsletter), "since": f"{datetime.now(UTC) + WEEK:%Y-%m-%d}", **data}
    return client.post(reverse("desk-series", args=(newsletter,)), {"do": do, **data})


@pytest.mark.parametrize(
    ("chosen", "cron", "weeks", "words"),
    [
        (TUESDAYS | {"days": ["TUE", "FRI"], "weeks": "2"}, "0 9 * * TUE,FRI", 2,
         "Tuesday and Friday of every 2 weeks at 09:00, Europe/Berlin"),
        (TUESDAYS | {"repeat": "weekdays"}, "0 9 * * MON-FRI", 1, "Monday to Friday at 09:00, Europe/Berlin"),
        (TUESDAYS | {"repeat": "nth", "nth": "2", "weekday": "SUN"}, "0 9 * * SUN#2", 1,
         "The second Sunday of each month at 09:00, Europe/Berlin"),
        (TUESDAYS | {"repeat": "nth", "nth": "L", "weekday": "FRI"}, "0 9 * * 5L", 1,
         "The last Friday of each month at 09:00, Europe/Berlin"),
        (TUESDAYS | {"repeat": "monthly", "day": "L"}, "0 9 L * *", 1,
         "The last day of each month at 09:00, Europe/Berlin"),
        (TUESDAYS | {"repeat": "cron", "cron": "0 8 1,15 * *"}, "0 8 1,15 * *", 1,
         "By the cron line 0 8 1,15 * *, Europe/Berlin"),
    ],
)  # fmt: skip
def test_what_an_editor_chooses_is_kept_as_a_line_and_shown_as_chosen(config, staff, chosen, cron, weeks, words):
    assert series(staff, **chosen).status_code == 303
    row = Recurrence.objects.get()
    assert (row.cron, row.weeks, row.by.username) == (cron, weeks, "ada")
    page = staff.get(reverse("desk-series", args=("weekly",)))
    assert page.context["form"].initial["repeat"] == chosen["repeat"]
    assert in_words(Plan.of(config, "weekly").spans[-1].rule) == words
    assert len(page.context["dates"]) == 10


def test_the_next_ten_dates_are_shown_before_anything_changes_with_clock_changes_marked(config, staff):
    page = series(staff, "show", **TUESDAYS | {"repeat": "monthly", "day": "15"})
    assert page.status_code == 200
    dates = page.context["dates"]
    assert (len(dates), not Recurrence.objects.exists()) == (10, True)
    # Of ten months, two hold a change of the clocks.
    assert sum(one.changes for one in dates) in (1, 2)
    assert page.context["tried"]
    assert page.context["gone"]


def test_who_may_only_look_may_try_it_out_and_not_save(config):
    client, _ = editor(role="Analyst")
    assert series(client, "show", **TUESDAYS).status_code == 200
    assert series(client, **TUESDAYS).status_code == 403
    assert series(client, "config").status_code == 403
    assert not Recurrence.objects.exists()


def test_back_to_config_yaml(config, staff):
    series(staff, **TUESDAYS)
    assert series(staff, "config").status_code == 303
    assert in_words(Plan.of(config, "weekly").spans[-1].rule) == "Friday at 08:00, Europe/Berlin"


def test_a_recurrence_that_somebody_else_has_changed_is_not_overwritten(config, staff):
    seen = planning.recurrence_mark("weekly")
    series(staff, **TUESDAYS)
    answer = series(staff, **TUESDAYS | {"days": ["WED"]}, seen=seen)
    assert answer.status_code == 409
    assert answer.context["form"]["days"].value() == ["WED"]
    assert Recurrence.objects.get().cron == "0 9 * * TUE"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"days": []}, "days"), ({"time": ""}, "time"), ({"since": "2020-01-01"}, "since"), ({"weeks": "0"}, "weeks"),
     ({"repeat": "cron", "cron": "0 8 30 2 *"}, "cron"), ({"time_zone": "Mars/Base"}, "time_zone")],
)  # fmt: skip
def test_what_is_not_whole_is_refused_with_what_was_chosen(config, staff, wrong, field):
    answer = series(staff, **TUESDAYS | wrong)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Recurrence.objects.exists()


def test_an_issue_that_is_drawn_up_is_named_before_a_recurrence_overtakes_it(config, staff):
    issue = make_issue(due_at=due(config), status="in_review")
    page = series(staff, "show", **TUESDAYS)
    assert page.context["stays"] == [issue]
    begins = staff.get(reverse("desk-series", args=("weekly",))).context["form"].initial["since"]
    assert begins > issue.due_at.date()


# ── the feed ──


def address_of(user):
    CalendarFeed.renew(user)
    return "/" + feed.address_of(user).split("/", 3)[3]


def events(answer):
    return {str(event["uid"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_the_feed_tells_when_and_how_it_stands_and_leads_to_the_desk(config):
    user, key = make_staff(), due(config)
    issue = make_issue(due_at=key, status="in_review")
    make_item(issue)
    answer = Client().get(address_of(user))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    event = events(answer)[f"weekly-{key:%Y%m%dT%H%MZ}@127.0.0.1"]
    assert (event["summary"], event["status"], event["dtstart"].dt) == ("The Weekly (in review)", "TENTATIVE", key)
    assert event["url"].endswith(date_page("weekly", key))


def test_an_event_keeps_its_name_when_its_date_is_moved_or_left_out(config):
    user, key = make_staff(), due(config)
    where, name = address_of(user), f"weekly-{key:%Y%m%dT%H%MZ}@127.0.0.1"
    planning.move_date(config, "weekly", key, key + DAY, "", datetime.now(UTC))
    assert events(Client().get(where))[name]["dtstart"].dt == key + DAY
    planning.leave_date_out(config, "weekly", key, "party", datetime.now(UTC))
    assert events(Client().get(where))[name]["status"] == "CANCELLED"


def test_a_program_that_has_it_already_is_not_sent_it_again(config):
    where = address_of(make_staff())
    first = Client().get(where)
    assert first["Cache-Control"] == "private, max-age=900"
    assert Client().get(where, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_the_feed_shows_what_its_owner_may_see_at_that_moment(config):
    _, user = editor("weekly")
    where = address_of(user)
    assert {name.partition("-")[0] for name in events(Client().get(where))} == {"weekly"}
    Membership.objects.all().delete()
    assert events(Client().get(where)) == {}
    assert roles.newsletters_of(user, "newsletter.view_issue") is not None
    user.is_active = False
    user.save()
    assert Client().get(where).status_code == 404


def test_a_new_address_ends_the_old_one_and_a_wrong_one_leads_nowhere(config, staff):
    staff.post(reverse("desk-calendar-feed"), {"do": "renew"})
    page = staff.get(reverse("desk-you")).content.decode()
    row = CalendarFeed.objects.get()
    old = "/" + feed.address_of(row.user).split("/", 3)[3]
    assert old in page
    assert Client().get(old).status_code == 200
    staff.post(reverse("desk-calendar-feed"), {"do": "renew"})
    new = "/" + feed.address_of(row.user).split("/", 3)[3]
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)
    assert Client().get(f"{new[:-5]}x.ics").status_code == 404
    staff.post(reverse("desk-calendar-feed"), {"do": "revoke"})
    assert Client().get(new).status_code == 404
    assert feed.address_of(row.user) not in page or not feed.address_of(row.user)
