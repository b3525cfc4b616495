"""An issue that stops itself tells those who can help: once each, and by a transport that works."""

from threading import Event

import pytest
from django.contrib.auth.models import Permission

from newsletter.models import Issue, Message, Notice
from newsletter.render import service_mail
from newsletter.send.alarms import alarm
from newsletter.send.notices import send_notices
from newsletter.send.transports import TransportDown
from tests.factories import NOW, make_message, make_notice, make_sent_issue, make_staff
from tests.send.conftest import KEY, FakeTransport

pytestmark = pytest.mark.django_db
Status = Issue.Status


@pytest.fixture
def issue():
    issue = make_sent_issue(status=Status.SENDING, finished_at=None)
    make_message(issue)
    make_message(issue, state=Message.State.PENDING)
    return issue


@pytest.fixture
def send(config, clock):
    def go(*transports, draw=service_mail):
        return send_notices(config, KEY, "weekly", draw, clock, Event(), *transports)

    return go


def told():
    return sorted(Notice.objects.values_list("to", flat=True))


def test_it_is_paused_with_the_reason_and_staff_are_written_to_once(config, issue):
    make_staff("ada")
    assert alarm(config, issue, "535 wrong password", NOW)
    assert (issue.status, issue.reason, issue.halted_at) == ("paused", "535 wrong password", NOW)
    assert not alarm(config, Issue.objects.get(pk=issue.pk), "535 wrong password", NOW)
    assert told() == ["ada@example.org"]
    notice = Notice.objects.get()
    assert (notice.kind, notice.newsletter) == ("alarm", "weekly")
    assert notice.facts["sent"] == "1"
    assert notice.facts["waiting"] == "1"
    assert notice.facts["report_url"] == f"http://127.0.0.1:8000/desk/issue/{issue.pk}/report/"


def test_each_time_it_stops_is_told(config, issue):
    make_staff("ada")
    alarm(config, issue, "down", NOW)
    issue.go(Status.SENDING)
    assert issue.halted_at is None
    alarm(config, issue, "down", NOW.replace(hour=9))
    assert told() == ["ada@example.org"] * 2


@pytest.mark.parametrize("status", [Status.PAUSED, Status.SENT, Status.CANCELLED])
def test_what_is_not_being_sent_raises_no_alarm(config, issue, status):
    make_staff("ada")
    Issue.objects.update(status=status, reason="by hand")
    assert not alarm(config, issue, "down", NOW)
    assert told() == []
    assert Issue.objects.get().reason == "by hand"


def test_only_who_may_send_issues_is_told_and_whom_the_configuration_names(make_config, issue):
    editor = make_staff("editor", is_superuser=False)
    for right in ("view_issue", "send_issue"):
        editor.user_permissions.add(Permission.objects.get(codename=right))
    reader = make_staff("reader", is_superuser=False)
    reader.user_permissions.add(Permission.objects.get(codename="view_issue"))
    make_staff("gone", is_active=False)
    make_staff("former", is_staff=False)
    silent = make_staff("silent")
    silent.email = ""
    silent.save()
    config = make_config(site={"alerts": ["desk@example.org"]})
    alarm(config, issue, "down", NOW)
    assert told() == ["desk@example.org", "editor@example.org"]


def test_with_nobody_to_tell_it_is_paused_all_the_same(config, issue):
    assert alarm(config, issue, "down", NOW)
    assert issue.status == "paused"
    assert told() == []


def test_the_news_takes_another_way_than_the_one_that_is_down(config, issue, send):
    make_staff("ada")
    reader = make_notice()
    alarm(config, issue, "down", NOW)
    dead, alive = FakeTransport(TransportDown("down"), TransportDown("down")), FakeTransport()
    assert send(dead, alive) == 1
    assert alive.taken == ["ada@example.org"]
    reader.refresh_from_db()
    assert (reader.state, reader.reason) == ("pending", "down")
    assert dead.closed
    assert alive.closed


def test_where_there_is_no_other_way_it_waits(config, issue, send, clock):
    make_staff("ada")
    alarm(config, issue, "down", NOW)
    assert send(FakeTransport(TransportDown("down"))) == 0
    assert send(FakeTransport()) == 0
    clock.forward(minutes=6)
    assert send(FakeTransport()) == 1


def test_the_mail_says_what_happened_and_where_to_go(config, issue):
    make_staff("ada")
    alarm(config, issue, "535 <wrong> password", NOW)
    mail = service_mail("alarm", config, "weekly", Notice.objects.get().facts)
    assert mail.subject == "Sending has stopped: weekly/2026-11-20"
    assert "535 <wrong> password" in mail.text
    assert "535 &lt;wrong&gt; password" in mail.html
    assert f"/desk/issue/{issue.pk}/report/" in mail.html
