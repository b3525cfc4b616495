"""Load new posts at the desk: shown first, then just what was ticked."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from newsletter.models import Issue, Post, Triage
from tests.factories import NOW, make_edition, make_issue, make_item, make_post, make_staff

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def issue():
    issue = make_issue(status=Issue.Status.IN_REVIEW)
    make_item(issue, make_post(title="First"), section="More stories")
    return issue


def address(issue):
    return reverse("desk-new-posts", args=(issue.pk,))


def shown(client, issue):
    answer = client.get(address(issue))
    assert answer.status_code == 200
    return answer


def titles(issue):
    return [item.title for item in issue.items.order_by("position")]


def test_what_would_change_is_shown_and_nothing_is_done(staff, issue):
    make_post(title="Second")
    refused = make_item(issue, make_post(title="Refused"), section="More stories")
    Triage.decide("weekly", {refused.post_id: ""}, "rejected", NOW, reason="An advertisement")
    Post.objects.filter(title="First").update(title="First, mended")
    page = shown(staff, issue).content.decode()
    for part in ("Second", "More stories", "First, mended", "Another title", "Refused", "An advertisement"):
        assert part in page
    assert titles(issue) == ["First", "Refused"]


def test_just_what_is_ticked_is_done_and_told(staff, issue):
    second, third = make_post(title="Second"), make_post(title="Third")
    Post.objects.filter(title="First").update(summary="Anew.")
    change = shown(staff, issue).context["news"].changes[0].digest
    answer = staff.post(address(issue), {"add": [second.pk], "change": [change]}, follow=True)
    assert answer.redirect_chain == [(reverse("admin:newsletter_issue_change", args=(issue.pk,)), 303)]
    assert [str(one) for one in answer.context["messages"]] == [f"{issue}: 1 post added, 1 story copied anew."]
    assert titles(issue) == ["First", "Second"]
    assert issue.items.first().summary == "Anew."
    assert "1 post added" in LogEntry.objects.get().get_change_message()
    answer = staff.post(address(issue), {"add": [second.pk, third.pk]}, follow=True)
    assert "1 thing of what you ticked" in str(list(answer.context["messages"])[1])
    assert titles(issue) == ["First", "Second", "Third"]


def test_nothing_ticked_is_told_on_the_page(staff, issue):
    make_post(title="Second")
    answer = staff.post(address(issue))
    assert (answer.status_code, "Nothing is ticked" in answer.content.decode()) == (422, True)


def test_where_nothing_is_new_the_page_says_so(staff, issue):
    assert "There is nothing new" in shown(staff, issue).content.decode()


def test_an_approval_is_void_and_that_is_said_before_and_after(staff):
    issue = make_issue(status=Issue.Status.APPROVED, approved_at=NOW)
    issue.edition = make_edition(issue)
    issue.save()
    post = make_post()
    assert "voids its approval" in shown(staff, issue).content.decode()
    answer = staff.post(address(issue), {"add": post.pk}, follow=True)
    assert any("approval is void" in str(one) for one in answer.context["messages"])
    issue.refresh_from_db()
    assert issue.status == Issue.Status.IN_REVIEW


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "sent"}, "It is sent"),
        ({"kind": "summary"}, "A monthly summary"),
        ({"newsletter": "gone"}, "no newsletter “gone”"),
    ],
)
def test_an_issue_that_takes_none_says_why(staff, fields, told):
    issue = make_issue(**fields)
    assert told in shown(staff, issue).content.decode()
    assert staff.post(address(issue), {"add": make_post().pk}).status_code == 200
    assert not issue.items.exists()


def test_it_is_for_those_who_may_change_issues(issue):
    client, user = Client(), make_staff(is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(user)
    assert client.get(address(issue)).status_code == client.post(address(issue)).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="change_issue"))
    assert client.get(address(issue)).status_code == 200
