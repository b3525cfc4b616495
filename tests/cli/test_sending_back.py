"""Sending an issue back, handing it in again, and taking one off the schedule, by hand."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry

from newsletter.models import Issue

pytestmark = pytest.mark.django_db
Status = Issue.Status


def status(issue):
    issue.refresh_from_db()
    return issue.status


def test_an_issue_is_refused_with_a_reason_and_handed_in_again(call, issue):
    Issue.objects.filter(pk=issue.pk).update(status=Status.IN_REVIEW)
    assert "needs a reason" in call("refuse", str(issue), "--reason", " ").err
    facts = call("refuse", str(issue), "--reason", "no source", "--json").facts
    assert (facts["status"], facts["reason"]) == ("draft", "no source")
    assert "it is a draft, which is nobody's to refuse" in call("refuse", str(issue), "--reason", "x").err
    assert call("hand-in", str(issue), "--json").facts["status"] == "in_review"
    assert "it is in review already" in call("hand-in", str(issue)).err


def test_an_issue_is_taken_off_the_schedule_and_stays_approved(call, issue):
    assert "it is not scheduled" in call("unschedule", str(issue)).err
    call("approve", str(issue))
    call("schedule", str(issue), "--at", "2099-12-03 18:00")
    assert call("unschedule", str(issue), "--json").facts["status"] == "approved"
    Issue.objects.filter(pk=issue.pk).update(status=Status.SENDING)
    assert f"`newsletter pause {issue}` stops it" in call("unschedule", str(issue)).err


def test_clocks_that_change_are_heeded(call, issue):
    call("approve", str(issue))
    assert "02:30 does not exist" in call("schedule", str(issue), "--at", "2099-03-29 02:30").err
    assert "--which first or --which second" in call("schedule", str(issue), "--at", "2099-10-25 02:30").err
    assert status(issue) == "approved"
    call("schedule", str(issue), "--at", "2099-10-25 02:30", "--which", "second")
    assert status(issue) == "scheduled"
    assert issue.send_at == datetime(2099, 10, 25, 1, 30, tzinfo=UTC)


def test_sending_from_the_command_line_waits_for_nobody(call, issue):
    call("approve", str(issue))
    call("send", str(issue))
    assert status(issue) == "scheduled"
    assert issue.send_at <= datetime.now(UTC)


def test_an_override_by_hand_is_in_the_log(call, issue):
    Issue.objects.filter(pk=issue.pk).update(opening="Lorem ipsum")
    assert call("approve", str(issue), "--override", "it is about typesetting").code == 0
    entry = LogEntry.objects.get(change_message__contains="it is about typesetting")
    assert entry.user.username == "command line"
