"""An issue is edited while it has not gone out, and taken further by buttons that ask first."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from newsletter import holes, pipeline
from newsletter.models import Issue
from tests.factories import (
    make_edition,
    make_issue,
    make_item,
    make_message,
    make_post,
    make_sent_issue,
    make_subscriber,
)

pytestmark = pytest.mark.django_db
Status = Issue.Status
SENT = [Status.SENDING, Status.PAUSED, Status.SENT, Status.SKIPPED, Status.CANCELLED]


@pytest.fixture
def ctx(config):
    return pipeline.Context(config=config, key=django_settings.SECRET_KEY)


@pytest.fixture
def issue():
    issue = make_issue(status=Status.IN_REVIEW, due_at=timezone.now() + timedelta(days=2))
    make_item(issue, make_post(title="A whale falls"))
    return issue


def change(issue):
    return reverse("admin:newsletter_issue_change", args=(issue.pk,))


def asked(client, verb, issue):
    """The page that asks, and what a browser would send back with its form."""
    address = reverse(f"admin:newsletter_issue_{verb}", args=(issue.pk,))
    fields = client.get(address).context["form"].hidden_fields()
    return address, {field.html_name: field.value() for field in fields}


def do(client, verb, issue, **data):
    address, hidden = asked(client, verb, issue)
    answer = client.post(address, {**hidden, **data})
    issue.refresh_from_db()
    return answer


def edit(client, issue, do="letter", follow=False, **changes):
    """Edit the issue as a browser does that has just opened it, on the page where issues are made."""
    address = reverse("desk-edit", args=(issue.pk,))
    page = client.get(address).context
    if do == "letter":
        held = page["letter"]
    else:
        held = page["groups"][0].rows[0].form
        changes = {"piece": page["groups"][0].rows[0].name, **changes}
    said = {name: value or "" for name, value in held.initial.items()}
    return client.post(address, {"do": do, **said, **dict(held.marks), **changes}, follow=follow)


def buttons(client, issue):
    page = client.get(change(issue)).content.decode()
    return [
        verb for verb in ("approve", "schedule", "send", "pause", "resume", "cancel") if f"/{issue.pk}/{verb}/" in page
    ]


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (Status.DRAFT, ["approve", "cancel"]),
        (Status.IN_REVIEW, ["approve", "cancel"]),
        (Status.APPROVED, ["schedule", "send", "cancel"]),
        (Status.SCHEDULED, ["schedule", "send", "cancel"]),
        (Status.SENDING, ["pause", "cancel"]),
        (Status.PAUSED, ["resume", "cancel"]),
        (Status.SENT, []),
        (Status.SKIPPED, []),
        (Status.CANCELLED, []),
    ],
)
def test_only_the_buttons_that_the_status_allows_are_offered(staff, issue, status, offered):
    Issue.objects.update(status=status)
    assert buttons(staff, issue) == offered


@pytest.mark.parametrize("verb", ["approve", "schedule", "send", "pause", "resume", "cancel"])
def test_asking_changes_nothing(staff, issue, verb):
    before = Issue.objects.values().get()
    answer = staff.get(reverse(f"admin:newsletter_issue_{verb}", args=(issue.pk,)))
    assert answer.status_code == 200
    assert 'method="post"' in answer.content.decode()
    assert Issue.objects.values().get() == before


def test_an_issue_goes_all_the_way_by_its_buttons(staff, issue, ctx):
    make_subscriber()
    answer = do(staff, "approve", issue)
    assert (answer.status_code, answer["Location"]) == (303, change(issue))
    assert (issue.status, issue.approved_by.username) == ("approved", "ada")
    Issue.objects.update(due_at=timezone.now() + timedelta(days=1))
    do(staff, "schedule", issue)
    assert (issue.status, issue.send_at) == ("scheduled", issue.due_at)
    Issue.objects.update(status=Status.SENDING)
    do(staff, "pause", issue, reason="a typo in the lead")
    assert (issue.status, issue.reason) == ("paused", "a typo in the lead")
    do(staff, "resume", issue)
    assert (issue.status, issue.reason) == ("sending", "")
    do(staff, "cancel", issue)
    assert (issue.status, issue.reason) == ("cancelled", "cancelled by ada")


def test_a_time_is_meant_in_the_zone_of_the_newsletter(staff, issue):
    do(staff, "approve", issue)
    year = timezone.now().year + 1
    do(staff, "schedule", issue, at=f"{year}-01-15T08:30")
    assert issue.send_at == datetime(year, 1, 15, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("at", ["2025-01-05T08:00", ""])
def test_a_time_gone_by_is_refused_and_sends_nothing(staff, issue, at):
    do(staff, "approve", issue)
    Issue.objects.update(due_at=timezone.now() - timedelta(days=1))
    answer = do(staff, "schedule", issue, at=at)
    assert answer.status_code == 422
    assert "has passed" in answer.content.decode()
    assert issue.status == "approved"


def test_sending_now_says_how_many_people_and_is_remembered(staff, issue):
    make_subscriber()
    do(staff, "approve", issue)
    asked = staff.get(reverse("admin:newsletter_issue_send", args=(issue.pk,))).content.decode()
    assert "<strong>1 person</strong>" in asked
    do(staff, "send", issue)
    assert issue.status == "scheduled"
    # It can be undone for a moment.
    assert timedelta(seconds=20) < issue.send_at - timezone.now() <= timedelta(seconds=30)
    history = staff.get(reverse("admin:newsletter_issue_history", args=(issue.pk,))).content.decode()
    assert "Changed status from in review to approved" in history
    assert "Changed status from approved to scheduled" in history


def test_a_time_that_is_none_is_asked_again(staff, issue):
    do(staff, "approve", issue)
    answer = do(staff, "schedule", issue, at="soon")
    assert answer.status_code == 422
    assert "Enter a valid date/time" in answer.content.decode()
    assert issue.status == "approved"


@pytest.mark.parametrize(
    ("verb", "status"),
    [("approve", Status.SENT), ("schedule", Status.DRAFT), ("pause", Status.SENT), ("resume", Status.SCHEDULED),
     ("cancel", Status.SENT)],
)  # fmt: skip
def test_what_the_status_does_not_allow_is_refused_in_words(staff, issue, verb, status):
    Issue.objects.update(status=status)
    answer = staff.post(reverse(f"admin:newsletter_issue_{verb}", args=(issue.pk,)), follow=True)
    assert "can only be done while it is" in answer.content.decode()
    assert Issue.objects.get().status == status


def test_what_cannot_be_rendered_is_not_approved_and_says_why(staff):
    issue = make_issue(status=Status.IN_REVIEW)
    address, hidden = asked(staff, "approve", issue)
    answer = staff.post(address, hidden, follow=True)
    assert "holds no stories" in answer.content.decode()
    assert Issue.objects.get().status == "in_review"


EDITS = [
    {"subject": "Better"}, {"preheader": "More"}, {"do": "item", "note": "Read this"},
    {"do": "move", "section": "World"}, {"do": "out"}, {"do": "item", "title": "Two whales fall"},
    {"do": "add", "text": "Good morning."},
]  # fmt: skip


@pytest.mark.parametrize("change_of", EDITS)
def test_what_was_edited_while_the_approver_looked_is_not_approved(staff, issue, change_of):
    make_item(issue, section="Elsewhere")
    address, hidden = asked(staff, "approve", issue)
    edit(staff, issue, **change_of)
    answer = staff.post(address, hidden, follow=True)
    issue.refresh_from_db()
    assert "it changed while you were looking at it; look again" in answer.content.decode()
    assert (issue.status, issue.edition) == ("in_review", None)
    do(staff, "approve", issue)
    assert issue.status == "approved"


def test_an_approval_of_nothing_in_particular_is_refused(staff, issue):
    staff.post(reverse("admin:newsletter_issue_approve", args=(issue.pk,)))
    issue.refresh_from_db()
    assert issue.status == "in_review"


@pytest.mark.parametrize("number", ["999", "x", "1;2"])
def test_a_button_of_no_issue_is_not_found(staff, number):
    assert staff.post(f"/desk/newsletter/issue/{number}/approve/").status_code == 404
    assert staff.get(f"/desk/newsletter/issue/{number}/change/").status_code == 302


@pytest.mark.django_db(transaction=True)  # the lock that saving takes is only allowed in a transaction of its own
def test_subject_and_preheader_are_edited(staff, issue):
    edit(staff, issue, subject="🐋 Better", preheader="and more")
    issue.refresh_from_db()
    assert (issue.subject, issue.preheader, issue.status) == ("🐋 Better", "and more", "in_review")


@pytest.mark.parametrize("change_of", EDITS)
def test_an_edit_voids_the_approval(staff, issue, change_of):
    make_item(issue, section="Elsewhere")
    do(staff, "approve", issue)
    answer = edit(staff, issue, follow=True, **change_of)
    issue.refresh_from_db()
    assert (issue.status, issue.edition) == ("in_review", None)
    assert "The approval is void" in answer.content.decode()


def test_saving_without_an_edit_keeps_the_approval(staff, issue):
    do(staff, "approve", issue)
    edit(staff, issue)
    edit(staff, issue, do="item")
    issue.refresh_from_db()
    assert issue.status == "approved"
    assert issue.edition is not None


def test_choosing_its_readers_keeps_the_approval(staff, issue):
    do(staff, "approve", issue)
    assert staff.post(change(issue), {}).status_code == 302
    issue.refresh_from_db()
    assert issue.status == "approved"


def test_the_form_of_an_issue_leads_to_the_page_where_it_is_made(staff, issue):
    answer = staff.get(reverse("admin:newsletter_issue_contents", args=(issue.pk,)))
    assert answer["Location"] == reverse("desk-edit", args=(issue.pk,))
    assert 'name="subject"' not in staff.get(change(issue)).content.decode()


def test_nothing_but_its_readers_is_taken_by_the_form(staff, issue):
    staff.post(change(issue), {"status": "sent", "reason": "x", "subject": "Forged"})
    issue.refresh_from_db()
    assert (issue.status, issue.reason, issue.subject) == ("in_review", "", "")


@pytest.mark.parametrize("status", SENT)
def test_once_sending_has_started_nothing_is_edited(staff, issue, status):
    address = reverse("desk-edit", args=(issue.pk,))
    held = staff.get(address).context["letter"]
    Issue.objects.update(status=status)
    make_message(issue)
    assert 'name="_save"' not in staff.get(change(issue)).content.decode()
    assert staff.post(change(issue), {"subject": "Too late"}).status_code == 403
    assert 'name="subject"' not in staff.get(address).content.decode()
    answer = staff.post(address, {"do": "letter", **dict(held.marks), "subject": "Too late, and not lost"})
    assert answer.status_code == 409
    assert "Too late, and not lost" in answer.content.decode()
    issue.refresh_from_db()
    assert issue.subject == ""


def test_a_sent_issue_says_what_was_sent_though_a_pattern_made_it(staff):
    marker = "h" + "0" * 20
    issue = make_sent_issue()
    issue.edition = make_edition(issue, subject=f"{holes.hole(marker, 'name')}, a whale <falls>", marker=marker)
    issue.save()
    page = staff.get(change(issue)).content.decode()
    assert "a whale &lt;falls&gt;" in page
    assert "and more" in page
    assert marker not in page


def test_an_issue_that_was_never_approved_shows_its_own_words(staff):
    issue = make_issue(status=Status.CANCELLED, subject="Never sent")
    assert "Never sent" in staff.get(change(issue)).content.decode()


def test_issues_are_not_made_or_deleted_here(staff, issue):
    assert staff.get(reverse("admin:newsletter_issue_add")).status_code == 403
    assert staff.post(reverse("admin:newsletter_issue_delete", args=(issue.pk,))).status_code == 403


def test_the_list_shows_status_reason_and_counts(staff):
    issue = make_sent_issue(reason="done well")
    make_item(issue)
    make_item(issue)
    for state in ("submitted", "delivered", "failed", "excluded"):
        issue.messages.create(subscriber=make_subscriber(), state=state)
    page = staff.get(reverse("admin:newsletter_issue_changelist"))
    row = page.context["cl"].result_list[0]
    assert (row.post_count, row.for_count, row.sent_count) == (2, 3, 2)
    for part in ("done well", "2 of 3", "bg-green-100"):
        assert part in page.content.decode()
