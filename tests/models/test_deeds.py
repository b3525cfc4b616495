"""Every move of an issue is in the log, with what it was, what it is, and who did it."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.utils import timezone

from newsletter.acting import COMMAND_LINE, ITSELF, STRANGER, acting, person
from newsletter.models import Issue, TransitionRefused, deeds
from tests.factories import NOW, make_edition, make_issue, make_staff

pytestmark = pytest.mark.django_db
Status = Issue.Status


def told():
    return [(entry.user.username, entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")]


def test_what_the_house_does_by_itself_is_told_as_that():
    issue = make_issue(status=Status.SENDING)
    issue.halt("535 wrong password", NOW)
    assert told() == [
        (ITSELF, "Changed status from sending to paused and reason from nothing to 535 wrong password."),
    ]


def test_what_somebody_does_is_told_with_their_name_and_on_the_command_line_with_none():
    issue, ada = make_issue(status=Status.APPROVED), make_staff()
    with acting(ada):
        issue.go(Status.SCHEDULED, send_at=NOW)
    with acting(COMMAND_LINE):
        issue.go(Status.CANCELLED, reason="no news")
    assert told() == [
        ("ada", "Changed status from approved to scheduled and time of sending from nothing to 2026-11-20 07:00 UTC."),
        (COMMAND_LINE, "Changed status from scheduled to cancelled and reason from nothing to no news."),
    ]
    assert person() is None


def test_another_time_of_sending_is_told_with_both():
    issue = make_issue(status=Status.SCHEDULED, send_at=NOW)
    issue.go(Status.SCHEDULED, send_at=NOW + timedelta(hours=1))
    assert told() == [(ITSELF, "Changed time of sending from 2026-11-20 07:00 UTC to 2026-11-20 08:00 UTC.")]


def test_an_edit_is_told_where_it_voids_an_approval_and_who_edited_is_kept():
    issue, ada = make_issue(status=Status.DRAFT), make_staff()
    with acting(ada):
        issue.edited()
    issue.refresh_from_db()
    assert (issue.edited_by, told()) == (ada, [])
    issue.approve(make_edition(issue), None, NOW)
    with acting(ada):
        issue.edited()
    assert told()[-1][0] == "ada"
    assert "Changed status from approved to in review" in told()[-1][1]


def test_a_refused_move_is_no_deed():
    issue = make_issue(status=Status.SENT)
    with pytest.raises(TransitionRefused):
        issue.go(Status.PAUSED)
    assert told() == []


def test_who_is_no_person_cannot_sign_in_and_is_made_once():
    hollow = deeds.nobody(ITSELF)
    assert deeds.nobody(ITSELF) == hollow
    assert (hollow.is_active, hollow.is_staff, hollow.has_usable_password()) == (False, False, False)


def test_failed_sign_ins_are_dropped_after_a_time_and_nothing_else_is():
    issue = make_issue()
    deeds.say(deeds.nobody(STRANGER), f"{deeds.REFUSED}, from 203.0.113.0", who=STRANGER)
    deeds.say(issue, "drawn up", flag=ADDITION)
    assert deeds.forget(timezone.now() - timedelta(days=1)) == 0
    assert deeds.forget(timezone.now() + timedelta(days=1)) == 1
    assert told() == [(ITSELF, "drawn up")]
