"""An issue moves only the ways it may, and the stored row decides."""

from datetime import timedelta

import pytest

from newsletter.models import Issue, TransitionRefused
from tests.factories import NOW, make_edition, make_issue

pytestmark = pytest.mark.django_db
Status = Issue.Status


@pytest.mark.parametrize("target", list(Issue.FROM))
@pytest.mark.parametrize("start", list(Status))
def test_every_move_is_either_on_the_list_or_refused(start, target):
    issue = make_issue(status=start)
    if start in Issue.FROM[target]:
        issue.go(target)
        assert Issue.objects.get().status == target
    else:
        with pytest.raises(TransitionRefused, match=f"is {start.label.lower()}; only what is"):
            issue.go(target)
        assert Issue.objects.get().status == start


def test_a_stale_copy_cannot_move_what_has_moved_on():
    issue = make_issue(status=Status.SENDING)
    stale = Issue.objects.get()
    issue.go(Status.PAUSED)
    with pytest.raises(TransitionRefused):
        stale.go(Status.SENT)
    assert stale.status == Status.PAUSED


def test_a_refused_move_changes_nothing_else():
    issue = make_issue(status=Status.SENT)
    with pytest.raises(TransitionRefused):
        issue.go(Status.PAUSED, reason="too late")
    assert Issue.objects.get().reason == ""


@pytest.mark.parametrize("status", [Status.APPROVED, Status.SCHEDULED])
def test_an_edit_voids_the_approval_and_says_so(status):
    issue = make_issue(status=Status.DRAFT)
    issue.approve(make_edition(issue), None, NOW)
    Issue.objects.update(status=status, send_at=NOW)
    issue.edited()
    stored = Issue.objects.get()
    assert (stored.status, stored.edition, stored.approved_at) == (Status.IN_REVIEW, None, None)
    assert "approve it again" in stored.reason
    assert not Issue.to_start(NOW).exists()


@pytest.mark.parametrize("status", [Status.SENDING, Status.SENT, Status.DRAFT])
def test_where_there_is_no_approval_to_void_an_edit_changes_nothing(status):
    issue = make_issue(status=status)
    issue.edited()
    assert Issue.objects.get().status == status


@pytest.mark.parametrize(("hours", "waits"), [(-1, False), (0, False), (0.5, True), (1.5, True), (24, False)], ids=str)
def test_an_issue_waits_for_its_transport_but_not_for_a_moment_of_a_clock_that_was_set_back(hours, waits):
    make_issue(status=Status.SENDING, retry_at=NOW + timedelta(hours=hours))
    assert Issue.to_send(NOW).exists() is not waits


def test_an_issue_is_found_by_number_and_by_name():
    issue = make_issue()
    assert Issue.named(str(issue.pk)) == Issue.named("weekly/2026-11-20") == issue
    with pytest.raises(Issue.DoesNotExist):
        Issue.named("weekly/1999-01-01")


def test_the_same_content_is_the_same_edition():
    issue = make_issue()
    assert make_edition(issue) == make_edition(issue)
    assert make_edition(issue) != make_edition(issue, subject="Another")


def test_text_that_moves_between_parts_makes_another_edition():
    issue = make_issue()
    assert make_edition(issue, subject="ab", preheader="c") != make_edition(issue, subject="a", preheader="bc")
