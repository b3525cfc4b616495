"""Refusing and handing in again; when an issue is sent, in two zones; undoing it, and stopping the presses."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from newsletter import pipeline
from newsletter.models import Issue, Membership, Notice, TransitionRefused
from tests.desk.test_issues import asked, buttons, do
from tests.factories import (
    make_edition,
    make_issue,
    make_item,
    make_message,
    make_sent_issue,
    make_staff,
    make_subscriber,
)

pytestmark = pytest.mark.django_db
Status = Issue.Status
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ctx(config):
    return pipeline.Context(config=config, key=django_settings.SECRET_KEY)


@pytest.fixture
def issue():
    issue = make_issue(status=Status.IN_REVIEW, due_at=timezone.now() + timedelta(days=2))
    make_item(issue)
    return issue


@pytest.fixture
def approved(issue):
    issue.approve(make_edition(issue), None, timezone.now())
    return issue


def member(role, name=""):
    user = make_staff(name or role.lower(), is_superuser=False)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client, user


def said(answer):
    return [str(one) for one in answer.context["messages"]]


def post(client, verb, issue, **data):
    """Press the button of a page that was opened just now; come to where that leads."""
    address, hidden = asked(client, verb, issue)
    answer = client.post(address, {**hidden, **data}, follow=True)
    issue.refresh_from_db()
    return answer


def bar(client, **query):
    return client.get(reverse("desk-presses"), query, headers=HTMX).content.decode()


# ── sending back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_issue_is_sent_back_with_a_reason_and_stays_a_draft_until_it_is_handed_in(issue, ctx):
    approver, grace = member("Approver", "grace")
    writer, _ = member("Writer")
    answer = post(approver, "refuse", issue, reason="The second story\nhas no source.")
    assert said(answer) == [f"{issue} is sent back, with what you wrote."]
    assert (issue.status, issue.reason, issue.stopped_by) == ("draft", "The second story has no source.", grace)
    pipeline.carry_on_drafts(ctx)
    issue.refresh_from_db()
    assert issue.status == "draft"
    assert "The second story has no source." in writer.get(reverse("desk-edit", args=(issue.pk,))).content.decode()
    today = writer.get("/desk/").content.decode()
    assert "was sent back by grace" in today
    assert buttons(writer, issue) == []
    post(writer, "hand_in", issue)
    assert (issue.status, issue.reason, issue.stopped_at) == ("in_review", "", None)
    told = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert any("in review to draft" in one and "no source" in one for one in told)
    assert any("draft to in review" in one for one in told)


@pytest.mark.parametrize("reason", ["", "   "])
def test_sending_back_needs_a_reason(issue, reason):
    approver, _ = member("Approver")
    address, hidden = asked(approver, "refuse", issue)
    answer = approver.post(address, {**hidden, "reason": reason})
    assert answer.status_code == 422
    assert "whoever does it wants to know" in answer.content.decode()
    issue.refresh_from_db()
    assert issue.status == "in_review"


def test_what_was_written_about_an_issue_that_is_approved_meanwhile_is_not_lost(issue, staff):
    address, hidden = asked(staff, "refuse", issue)
    issue.approve(make_edition(issue), None, timezone.now())
    answer = staff.post(address, {**hidden, "reason": "Too long"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "is approved; this can only be done while it is in review" in page
    issue.refresh_from_db()
    assert issue.status == "approved"


def test_who_edited_last_is_told_though_no_role_of_theirs_would_be(issue, ctx):
    _, analyst = member("Analyst")
    _, editor = member("Editor")
    Issue.objects.filter(pk=issue.pk).update(edited_by=analyst)
    pipeline.refuse(ctx, issue, "no source")
    pipeline.do_errands(ctx)
    assert sorted(Notice.objects.values_list("to", flat=True)) == [analyst.email, editor.email]
    assert Notice.objects.first().facts["reason"] == "no source"
    analyst.wishes.create(news="refused", wanted=False)
    Notice.objects.all().delete()
    Issue.objects.filter(pk=issue.pk).update(status=Status.IN_REVIEW)
    pipeline.refuse(ctx, issue, "no source")
    pipeline.do_errands(ctx)
    assert [*Notice.objects.values_list("to", flat=True)] == [editor.email]


def test_a_draft_that_nobody_sent_back_is_not_handed_in_by_a_person(staff):
    issue = make_issue()
    assert "Hand in again" not in staff.get(reverse("admin:newsletter_issue_change", args=(issue.pk,))).content.decode()


# ── when it is sent ──────────────────────────────────────────────────────────────────────────────────────────────────


def when(client, issue, **query):
    return client.get(reverse("desk-when", args=(issue.pk,)), query).content.decode()


def test_a_time_is_told_in_the_newsletters_zone_and_in_the_viewers(staff, approved):
    assert "Saturday 3 December 2099, 18:00 Europe/Berlin" not in when(staff, approved, at="2099-12-03T18:00")
    assert "Thursday 3 December 2099, 18:00 Europe/Berlin</strong>" in when(staff, approved, at="2099-12-03T18:00")
    staff.cookies["desk_zone"] = "Europe%2FLondon"
    told = when(staff, approved, at="2099-12-03T18:00")
    assert "Thursday 3 December 2099, 18:00 Europe/Berlin = 17:00 your time (Europe/London)" in told
    staff.cookies["desk_zone"] = "Pacific/Auckland"
    assert "= Friday 4 December, 06:00 your time (Pacific/Auckland)" in when(staff, approved, at="2099-12-03T18:00")
    for nonsense in ("../../etc/passwd", "Nowhere/Land", "%00", "x" * 300):
        staff.cookies["desk_zone"] = nonsense
        assert "your time" not in when(staff, approved, at="2099-12-03T18:00")


def test_the_hour_that_does_not_exist_is_refused_by_name_and_nothing_is_lost(staff, approved):
    answer = do(staff, "schedule", approved, at="2099-03-29T02:30")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "02:30 does not exist on Sunday 29 March 2099 in Europe/Berlin" in page
    assert "The nearest times are 01:59 and 03:00" in page
    assert 'value="2099-03-29T02:30"' in page
    assert approved.status == "approved"


def test_of_the_hour_that_comes_twice_it_is_asked_which(staff, approved):
    answer = do(staff, "schedule", approved, at="2099-10-25T02:30")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "02:30 CEST, UTC+02:00" in page
    assert "02:30 CET, UTC+01:00" in page
    assert approved.status == "approved"
    do(staff, "schedule", approved, at="2099-10-25T02:30", which="1")
    assert approved.send_at == datetime(2099, 10, 25, 1, 30, tzinfo=UTC)
    assert "which-0" in when(staff, approved, at="2099-10-25T02:30", which="0")
    assert "(CEST, UTC+02:00)" in when(staff, approved, at="2099-10-25T02:30", which="0")


def test_scheduling_twice_does_it_once_and_says_so(staff, approved):
    address, hidden = asked(staff, "schedule", approved)
    form = {**hidden, "at": "2099-12-03T18:00"}
    assert "is scheduled for Thursday 3 December 2099" in said(staff.post(address, form, follow=True))[0]
    entries = LogEntry.objects.count()
    assert said(staff.post(address, form, follow=True))[0].endswith("18:00 Europe/Berlin already.")
    assert LogEntry.objects.count() == entries


def test_a_time_that_somebody_has_set_meanwhile_is_not_overruled_unseen(staff, approved):
    address, hidden = asked(staff, "schedule", approved)
    approved.go(Status.SCHEDULED, send_at=datetime(2099, 12, 1, 12, tzinfo=UTC))
    answer = staff.post(address, {**hidden, "at": "2099-12-03T18:00"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "for Tuesday 1 December 2099, 13:00 Europe/Berlin meanwhile" in page
    assert 'value="2099-12-03T18:00"' in page
    seen = answer.context["form"]["seen"].value()
    assert staff.post(address, {"seen": seen, "at": "2099-12-03T18:00"}).status_code == 303
    approved.refresh_from_db()
    assert approved.send_at == datetime(2099, 12, 3, 17, tzinfo=UTC)


def test_quick_choices_fill_the_field_without_a_script_too(staff, approved):
    page = staff.get(reverse("admin:newsletter_issue_schedule", args=(approved.pk,)))
    (_, due, address), (_, hour, _) = page.context["quick"]
    assert f'value="{due}"' in staff.get(address).content.decode()
    assert hour.endswith(":00")


def test_another_issue_to_the_same_people_is_warned_of_and_does_not_stop_it(staff, approved, config):
    both, ours, theirs = make_subscriber(), make_subscriber(), make_subscriber(lists=())
    other = make_issue(status=Status.SCHEDULED, send_at=datetime(2099, 12, 3, 8, tzinfo=UTC))
    told = when(staff, approved, at="2099-12-03T18:00")
    assert "<strong>2 people</strong> also get" in told
    assert "also get" not in when(staff, approved, at="2099-12-04T18:00")
    Issue.objects.filter(pk=other.pk).update(status=Status.SENT, started_at=other.send_at)
    make_message(other, both)
    make_message(other, theirs)
    make_message(other, ours, state="excluded")
    assert "<strong>1 person</strong> also got" in when(staff, approved, at="2099-12-03T18:00")
    do(staff, "schedule", approved, at="2099-12-03T18:00")
    assert approved.status == "scheduled"


def test_at_each_readers_local_time_the_tail_is_shown_and_the_box_is_heeded(staff, approved):
    for number, zone in enumerate(("Pacific/Auckland", "", "America/New_York", "America/New_York")):
        make_subscriber(f"{number}@example.org", time_zone=zone)
    assert "where each reader lives" not in when(staff, approved, at="2099-12-03T18:00")
    told = when(staff, approved, at="2099-12-03T18:00", local_time="on")
    assert "<strong>4 people</strong>, the first Thursday 3 December 2099, 06:00 Europe/Berlin" in told
    assert "the last Friday 4 December 2099, 00:00 Europe/Berlin" in told
    assert '<td>America/New_York</td><td class="number">2</td>' in told
    answer = post(staff, "schedule", approved, at="2099-12-03T18:00", local_time="on")
    assert said(answer)[0].endswith("18:00 Europe/Berlin, at each reader's local time.")
    assert approved.local_time
    assert "checked" in staff.get(reverse("admin:newsletter_issue_schedule", args=(approved.pk,))).content.decode()
    assert said(post(staff, "schedule", approved, at="2099-12-03T18:00", local_time="on"))[0].endswith("already.")
    post(staff, "schedule", approved, at="2099-12-03T18:00")
    assert not approved.local_time


def test_an_issue_of_local_times_stands_in_the_bar_before_the_first_of_its_readers_has_it(staff, approved):
    soon, later = (timezone.now() + timedelta(minutes=minutes) for minutes in (30, 700))
    approved.go(Status.SCHEDULED, send_at=later, local_time=True, starts_at=soon)
    assert "goes out at each reader's local time" in bar(staff).replace("&#x27;", "'")
    assert "in 30 min" in bar(staff)


def test_no_warning_where_none_is_wanted(staff, approved, settings, make_config):
    make_subscriber()
    make_issue(status=Status.SCHEDULED, send_at=datetime(2099, 12, 3, 8, tzinfo=UTC))
    settings.NEWSLETTER = make_config(compose={"apart": "0s"})
    assert "also get" not in when(staff, approved, at="2099-12-03T18:00")


# ── sending now, and thinking better of it ───────────────────────────────────────────────────────────────────────────


def test_what_is_sent_now_waits_a_moment_in_which_it_is_undone(staff, approved, ctx):
    make_subscriber()
    post(staff, "send", approved)
    assert approved.status == "scheduled"
    pipeline.start_due_issues(ctx)
    approved.refresh_from_db()
    assert approved.status == "scheduled"
    assert "Undo" in bar(staff)
    assert "data-progress" in staff.get(reverse("desk-growth")).content.decode()
    answer = post(staff, "stop", approved)
    assert said(answer) == [f"{approved} is taken off the schedule. It stays approved, and nothing of it has gone out."]
    assert (approved.status, approved.stopped_by.username) == ("approved", "ada")
    pipeline.start_due_issues(pipeline.Context(ctx.config, ctx.key, lambda: timezone.now() + timedelta(minutes=5)))
    approved.refresh_from_db()
    assert approved.status == "approved"


def test_once_the_moment_is_over_undo_pauses_what_has_begun(staff, approved, ctx):
    make_subscriber()
    post(staff, "send", approved)
    address = reverse("admin:newsletter_issue_stop", args=(approved.pk,))
    pipeline.start_due_issues(pipeline.Context(ctx.config, ctx.key, lambda: timezone.now() + timedelta(minutes=5)))
    assert "is stopped: what is on the wire is finished" in said(staff.post(address, follow=True))[0]
    approved.refresh_from_db()
    assert approved.status == "paused"


def test_a_second_click_on_send_and_the_back_button_after_it_send_nothing_twice(staff, approved):
    address, hidden = asked(staff, "send", approved)
    staff.post(address, hidden)
    approved.refresh_from_db()
    first = approved.send_at
    assert said(staff.post(address, hidden, follow=True))[1:] == [f"{approved} is about to go out already."]
    approved.refresh_from_db()
    assert approved.send_at == first
    for status, words in ((Status.SENDING, "sending"), (Status.SENT, "sent")):
        Issue.objects.filter(pk=approved.pk).update(status=status)
        assert said(staff.post(address, hidden, follow=True)) == [f"{approved} is {words} already."]
        page = staff.get(address)
        assert f"{approved} is {words} already. There is nothing to be done here." in page.content.decode()
        assert "no-store" in page["Cache-Control"]


def test_without_a_moment_to_undo_it_begins_at_once(staff, approved, settings, make_config):
    settings.NEWSLETTER = make_config(send={"undo": "0s"})
    post(staff, "send", approved)
    assert approved.send_at <= timezone.now()


def test_what_a_person_approves_after_its_date_can_be_undone_and_what_nobody_approves_cannot(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"approval": "automatic"}})
    ctx = pipeline.Context(settings.NEWSLETTER, django_settings.SECRET_KEY)
    for by, waits in ((make_staff(), True), (None, False)):
        issue = make_issue()
        issue.approve(make_edition(issue), by, timezone.now())
        pipeline.carry_on_drafts(ctx)
        issue.refresh_from_db()
        assert (issue.status, issue.send_at > timezone.now()) == ("scheduled", waits)


def test_what_was_taken_off_the_schedule_goes_on_by_a_person_alone(staff, settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"approval": "automatic"}})
    ctx = pipeline.Context(settings.NEWSLETTER, django_settings.SECRET_KEY)
    issue = make_issue(status=Status.SCHEDULED, send_at=datetime(2099, 12, 3, 8, tzinfo=UTC))
    post(staff, "unschedule", issue)
    assert (issue.status, issue.reason) == ("approved", "taken off the schedule by ada")
    pipeline.carry_on_drafts(ctx)
    issue.refresh_from_db()
    assert issue.status == "approved"
    assert "is approved, and not scheduled" in staff.get("/desk/").content.decode()
    post(staff, "go_on", issue)
    assert (issue.status, issue.send_at, issue.reason) == ("scheduled", datetime(2099, 12, 3, 8, tzinfo=UTC), "")
    with pytest.raises(TransitionRefused):
        pipeline.go_on(ctx, issue)


# ── the bar ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_bar_stands_on_every_page_while_something_goes_out_for_who_may_steer(issue):
    editor, _ = member("Editor")
    writer, _ = member("Writer")
    Issue.objects.update(status=Status.SCHEDULED, send_at=timezone.now() + timedelta(minutes=40))
    pages = ("/desk/", reverse("admin:newsletter_post_changelist"), reverse("desk-preview", args=(issue.pk,)))
    for page in (*pages, reverse("desk-you")):
        assert "Stop the presses" in editor.get(page).content.decode(), page
        assert "Stop the presses" not in writer.get(page).content.decode(), page
    assert "Stop the presses" not in bar(writer)
    assert "in 40 min" in bar(editor)
    Issue.objects.update(status=Status.SENDING, started_at=timezone.now())
    for number in range(4):
        make_message(issue, make_subscriber(f"{number}@example.org"), state="pending" if number else "delivered")
    assert "is being sent: 1 of 4, 25 %" in " ".join(bar(editor).replace("</a>", "").split())


def test_what_is_far_away_stands_on_its_own_pages_alone(staff, issue):
    Issue.objects.update(status=Status.SCHEDULED, send_at=timezone.now() + timedelta(days=3))
    assert "Stop the presses" not in staff.get("/desk/").content.decode()
    assert "Stop the presses" not in bar(staff)
    assert "Stop the presses" in staff.get(reverse("desk-edit", args=(issue.pk,))).content.decode()
    assert "Stop the presses" in bar(staff, issue=issue.pk)
    assert "Stop the presses" not in bar(staff, issue="1;2")


def test_the_bar_is_of_ones_own_newsletters(issue):
    Issue.objects.update(status=Status.SENDING, newsletter="daily")
    user = make_staff("ours", is_superuser=False)
    Membership.objects.create(user=user, group=Group.objects.get(name="Editor"), newsletter="weekly")
    client = Client()
    client.force_login(user)
    assert "Stop the presses" not in bar(client, issue=issue.pk)
    Issue.objects.update(newsletter="weekly")
    assert "Stop the presses" in bar(client)


def test_stopping_and_going_on_come_back_to_where_one_was_and_to_nowhere_else(staff, issue):
    Issue.objects.update(status=Status.SENDING, started_at=timezone.now())
    make_message(issue, state="pending")
    address = reverse("admin:newsletter_issue_stop", args=(issue.pk,))
    assert staff.post(f"{address}?from=/desk/growth/")["Location"] == "/desk/growth/"
    issue.refresh_from_db()
    assert (issue.status, issue.reason, issue.stopped_by.username) == ("paused", "paused by ada", "ada")
    assert "Go on" in bar(staff)
    for elsewhere in ("https://evil.example/desk/", "//evil.example/desk/", "/unsubscribe/", "javascript:alert(1)"):
        assert staff.post(f"{address}?from={elsewhere}")["Location"].startswith("/desk/newsletter/issue/")
        assert "evil" not in bar(staff, **{"from": elsewhere})
    post(staff, "go_on", issue)
    assert (issue.status, issue.stopped_at) == ("sending", None)
    assert "Go on" not in bar(staff)


def test_what_stopped_itself_is_not_let_go_on_from_the_bar(staff, issue):
    Issue.objects.update(status=Status.SENDING, started_at=timezone.now())
    Issue.objects.get().halt("535 wrong password", timezone.now())
    assert "Go on" not in bar(staff)


# ── and on the way ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_has_gone_out_is_read_as_it_went_and_takes_no_more_posts(staff):
    issue = make_sent_issue(subject="Whales fall")
    page = staff.get(reverse("desk-edit", args=(issue.pk,))).content.decode()
    assert '<dd dir="auto" class="desk-lines">Whales fall</dd>' in page
    assert "This issue is sent: it is read-only" in page
    assert reverse("desk-new-posts", args=(issue.pk,)) not in page
    assert reverse("desk-report", args=(issue.pk,)) in page


def test_before_the_first_issue_today_says_what_to_do_next(staff):
    page = staff.get("/desk/").content.decode()
    assert "Before the first issue" in page
    assert reverse("desk-import-new") in page
    make_sent_issue()
    assert "Before the first issue" not in staff.get("/desk/").content.decode()


def test_today_lists_what_is_planned_once_on_the_newsletters_clocks(staff, settings, make_config):
    schedule = {"cron": "0 8 * * *", "time_zone": "Europe/Berlin"}
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"schedule": schedule}})
    dates = [one for _, rows in staff.get("/desk/").context["plan"] for one, _ in rows]
    assert len(dates) == 14
    assert {f"{one.local:%H:%M}" for one in dates} == {"08:00"}
    make_issue(status=Status.SCHEDULED, due_at=dates[0].at, send_at=dates[0].at + timedelta(hours=3))
    plan = [one for _, rows in staff.get("/desk/").context["plan"] for one, _ in rows]
    assert len(plan) == 14
    assert (plan[0].at, plan[0].issue.status) == (dates[0].at + timedelta(hours=3), "scheduled")
