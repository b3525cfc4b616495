"""Alarms: what the figures of the latest issues should not be, told once for each issue and cause."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import pipeline
from newsletter.models import Alarm, Event, Message, Notice, Payload
from newsletter.models.taking import Happening, take_in
from newsletter.render import service_mail
from newsletter.track.alarms import watch
from tests.factories import NOW, make_link, make_message, make_sent_issue, make_staff
from tests.track.webhooks.signing import PRIVATE, public

pytestmark = pytest.mark.django_db
Kind = Event.Kind
LATER = NOW + timedelta(hours=8)


@pytest.fixture
def issue():
    return make_sent_issue()


def happened(kind, messages, **more):
    take_in([Happening(one.pk, kind, NOW, **more) for one in messages], LATER)


def causes():
    return sorted(Alarm.objects.values_list("cause", flat=True))


@pytest.mark.parametrize(("kind", "cause"), [(Kind.COMPLAINED, "complaints"), (Kind.BOUNCED, "bounces")])
def test_a_share_over_the_limit_is_told_once_in_the_tables_and_by_mail(config, issue, kind, cause):
    make_staff("ada")
    messages = [make_message(issue) for _ in range(20)]
    happened(kind, messages[:2])
    assert watch(config, LATER) == 0
    happened(kind, messages[2:3])
    assert watch(config, LATER) == 1
    happened(kind, messages[3:5])
    assert watch(config, LATER) == 0
    assert causes() == [cause]
    assert Alarm.objects.get().words.startswith("3 of 20 messages")
    notice = Notice.objects.get()
    mail = service_mail("warning", config, "weekly", notice.facts)
    assert str(issue) in mail.subject
    assert "3 of 20 messages" in mail.text
    assert f"/desk/issue/{issue.pk}/report/" in mail.html


def test_a_share_below_the_limit_is_none(make_config, issue):
    messages = [make_message(issue) for _ in range(20)]
    happened(Kind.BOUNCED, messages[:4])
    assert watch(make_config(track={"alarms": {"bounces": 20}}), LATER) == 0
    assert watch(make_config(track={"alarms": {"bounces": 19.9}}), LATER) == 1


def test_one_message_that_bounces_often_is_one_message(config, issue):
    messages = [make_message(issue) for _ in range(20)]
    for _ in range(9):
        happened(Kind.SOFT_BOUNCED, messages[:1])
    assert watch(config, LATER) == 0


def test_more_events_than_messages_are_told(config, issue):
    messages = [make_message(issue) for _ in range(2)]
    make_message(issue, state=Message.State.EXCLUDED)
    happened(Kind.DELIVERED, messages)
    assert watch(config, LATER) == 0
    happened(Kind.DELIVERED, messages[:1])
    assert watch(config, LATER) == 1
    assert causes() == ["too_many"]


def test_an_issue_of_long_ago_is_not_looked_at(config, issue):
    happened(Kind.COMPLAINED, [make_message(issue) for _ in range(3)])
    assert watch(config, NOW + timedelta(days=15)) == 0
    assert watch(config, NOW + timedelta(days=13)) == 1


# ── a webhook gone silent ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(make_config):
    return make_config(track={"sendgrid": {"verification_key": public(PRIVATE)}})


def test_a_webhook_that_says_nothing_is_told(told, issue):
    make_message(issue, transport="sendgrid")
    assert watch(told, NOW + timedelta(hours=5)) == 0
    assert watch(told, NOW + timedelta(hours=7)) == 1
    assert causes() == ["silent"]
    assert watch(told, NOW + timedelta(hours=9)) == 0


def test_one_that_has_spoken_since_is_not_silent(told, issue):
    make_message(issue, transport="sendgrid")
    Payload.keep("sendgrid", b"[]", NOW - timedelta(hours=1))
    assert watch(told, LATER) == 1
    Alarm.objects.all().delete()
    Payload.keep("sendgrid", b"[]", NOW + timedelta(minutes=1))
    assert watch(told, LATER) == 0


def test_where_nothing_is_expected_nothing_is_missed(config, told, issue):
    make_message(issue, transport="smtp")
    assert watch(told, LATER) == 0
    make_message(issue, transport="sendgrid")
    assert watch(config, LATER) == 0


# ── clicks by programs alone ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_that_only_programs_follow_is_told_once_they_are_judged(config, issue):
    messages = [make_message(issue) for _ in range(4)]
    odd, read = make_link(issue, "https://example.org/hidden"), make_link(issue, "https://example.org/read")
    happened(Kind.CLICK, messages, link=odd.pk, judged="bot")
    happened(Kind.CLICK, messages, link=read.pk, judged="bot")
    happened(Kind.CLICK, messages[:1], link=read.pk, judged="human")
    assert watch(config, NOW + timedelta(minutes=30)) == 0
    assert watch(config, NOW + timedelta(hours=3)) == 1
    assert "https://example.org/hidden" in Alarm.objects.get().words
    assert "https://example.org/read" not in Alarm.objects.get().words


def test_a_few_clicks_say_nothing(config, issue):
    happened(Kind.CLICK, [make_message(issue) for _ in range(2)], link=make_link(issue).pk, judged="bot")
    assert watch(config, LATER) == 0


def test_the_job_looks(config, issue, settings):
    happened(Kind.COMPLAINED, [make_message(issue) for _ in range(3)])
    pipeline.watch(pipeline.Context(config, settings.SECRET_KEY, clock=lambda: LATER))
    assert causes() == ["complaints"]


# ── where staff see them ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_desk_shows_an_alarm_on_its_front_page_and_on_the_issues_report(client, issue):
    make_message(issue)
    now = timezone.now()
    Alarm.sound(issue, Alarm.Cause.BOUNCES, "9 of 20 messages <bounced>", now)
    old = make_sent_issue()
    Alarm.sound(old, Alarm.Cause.BOUNCES, "of long ago", now - timedelta(days=8))
    client.force_login(make_staff())
    front = client.get("/desk/").content.decode()
    assert "9 of 20 messages &lt;bounced&gt;" in front
    assert "of long ago" not in front
    assert "9 of 20 messages &lt;bounced&gt;" in client.get(f"/desk/issue/{issue.pk}/report/").content.decode()


def test_the_second_alarm_of_a_cause_is_no_news(issue):
    assert Alarm.sound(issue, Alarm.Cause.BOUNCES, "first", NOW)
    assert not Alarm.sound(issue, Alarm.Cause.BOUNCES, "second", NOW)
    assert Alarm.sound(issue, Alarm.Cause.COMPLAINTS, "another", NOW)
    assert list(Alarm.objects.order_by("pk").values_list("words", flat=True)) == ["first", "another"]
