"""The sunset rule: who is asked, who stays, who is let go; and that nobody is where the figures cannot be true."""

import threading
from datetime import timedelta
from threading import Event as Stop

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from newsletter import pipeline, tokens, track
from newsletter.config import ConfigError, load
from newsletter.models import Hitch, Issue, Like, Notice
from newsletter.models.life import silent
from newsletter.pipeline import Context
from subscribers.audience import Audience
from subscribers.models import Consent, Subscriber
from subscribers.sunset import stay
from tests.factories import (
    NOW,
    make_event,
    make_issue,
    make_message,
    make_poll,
    make_reply,
    make_sent_issue,
    make_subscriber,
    make_suppression,
    occasion,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KEY = "a key for tests"
FIRST = NOW - 40 * DAY


@pytest.fixture
def config(make_config):
    return make_config(audience={"sunset": {"issues": 3}})


@pytest.fixture
def issues():
    """Four issues, ten days apart, the last one two days ago."""
    return [
        make_sent_issue(due_at=at, slug=f"{at:%Y-%m-%d}", started_at=at, finished_at=at)
        for at in (NOW - days * DAY for days in (32, 22, 12, 2))
    ]


@pytest.fixture
def crowd(issues):
    """Ten readers who have opened the last issue: the others are a few among them."""
    people = [person(issues, f"reader{n}@example.org", opened_at=NOW - DAY) for n in range(10)]
    make_event(people[0].messages.get(issue=issues[-1]), at=NOW - DAY)
    return people


def person(issues, email="silent@example.org", **fields):
    """Somebody who was on the list before these issues, and was sent them."""
    lists = fields.pop("lists", ("readers",))
    made = make_subscriber(email, lists=lists, **fields)
    Subscriber.objects.filter(pk=made.pk).update(created_at=FIRST)
    made.subscriptions.update(joined_at=FIRST)
    for issue in issues:
        make_message(issue, made, submitted_at=issue.started_at + timedelta(minutes=5))
    made.refresh_from_db()
    return made


def run(config, now=NOW):
    return track.sunset(config, KEY, now, Stop())


def status(one):
    one.refresh_from_db()
    return one.status


def actions(one):
    return list(one.consents.order_by("pk").values_list("action", flat=True))


def mails(one):
    return Notice.objects.filter(subscriber=one, kind="win_back")


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_sent_so_many_without_a_sign_of_life_is_asked_once(config, issues, crowd):
    one = person(issues)
    for _ in range(3):
        run(config)
    one.refresh_from_db()
    assert (one.status, one.asked_at, actions(one)) == ("asked", NOW, ["win_back"])
    (mail,) = mails(one)
    assert (mail.newsletter, mail.to, mail.until) == ("weekly", "silent@example.org", NOW + 14 * DAY)
    assert tokens.read(mail.facts["stay_url"].rpartition("/")[2], [KEY], tokens.STAY) == one.pk
    assert not Subscriber.objects.exclude(pk=one.pk).exclude(status="active").exists()


def test_who_was_sent_fewer_is_left_in_peace(config, issues, crowd):
    one = person(issues[2:])
    run(config)
    assert status(one) == "active"


def test_what_did_not_leave_does_not_count(config, issues, crowd):
    one = person(issues)
    one.messages.filter(issue__in=issues[:2]).update(state="failed", submitted_at=None)
    run(config)
    assert status(one) == "active"


LIVES = {
    "opened": lambda one, issue: setattr(one, "opened_at", NOW - 20 * DAY),
    "clicked": lambda one, issue: setattr(one, "clicked_at", NOW - 20 * DAY),
    "an open in the events": lambda one, issue: make_event(one.messages.get(issue=issue), at=NOW - 20 * DAY),
    "a reply": lambda one, issue: make_reply(issue, subscriber=one, received_at=NOW - 20 * DAY),
    "a like": lambda one, issue: Like.objects.create(issue=issue, subscriber=one, at=NOW - 20 * DAY),
    "a vote": lambda one, issue: make_poll(issue).vote(one, 0, NOW - 20 * DAY),
    "joined anew": lambda one, issue: one.subscriptions.update(joined_at=NOW - 20 * DAY),
    "chose something": lambda one, issue: Consent.note_all("chose", occasion(at=NOW - 20 * DAY), [one.pk]),
    "said so before": lambda one, issue: Consent.note_all(
        "stayed", occasion(at=NOW - 20 * DAY, source="rule"), [one.pk]
    ),
}  # fmt: skip


@pytest.mark.parametrize("sign", LIVES)
def test_any_sign_of_life_counts_from_then_on(config, issues, crowd, sign):
    one = person(issues)
    LIVES[sign](one, issues[1])
    one.save()
    run(config)
    assert status(one) == "active"
    last = make_sent_issue(due_at=NOW + DAY, slug="later", started_at=NOW + DAY, finished_at=NOW + DAY)
    make_message(last, one, submitted_at=NOW + DAY)
    for other in crowd:
        Subscriber.objects.filter(pk=other.pk).update(opened_at=NOW + DAY)
    run(config, NOW + 2 * DAY)
    assert status(one) == "asked"


@pytest.mark.parametrize(
    "no_sign",
    [
        lambda one, issue: Consent.note_all("imported", occasion(at=NOW - DAY, source="import"), [one.pk]),
        lambda one, issue: Consent.note_all("chose", occasion(at=NOW - DAY, by="staff"), [one.pk]),
        lambda one, issue: Consent.note_all("asked", occasion(at=NOW - DAY), [one.pk]),
        lambda one, issue: make_reply(issue, subscriber=one, received_at=NOW - DAY, state="unconfirmed"),
    ],
)
def test_what_others_did_is_no_sign_of_life(config, issues, crowd, no_sign):
    one = person(issues)
    no_sign(one, issues[1])
    run(config)
    assert status(one) == "asked"


@pytest.mark.parametrize("why", ["suppressed", "paused", "unsubscribed"])
def test_who_cannot_be_written_to_is_not_asked(config, issues, crowd, why):
    one = person(issues, paused_until=NOW + DAY if why == "paused" else None)
    if why == "suppressed":
        make_suppression(one.email)
    if why == "unsubscribed":
        one.subscriptions.update(status="unsubscribed")
    run(config)
    assert (status(one), mails(one).count()) == ("active", 0)


def test_who_does_not_want_their_reading_kept_is_not_asked(config, issues, crowd):
    one = person(issues, untracked=True)
    run(config)
    assert status(one) == "active"


@pytest.mark.parametrize("track", ["aggregate", "off"])
def test_issues_of_a_newsletter_that_keeps_nobodys_reading_do_not_count(make_config, issues, crowd, track):
    one = person(issues)
    run(make_config(audience={"sunset": {"issues": 3}}, newsletters={"weekly": {"track": track}}))
    assert status(one) == "active"


def test_without_a_number_nobody_is_asked(make_config, issues, crowd):
    one = person(issues)
    assert run(make_config()) is None
    assert status(one) == "active"


# ── who stays, who goes ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asked(config, issues, crowd):
    """Somebody whom the question has reached."""
    one = person(issues)
    run(config)
    mails(one).update(state="submitted", submitted_at=NOW + timedelta(hours=1))
    return one


def keep_alive(crowd, now):
    """The others read on."""
    issue = make_issue(due_at=now - 2 * DAY, slug=f"{now:%Y-%m-%d}", status=Issue.Status.SENT,
                       started_at=now - 2 * DAY, finished_at=now - 2 * DAY)  # fmt: skip
    issue.edition = crowd[0].messages.first().issue.edition
    issue.save()
    make_event(make_message(issue, crowd[0]), at=now - DAY)


def test_who_does_not_answer_is_not_written_to_any_more(config, asked, crowd):
    later = NOW + 14 * DAY + timedelta(hours=2)
    keep_alive(crowd, later)
    run(config, NOW + 14 * DAY)
    assert status(asked) == "asked"
    run(config, later)
    assert (status(asked), actions(asked)) == ("dormant", ["win_back", "stopped"])
    excluded = Audience(("readers",)).people(later).get(pk=asked.pk)
    assert excluded.exclusion == "no sign of life for long"
    run(config, later + DAY)
    assert actions(asked) == ["win_back", "stopped"]


def test_an_open_after_the_question_is_an_answer(config, asked, issues):
    make_event(asked.messages.get(issue=issues[0]), at=NOW + 3 * DAY)
    run(config, NOW + 4 * DAY)
    assert (status(asked), actions(asked), asked.asked_at) == ("active", ["win_back", "stayed"], None)


def test_an_open_from_before_the_question_is_none(config, asked, issues, crowd):
    keep_alive(crowd, NOW + 4 * DAY)
    run(config, NOW + 4 * DAY)
    assert status(asked) == "asked"


@pytest.mark.parametrize("fate", ["failed", "uncertain"])
def test_whom_the_question_did_not_reach_for_sure_is_asked_anew_and_not_let_go(config, issues, crowd, fate):
    one = person(issues)
    run(config)
    mails(one).update(state=fate)
    later = NOW + 15 * DAY
    keep_alive(crowd, later)
    run(config, later)
    assert (status(one), actions(one)) == ("asked", ["win_back", "win_back"])
    assert mails(one).count() == 2


def test_a_question_that_still_waits_for_its_mail_server_is_waited_for(config, issues, crowd):
    one = person(issues)
    run(config)
    later = NOW + 15 * DAY
    keep_alive(crowd, later)
    run(config, later)
    assert (status(one), mails(one).count()) == ("asked", 1)


def test_who_stays_is_not_asked_again_before_as_many_issues(config, asked):
    stay([asked.pk], occasion(at=NOW + 2 * DAY))
    run(config, NOW + 3 * DAY)
    assert (status(asked), mails(asked).count()) == ("active", 1)


# ── where the figures cannot be true ─────────────────────────────────────────────────────────────────────────────────


def test_if_more_than_half_would_be_asked_nobody_is_and_the_desk_says_so(config, issues, crowd, client, admin_user):
    ones = [person(issues, f"silent{n}@example.org") for n in range(11)]
    run(config)
    assert {status(one) for one in ones} == {"active"}
    hitch = Hitch.objects.get()
    assert "11 of 21 readers seem to read nothing, more than 50 %" in hitch.reason
    assert not Notice.objects.exists()
    client.force_login(admin_user)
    assert "11 of 21 readers seem to read nothing" in client.get("/desk/").content.decode()
    (problem,) = track.check(config)
    assert problem.key == "audience.sunset"
    Subscriber.objects.filter(pk=ones[0].pk).update(opened_at=NOW)
    run(config)
    assert not Hitch.objects.exists()
    assert track.check(config) == []
    assert Subscriber.objects.filter(status="asked").count() == 10


def test_those_who_were_asked_before_count_too(config, issues, crowd):
    run_one = [person(issues, f"silent{n}@example.org") for n in range(6)]
    run(config)
    assert {status(one) for one in run_one} == {"asked"}
    more = [person(issues, f"quiet{n}@example.org") for n in range(5)]
    run(config)
    assert {status(one) for one in more} == {"active"}
    assert "11 of 21" in Hitch.objects.get().reason


def test_a_share_may_be_allowed(make_config, issues, crowd):
    one = [person(issues, f"silent{n}@example.org") for n in range(11)]
    run(make_config(audience={"sunset": {"issues": 3, "share": 60}}))
    assert status(one[0]) == "asked"


def test_where_no_issue_of_late_was_opened_at_all_nobody_is_asked_or_let_go(config, asked, issues, crowd):
    later = NOW + 16 * DAY
    issue = make_sent_issue(due_at=later - 3 * DAY, slug="unopened", started_at=later - 3 * DAY,
                            finished_at=later - 2 * DAY)  # fmt: skip
    make_message(issue, crowd[0])
    run(config, later)
    assert status(asked) == "asked"
    assert "not one open was recorded of 1 issues" in Hitch.objects.get().reason


def test_where_opens_are_not_counted_the_rule_is_refused_and_does_nothing(make_config, issues, crowd, tmp_path):
    one = person(issues)
    run(make_config(audience={"sunset": {"issues": 3}}, track={"opens": False}))
    assert status(one) == "active"
    assert "opens are not counted" in Hitch.objects.get().reason
    file = tmp_path / "config.yaml"
    file.write_text("track: {opens: false}\naudience: {sunset: {issues: 12}}\n")
    with pytest.raises(ConfigError, match="most readers show no sign of life"):
        load(file, environ={})


# ── its way of working ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_job_asks_and_the_mail_goes_out(make_config, issues, crowd):
    config = make_config(audience={"sunset": {"issues": 3}})
    person(issues)
    ctx = Context(config, KEY, lambda: NOW)
    pipeline.let_go(ctx)
    pipeline.send_notices(ctx)
    (file,) = config.outbox.rglob("*.eml")
    text = file.read_text()
    assert "Subject: Shall we keep sending you The Weekly?" in text
    assert "http://127.0.0.1:8000/stay/" in text
    assert "Preferences / Unsubscribe:" in text


def test_a_wish_to_stop_is_heard_and_the_next_turn_goes_on(config, issues, crowd):
    one = person(issues)
    halt = Stop()
    halt.set()
    track.sunset(config, KEY, NOW, halt)
    assert (status(one), mails(one).count()) == ("active", 0)
    run(config)
    assert status(one) == "asked"


def test_the_number_of_statements_does_not_grow_with_the_people(config, issues, crowd):
    def statements(people):
        for number in range(people):
            person(issues, f"few{people}-{number}@example.org")
        with CaptureQueriesContext(connections["default"]) as asked:
            assert list(silent(3, NOW))
        return len(asked)

    assert statements(2) == statements(30)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_ask_once(config, issues, crowd):
    one, start = person(issues), threading.Barrier(2)

    def work():
        try:
            start.wait()
            run(config)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (status(one), mails(one).count(), actions(one)) == ("asked", 1, ["win_back"])
