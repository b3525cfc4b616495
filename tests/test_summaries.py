"""The monthly summary from the last issue of a month to the mail: to those who asked for it, and to nobody else."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from newsletter import pipeline
from newsletter.models import Issue, Message, Series
from newsletter.pipeline import Context
from tests.factories import make_item, make_post, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
NOVEMBER_1 = datetime(2026, 10, 31, 23, tzinfo=UTC)
DUE = NOVEMBER_1 + timedelta(hours=8)


class Clock:
    """A clock that goes when it is told to."""

    now = NOVEMBER_1 - timedelta(days=20)

    def __call__(self):
        return self.now


@pytest.fixture
def make_context(make_config):
    def make(**newsletter):
        config = make_config(newsletters={"weekly": {"approval": "automatic", "schedule": None, **newsletter}},
                             site={"time_zone": "Europe/Berlin"})  # fmt: skip
        Series.objects.create(newsletter="weekly", since=Clock.now, summed_up=Clock.now)
        return Context(config, "a key for tests", Clock())

    return make


@pytest.fixture
def october():
    """An issue of October, and who reads every one and who only the summary."""
    issue = make_sent_issue(started_at=Clock.now, due_at=Clock.now, slug="2026-10-11", subject="Tea, and whales")
    make_item(issue, make_post(title="Tea"))
    make_item(issue, make_post(title="Whales"))
    every, moira = make_subscriber("every@example.org"), make_subscriber("moira@example.org")
    moira.subscriptions.update(frequency="monthly")
    return every, moira


def turn(ctx, at):
    ctx.clock.now = at
    pipeline.draw_up_issues(ctx)
    pipeline.start_due_issues(ctx)
    pipeline.send_messages(ctx)


def outbox(ctx):
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in ctx.config.outbox.rglob("*.eml")]


def test_it_goes_to_those_who_asked_for_it_and_to_nobody_else_once(make_context, october):
    ctx = make_context()
    turn(ctx, NOVEMBER_1)
    summary = Issue.objects.get(kind="summary")
    assert (summary.status, summary.send_at, outbox(ctx)) == ("scheduled", DUE, [])
    for _ in range(3):
        turn(ctx, DUE)
    summary.refresh_from_db()
    assert (summary.status, Message.counts(summary)) == ("sent", {"submitted": 1})
    (mail,) = outbox(ctx)
    assert (mail["To"], mail["Subject"]) == ("moira@example.org", "The Weekly: October 2026 in short")
    text = mail.get_body(("plain",)).get_content()
    assert "The issues of October 2026 in full" in text
    assert "http://127.0.0.1:8000/issues/weekly/2026-10-11/" in text
    assert f"Read online: http://127.0.0.1:8000/issues/weekly/{summary.slug}/" in text


def test_a_regular_issue_says_of_them_that_they_asked_for_the_summary(make_context, october):
    ctx = make_context(schedule={"cron": "0 8 * * FRI", "time_zone": "Europe/Berlin"})
    make_post(published_at=DUE + timedelta(days=1))
    turn(ctx, DUE + timedelta(days=5))
    issue = Issue.regular("weekly").order_by("-due_at").first()
    excluded = issue.messages.get(subscriber__email="moira@example.org")
    assert (excluded.state, excluded.reason) == ("excluded", "asked for the monthly summary alone")


def test_where_approval_is_required_it_waits_for_it(make_context, october):
    ctx = make_context(approval="required")
    turn(ctx, DUE)
    summary = Issue.objects.get(kind="summary")
    assert summary.status == "in_review"
    pipeline.approve(ctx, summary)
    pipeline.schedule(ctx, summary)
    turn(ctx, DUE + timedelta(hours=1))
    assert [mail["To"] for mail in outbox(ctx)] == ["moira@example.org"]


def test_one_that_nobody_wants_any_more_is_given_up_and_says_why(make_context, october):
    ctx = make_context()
    turn(ctx, NOVEMBER_1)
    october[1].subscriptions.update(frequency="every")
    turn(ctx, DUE)
    summary = Issue.objects.get(kind="summary")
    assert (summary.status, outbox(ctx)) == ("cancelled", [])
    assert summary.reason == "nobody who can be written to asks for the monthly summary any more"
