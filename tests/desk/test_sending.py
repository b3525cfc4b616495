"""While an issue is being sent: how far it is, the buttons that steer it, and what is done about what went wrong."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Issue, Message, TransportState
from newsletter.send import limits
from tests.factories import NOW, make_issue, make_message, make_sent_issue, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
Status = Issue.Status
HTMX = {"HX-Request": "true"}


@pytest.fixture
def issue():
    issue = make_sent_issue(status=Status.SENDING, finished_at=None)
    make_message(issue)
    make_message(issue, state="pending")
    return issue


def put(issue, state, email="", reason=""):
    return make_message(issue, make_subscriber(email), state=state, reason=reason)


def address(name, issue):
    return reverse(name, args=(issue.pk,))


def panel(client, issue, **query):
    answer = client.get(address("desk-sending", issue), query, headers=HTMX)
    assert answer.status_code == 200
    return answer


def told(answer):
    return [str(one) for one in answer.context["messages"]]


def logged():
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def test_the_panel_says_how_far_it_is_by_transport_and_why_not(staff, issue):
    put(issue, "failed", reason="550 5.1.1 <x@example.org>: unknown")
    put(issue, "deferred", reason="451 later")
    put(issue, "uncertain")
    found = panel(staff, issue, was="sending").content.decode()
    for part in ("<strong class=\"text-important\">3</strong> of 5", "60 % done", "outbox", "550 5.1.1 …: unknown",
                 "451 later", "Pause", "Stop the presses", "Retry 1 failed", "Settle 1 uncertain"):  # fmt: skip
        assert part in found
    assert "<html" not in found


def test_the_panel_says_what_each_transport_may_do_and_why_it_rests(staff, issue, settings, make_config):
    settings.NEWSLETTER = make_config(send={"outbox": {"rate": "50 per hour", "connections": 3}})
    now = timezone.now()
    limits.rest("outbox", "421 <busy>", now + timedelta(minutes=5), now)
    put(issue, "pending")
    Message.objects.filter(state="submitted").update(route="gone")
    found = panel(staff, issue).content.decode()
    for part in ("50 per hour; 3 connections", "rests until", "421 &lt;busy&gt;", "config.yaml has no such transport"):
        assert part in found
    limits.rest("outbox", "535 wrong password", None, now)
    assert "stopped: 535 wrong password" in panel(staff, issue).content.decode()


def test_the_panel_works_as_a_whole_page_without_script(staff, issue):
    answer = staff.get(address("desk-sending", issue))
    assert "<html" in answer.content.decode()
    assert "50 % done" in answer.content.decode()


def test_once_the_status_is_another_the_whole_page_is_asked_for_anew(staff, issue):
    assert "HX-Refresh" not in panel(staff, issue, was="sending").headers
    issue.go(Status.PAUSED, reason="paused by ada")
    answer = panel(staff, issue, was="sending")
    assert answer["HX-Refresh"] == "true"
    assert "paused by ada" in answer.content.decode()
    assert "hx-get" not in answer.content.decode()


def test_an_issue_that_stopped_itself_says_so_and_what_to_do(staff, issue):
    issue.halt("535 <wrong> password", NOW)
    found = staff.get(address("desk-report", issue)).content.decode()
    assert "It has stopped itself" in found
    assert "535 &lt;wrong&gt; password" in found
    assert "Mend what is wrong, then resume" in found
    assert "Resume" in found


def test_who_may_only_look_has_no_buttons(issue):
    put(issue, "failed", reason="550 no")
    client, looker = Client(), make_staff(is_superuser=False)
    looker.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(looker)
    found = client.get(address("desk-report", issue)).content.decode()
    assert "50 % done" in found or "66 % done" in found
    for button in ("Pause", "Stop the presses", "Retry", "Settle"):
        assert button not in found
    assert client.get(address("desk-retry", issue)).status_code == 403
    assert client.post(address("desk-settle", issue), {"way": "arrived"}).status_code == 403
    assert client.post(address("desk-go-on", issue)).status_code == 403


def test_a_transport_that_stopped_is_let_go_on_from_the_panel_once(staff, issue, settings):
    name = settings.NEWSLETTER.transport_of(issue.newsletter)
    make_message(issue, state="pending", transport=name)
    TransportState.objects.create(pk=name, stopped=True, reason="535 wrong password", resting_since=NOW)
    panel, where = address("desk-sending", issue), address("desk-go-on", issue)
    assert f"Let {name} go on" in staff.get(panel).content.decode()
    assert staff.get(where).status_code == 405
    answer = staff.post(where, follow=True)
    assert told(answer) == [f"{name} may carry mail again. Should it fail once more, it stops again."]
    assert f"Let {name} go on" not in staff.get(panel).content.decode()
    assert told(staff.post(where, follow=True)) == ["No transport of this issue was stopped any more."]
    assert len(logged()) == 1


def test_pausing_and_resuming_from_the_panel_come_back_to_the_report(staff, issue):
    for verb, status in (("pause", "paused"), ("resume", "sending")):
        answer = staff.post(address(f"admin:newsletter_issue_{verb}", issue) + "?from=report")
        assert (answer.status_code, answer["Location"]) == (303, address("desk-report", issue))
        issue.refresh_from_db()
        assert issue.status == status


@pytest.mark.parametrize(
    ("verb", "status", "said"),
    [("pause", "paused", "is paused already"), ("resume", "sending", "is sending already"),
     ("cancel", "cancelled", "is cancelled already")],
)  # fmt: skip
def test_pressing_twice_does_no_harm(staff, issue, verb, status, said):
    if verb == "resume":
        issue.go(Status.PAUSED)
    where, lines = address(f"admin:newsletter_issue_{verb}", issue), len(logged())
    staff.post(where, {"reason": "first"})
    before = Issue.objects.values().get()
    answer = staff.post(where, {"reason": "second"}, follow=True)
    assert said in told(answer)[-1]
    assert Issue.objects.values().get() == before
    assert before["status"] == status
    assert len(logged()) == lines + 1


def test_retrying_asks_and_then_sends_again_with_who_did_it_kept(staff):
    issue = make_sent_issue()
    put(issue, "failed", reason="550 no")
    put(issue, "failed", reason="552 full")
    put(issue, "bounced")
    asked = staff.get(address("desk-retry", issue)).content.decode()
    assert "Send again what failed: 2 messages" in asked
    assert "The issue goes on being sent" in asked
    answer = staff.post(address("desk-retry", issue), follow=True)
    assert told(answer) == ["2 messages of weekly/2026-11-20 are sent again."]
    assert answer.redirect_chain[0] == (address("desk-report", issue), 303)
    assert Message.counts(issue) == {"bounced": 1, "pending": 2}
    assert logged() == ["2 messages of weekly/2026-11-20 are sent again"]
    assert LogEntry.objects.get().user.username == "ada"
    again = staff.post(address("desk-retry", issue), follow=True)
    assert told(again) == ["There was nothing left to do: somebody has seen to it."]
    assert len(logged()) == 1


def test_those_of_one_reason_or_those_ticked_are_retried_alone(staff):
    issue = make_sent_issue()
    put(issue, "failed", reason="550 no")
    put(issue, "failed", reason="552 full")
    bounced = put(issue, "bounced", "gone@example.org")
    assert "1 message<" in staff.get(address("desk-retry", issue), {"reason": "552 full"}).content.decode()
    staff.post(address("desk-retry", issue), {"reason": "552 full"})
    assert Message.counts(issue) == {"bounced": 1, "failed": 1, "pending": 1}
    asked = staff.get(address("desk-retry", issue), {"ticked": "1", "message": bounced.pk}).content.decode()
    assert "gone@example.org" in asked
    staff.post(address("desk-retry", issue), {"message": bounced.pk})
    assert Message.counts(issue) == {"failed": 1, "pending": 2}


def test_nobody_ticked_does_not_mean_everybody(staff):
    issue = make_sent_issue()
    put(issue, "failed")
    put(issue, "uncertain")
    for page in ("desk-retry", "desk-settle"):
        found = staff.get(address(page, issue), {"ticked": "1"}).content.decode()
        assert '<form method="post"' not in found.split('id="content-main"')[1]
    assert staff.post(address("desk-retry", issue), {"message": "x"}).status_code == 303
    assert Message.counts(issue) == {"failed": 1, "uncertain": 1}


@pytest.mark.parametrize(("way", "state", "said"), [
    ("arrived", "submitted", "is called submitted"), ("give_up", "failed", "is given up"),
])  # fmt: skip
def test_what_is_uncertain_is_settled_by_a_word(staff, way, state, said):
    issue = make_sent_issue()
    put(issue, "uncertain")
    assert "What became of 1 uncertain message?" in staff.get(address("desk-settle", issue)).content.decode()
    answer = staff.post(address("desk-settle", issue), {"way": way}, follow=True)
    assert told(answer) == [f"1 message of weekly/2026-11-20 {said}."]
    assert Message.counts(issue) == {state: 1}
    assert "ada" in Message.objects.get().reason
    assert logged() == [f"1 message of weekly/2026-11-20 {said}"]


def test_sending_again_what_may_have_arrived_has_a_second_question(staff):
    issue = make_sent_issue()
    lost = put(issue, "uncertain", "ada@example.org")
    put(issue, "uncertain")
    first = staff.post(address("desk-settle", issue), {"way": "resend", "message": lost.pk})
    assert first.status_code == 200
    assert "Send 1 message a second time?" in first.content.decode()
    assert Message.counts(issue) == {"uncertain": 2}
    staff.post(address("desk-settle", issue), {"way": "resend", "sure": "1", "message": lost.pk})
    assert Message.counts(issue) == {"pending": 1, "uncertain": 1}


def test_settling_wants_to_know_how(staff):
    issue = make_sent_issue()
    put(issue, "uncertain")
    answer = staff.post(address("desk-settle", issue))
    assert answer.status_code == 422
    assert "Say what became of them" in answer.content.decode()


def test_a_cancelled_issue_is_refused_in_a_sentence(staff):
    issue = make_sent_issue(status=Status.CANCELLED)
    put(issue, "failed", reason="550 no")
    answer = staff.post(address("desk-retry", issue), follow=True)
    assert told(answer) == ["weekly/2026-11-20 is cancelled: nothing of it is sent any more."]


def test_today_shows_what_is_sent_what_is_paused_and_what_waits_for_a_person(staff, issue):
    paused = make_issue(status=Status.PAUSED, started_at=NOW, reason="paused by ada")
    make_message(paused, state="pending")
    stopped = make_issue(status=Status.SENDING, started_at=NOW)
    stopped.halt("535 wrong password", NOW)
    put(make_sent_issue(started_at=Issue.objects.latest("created_at").created_at), "uncertain")
    found = staff.get("/desk/").content.decode()
    for part in ("Being sent", "50 % done", "paused by ada", "535 wrong password", "Stopped itself",
                 "Messages that wait for your decision", "1 uncertain"):  # fmt: skip
        assert part.lower() in found.lower()


def test_today_says_nothing_of_sending_where_nothing_is_sent(staff):
    make_sent_issue()
    found = staff.get("/desk/").content.decode()
    assert "Being sent" not in found
    assert "wait for your decision" not in found


def test_what_is_held_is_told_with_its_hour_and_is_no_standstill(staff, issue):
    Issue.objects.filter(pk=issue.pk).update(local_time=True)
    west = make_subscriber("west@example.org", time_zone="America/New_York")
    make_message(issue, west, state="held", retry_at=NOW.replace(hour=13))
    make_message(issue, state="held", retry_at=NOW.replace(hour=16))
    found = panel(staff, issue, was="sending").content.decode()
    for part in ("2 held: the next go at Fri 20 Nov, 08:00 in America/New York, the last at Fri 20 Nov, 16:00 UTC.",
                 'data-name="Held">2<', "It is being sent"):  # fmt: skip
        assert part in found
    Message.objects.filter(state="pending").update(state="submitted")
    found = panel(staff, issue, was="sending").content.decode()
    assert "The rest is held" in found
    assert "nothing has left in the last minute" not in found
