"""What machines that watch are told: whether all is well, what is not, and the numbers, to whom they are meant for."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from newsletter.models import Beat, Hitch, Issue, Message
from newsletter.send import limits
from tests.factories import make_message, make_sent_issue

pytestmark = pytest.mark.django_db
State, Status = Message.State, Issue.Status
TOKEN = "a-token-for-the-watcher"
WELL = dict.fromkeys(("database", "hits", "clock", "sending", "paused", "transports", "journals"), "ok")


@pytest.fixture(autouse=True)
def config(settings, make_config):
    settings.NEWSLETTER = make_config(site={"metrics_token": TOKEN})
    return settings.NEWSLETTER


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def sending(now):
    """An issue that began an hour ago, with one message to go."""
    issue = make_sent_issue(status=Status.SENDING, started_at=now - timedelta(minutes=60), finished_at=None)
    make_message(issue, state=State.PENDING)
    return issue


def health(client):
    answer = client.get("/healthz")
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["status"] == ("ok" if answer.status_code == 200 else "failing")
    return answer.status_code, told["checks"]


def numbers(client, **headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def value(found, name, **labels):
    return found[name, tuple(sorted(labels.items()))]


def test_a_healthy_site_says_so(client):
    assert health(client) == (200, WELL)
    answer = client.get("/livez")
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"ok", "no-store")


def test_a_site_without_its_database_says_so_and_is_not_to_be_restarted(client):
    def gone(*_):
        raise OperationalError("the server is gone; password=hunter2")

    with connection.execute_wrapper(gone):
        answer = client.get("/healthz")
        assert client.get("/livez").status_code == 200
    assert answer.status_code == 503
    assert b"hunter2" not in answer.content
    assert b"the database does not answer" in answer.content


@pytest.mark.parametrize(("age", "well"), [(10, True), (170, True), (200, False)])
def test_a_clock_that_stands_still_is_told(client, now, age, well):
    Beat.tell([Beat(job="collect", at=now - timedelta(seconds=age)), Beat(job="tidy", at=now - timedelta(hours=1))])
    status, checks = health(client)
    assert (status == 200) is well
    assert (checks["clock"] == "ok") is well
    assert client.get("/livez").status_code == 200


def test_an_issue_of_which_nothing_leaves_is_stuck(client, sending):
    assert health(client) == (503, {**WELL, "sending": "1 issue stuck"})


def test_an_issue_that_waits_in_part_for_a_transport_that_has_stopped_is_told(client, sending, now):
    limits.rest("outbox", "wrong password", None, now)
    told = {**WELL, "transports": "1 issue waiting in part for a transport that has stopped"}
    assert health(client) == (503, told)


def test_a_machine_that_can_keep_no_journal_is_told_as_long_as_it_is_heard_of(client, now):
    Hitch.report("journal-mail-2", "no room", now, seen_at=now - timedelta(minutes=50))
    assert health(client) == (503, {**WELL, "journals": "1 of the machines can keep no journal, and send nothing"})
    Hitch.report("journal-mail-2", "no room", now, seen_at=now - timedelta(minutes=70))
    assert health(client) == (200, WELL)


def test_an_issue_of_which_something_left_lately_is_not_stuck(client, sending, now):
    make_message(sending, submitted_at=now - timedelta(minutes=3))
    assert health(client)[0] == 200
    Message.objects.filter(state=State.SUBMITTED).update(submitted_at=now - timedelta(minutes=11))
    assert health(client)[0] == 503


def test_a_transport_that_may_send_little_in_an_hour_is_given_longer(client, sending, settings, make_config, now):
    settings.NEWSLETTER = make_config(send={"outbox": {"rate": "10 per hour"}})
    assert health(client)[0] == 200
    Issue.objects.update(started_at=now - timedelta(minutes=71))
    assert health(client)[0] == 503


def test_an_issue_whose_transports_rest_is_not_stuck(client, sending, now):
    limits.rest("outbox", "421 busy", now + timedelta(minutes=5), now)
    assert health(client)[0] == 200
    found = numbers(client)
    assert value(found, "newsletter_transport_resting", transport="outbox") == 1
    assert value(found, "newsletter_transport_stopped", transport="outbox") == 0


def test_an_issue_that_somebody_has_in_hand_is_not_stuck(client, sending, now):
    make_message(sending, state=State.SUBMITTING, lease_until=now + timedelta(minutes=4))
    assert health(client)[0] == 200


@pytest.mark.parametrize("why", ["young", "resting", "deferred", "paused", "empty"])
def test_an_issue_with_a_reason_to_wait_is_not_stuck(client, sending, now, why):
    changes = {
        "young": {"started_at": now - timedelta(minutes=5)},
        "resting": {"retry_at": now + timedelta(minutes=1)},
        "paused": {"status": Status.PAUSED},
    }
    if why in changes:
        Issue.objects.update(**changes[why])
    elif why == "deferred":
        Message.objects.update(state=State.DEFERRED, retry_at=now + timedelta(minutes=5))
    else:
        Message.objects.update(state=State.FAILED)
    assert health(client)[0] == 200


def test_an_issue_that_stopped_itself_waits_for_a_person_and_its_reason_is_not_for_everybody(client, sending, now):
    sending.halt("535 wrong password for ada@mail.example.org", now)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["paused"] == "1 issue stopped by themselves, and wait for a person"
    assert b"535" not in answer.content
    sending.go(Status.CANCELLED)
    assert health(client)[0] == 200


def test_health_asks_little(client, sending, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        health(client)


def test_the_numbers_of_an_issue_by_transport_and_state(client, sending, now):
    make_message(sending, submitted_at=now - timedelta(seconds=1))
    make_message(sending, state=State.FAILED, route="bulk")
    found, issue = numbers(client), str(sending)
    assert value(found, "newsletter_messages", issue=issue, transport="outbox", state="pending") == 1
    assert value(found, "newsletter_messages", issue=issue, transport="bulk", state="failed") == 1
    assert value(found, "newsletter_send_rate", issue=issue, transport="outbox") == pytest.approx(1 / 60)
    assert value(found, "newsletter_lag_seconds", issue=issue) == pytest.approx(3600, abs=30)
    assert value(found, "newsletter_issues", status="sending") == 1
    assert value(found, "newsletter_issues", status="paused") == 0
    assert value(found, "newsletter_scrape_complete") == 1
    assert any(name.startswith("process_cpu_seconds") for name, _ in found)


def test_the_numbers_of_old_issues_are_not_told_again_and_again(client, now):
    make_sent_issue(finished_at=now - timedelta(hours=2))
    fresh = make_sent_issue(finished_at=now - timedelta(minutes=2))
    for issue in Issue.objects.all():
        make_message(issue)
    told = {labels for name, labels in numbers(client) if name == "newsletter_messages"}
    assert [dict(labels)["issue"] for labels in told] == [str(fresh)]


def test_the_numbers_of_jobs(client, now):
    Beat.tell([Beat(job="send", at=now, seconds=1.5, fault="the database is away"), Beat(job="tidy", at=now)])
    found = numbers(client)
    assert value(found, "newsletter_job_last_run_timestamp_seconds", job="send") == pytest.approx(now.timestamp(), 0.1)
    assert value(found, "newsletter_job_duration_seconds", job="send") == 1.5
    assert value(found, "newsletter_job_failing", job="send") == 1
    assert value(found, "newsletter_job_failing", job="tidy") == 0


def test_a_job_has_one_row_however_often_it_runs(now):
    for seconds in (1, 2):
        Beat.tell([Beat(job="send", at=now, seconds=seconds)])
    assert [(one.job, one.seconds) for one in Beat.objects.all()] == [("send", 2)]


def test_without_its_database_the_process_still_tells_of_itself(client):
    def gone(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        found = numbers(client)
    assert value(found, "newsletter_scrape_complete") == 0
    assert any(name.startswith("process_") for name, _ in found)


FROM_AFAR = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.mark.parametrize(
    ("circumstances", "headers", "status"),
    [
        ({}, {}, 200),
        ({"REMOTE_ADDR": "::1"}, {}, 200),
        ({}, {"X-Forwarded-For": "192.0.2.7"}, 403),
        ({}, {"Via": "1.1 proxy"}, 403),
        (FROM_AFAR, {}, 403),
        (FROM_AFAR, {"Authorization": f"Bearer {TOKEN}"}, 200),
        ({}, {"X-Forwarded-For": "192.0.2.7", "Authorization": f"Bearer {TOKEN}"}, 200),
        (FROM_AFAR, {"Authorization": f"Bearer {TOKEN}x"}, 403),
        (FROM_AFAR, {"Authorization": "Bearer ä"}, 403),
        (FROM_AFAR, {"Authorization": TOKEN}, 403),
        ({"REMOTE_ADDR": "not an address"}, {}, 403),
    ],
    ids=["here", "here by IPv6", "by a proxy", "by another proxy", "from afar", "token", "token by a proxy",
         "wrong token", "odd token", "no bearer", "nowhere"],
)  # fmt: skip
def test_the_numbers_are_for_this_machine_and_for_who_has_the_token(client, circumstances, headers, status):
    assert client.get("/metrics", headers=headers, **circumstances).status_code == status


def test_without_a_token_there_is_none_to_guess(client, settings, make_config):
    settings.NEWSLETTER = make_config()
    for given in ("Bearer ", "Bearer None", "Bearer"):
        assert client.get("/metrics", headers={"Authorization": given}, **FROM_AFAR).status_code == 403


def test_every_number_is_explained(client, sending):
    Beat.tell([Beat(job="send", at=timezone.now())])
    page = (Path(__file__).parents[2] / "docs" / "sending.md").read_text(encoding="utf-8")
    ours = {name for name, _ in numbers(client) if name.startswith("newsletter_")}
    assert ours == set(re.findall(r"(newsletter_\w+)", page))
