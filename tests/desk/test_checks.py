"""The page of an issue's checks: what was found, running them again, and overriding what stops approval."""

import threading
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Issue, LinkCheck, Override, Preflight
from newsletter.preflight import Means, running
from tests.factories import make_issue, make_item, make_post, make_sent_issue, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    issue = make_issue(
        status=Issue.Status.IN_REVIEW, due_at=timezone.now() + timedelta(days=2), opening="Lorem ipsum <script>"
    )
    make_item(issue, make_post(title="A whale falls", url="https://iana.org/x"))
    return issue


def page(name, issue):
    return reverse(name, args=(issue.pk,))


def carry_on(config):
    def look(urls, settings, clock):
        return [LinkCheck.of(url, "broken", clock(), fault="the server answers 404 Not Found") for url in urls]

    running.carry_on(config, django_settings.SECRET_KEY, timezone.now, threading.Event(), look, Means())


def shown(client, issue, name="desk-checks", **headers):
    return client.get(page(name, issue), headers=headers).content.decode()


def test_before_anybody_has_looked_the_page_says_what_to_do(staff, issue):
    html = shown(staff, issue)
    assert "Nobody has looked yet" in html
    assert "Run the checks" in html


def test_they_run_in_a_job_and_the_page_shows_how_far_they_are(staff, issue, config):
    answer = staff.post(page("desk-checks-run", issue))
    assert (answer.status_code, answer["Location"]) == (303, page("desk-checks", issue))
    staff.post(page("desk-checks-run", issue))
    assert Preflight.objects.count() == 1
    html = shown(staff, issue)
    assert 'hx-trigger="every 2s"' in html
    assert 'role="progressbar"' in html
    carry_on(config)
    html = shown(staff, issue)
    assert 'hx-trigger="every 2s"' not in html
    assert "2 blockers" in html
    assert "The server answers" not in html
    assert "https://iana.org/x: the server answers 404 Not Found" in html
    assert "in the time zone Europe/Berlin" in html


def test_what_was_found_is_escaped(staff, issue, config):
    issue.items.update(title="<img src=x onerror=alert(1)> Lorem ipsum")
    staff.post(page("desk-checks-run", issue))
    carry_on(config)
    assert "<img src=x onerror" not in shown(staff, issue)


def test_the_part_that_changes_comes_by_itself(staff, issue):
    part = shown(staff, issue, **{"HX-Request": "true"})
    assert part.lstrip().startswith('<div id="checks"')
    assert "<html" not in part


def test_after_an_edit_the_page_says_that_it_is_about_what_was_before(staff, issue, config):
    staff.post(page("desk-checks-run", issue))
    carry_on(config)
    Issue.objects.update(closing="Until next time")
    html = shown(staff, issue)
    assert "The issue has changed since" in html
    assert 'name="reason"' not in html


@pytest.mark.parametrize("reason", ["it is about typesetting", "  it is\nabout typesetting "])
def test_an_override_is_kept_and_lets_the_issue_be_approved(staff, issue, config, reason):
    staff.post(page("desk-checks-run", issue))
    carry_on(config)
    seen = staff.get(page("desk-checks", issue)).context["standing"].digest
    data = {"reason": reason, "seen": seen}
    for _ in range(2):
        answer = staff.post(page("desk-checks-override", issue), data)
        assert (answer.status_code, answer["Location"]) == (303, page("desk-checks", issue))
    made = Override.objects.get()
    assert (made.by_name, made.reason, len(made.blockers)) == ("ada", "it is about typesetting", 2)
    html = shown(staff, issue)
    assert "2 overridden" in html
    assert "it is about typesetting" in html
    asked = staff.get(reverse("admin:newsletter_issue_approve", args=(issue.pk,))).context["form"]
    staff.post(reverse("admin:newsletter_issue_approve", args=(issue.pk,)), {"seen": asked["seen"].value()})
    issue.refresh_from_db()
    assert issue.status == Issue.Status.APPROVED


def test_without_an_override_approval_is_refused_with_the_blockers(staff, issue):
    address = reverse("admin:newsletter_issue_approve", args=(issue.pk,))
    asked = staff.get(address)
    assert page("desk-checks", issue) in asked.content.decode()
    answer = staff.post(address, {"seen": asked.context["form"]["seen"].value()}, follow=True)
    assert "was not approved, because of a blocker: the opening: “Lorem ipsum”" in answer.content.decode()
    issue.refresh_from_db()
    assert issue.status == Issue.Status.IN_REVIEW


def test_without_a_reason_nothing_is_overridden_and_nothing_typed_is_lost(staff, issue, config):
    staff.post(page("desk-checks-run", issue))
    carry_on(config)
    answer = staff.post(page("desk-checks-override", issue), {"reason": " ", "seen": ""})
    assert (answer.status_code, "say why it goes out" in answer.content.decode()) == (422, True)
    answer = staff.post(page("desk-checks-override", issue), {"reason": "my <b> words", "seen": "another state"})
    assert (answer.status_code, "my &lt;b&gt; words" in answer.content.decode()) == (422, True)
    assert not Override.objects.exists()


def test_what_has_gone_out_is_not_overridden_any_more(staff, issue):
    Issue.objects.update(status=Issue.Status.SENT)
    assert staff.post(page("desk-checks-override", issue), {"reason": "why not"}).status_code == 422
    assert not Override.objects.exists()


def test_an_issue_that_cannot_be_rendered_says_why(staff, issue):
    issue.items.all().delete()
    assert "holds no stories" in shown(staff, issue)
    answer = staff.post(page("desk-checks-run", issue), follow=True)
    assert "There is no mail to look at" in answer.content.decode()


def test_the_line_for_other_pages(staff, issue, config):
    assert "not looked at yet" in shown(staff, issue, "desk-checks-line")
    staff.post(page("desk-checks-run", issue))
    assert "being looked at" in shown(staff, issue, "desk-checks-line")
    carry_on(config)
    line = shown(staff, issue, "desk-checks-line")
    assert "<strong>2 blockers" in line
    assert page("desk-checks", issue) in line


def test_a_sent_issue_can_be_looked_at_too(staff):
    issue = make_sent_issue()
    make_item(issue)
    assert staff.get(page("desk-checks", issue)).status_code == 200


def test_what_may_be_done_depends_on_the_permission(issue, config):
    client = Client()
    member = make_staff("bo", is_superuser=False)
    client.force_login(member)
    for name in ("desk-checks", "desk-checks-line"):
        assert client.get(page(name, issue)).status_code == 403
    member.user_permissions.add(Permission.objects.get(codename="view_issue"))
    assert client.get(page("desk-checks", issue)).status_code == 200
    for name in ("desk-checks-run", "desk-checks-override"):
        assert client.post(page(name, issue), {"reason": "because"}).status_code == 403
    member.user_permissions.add(*Permission.objects.filter(codename__in=("change_issue", "add_override")))
    assert client.post(page("desk-checks-run", issue)).status_code == 303
    assert client.get(page("desk-checks-run", issue)).status_code == 405
    assert client.post(page("desk-checks-override", issue), {"reason": "because"}).status_code == 303


@pytest.mark.parametrize("name", ["desk-checks", "desk-checks-line", "desk-checks-run", "desk-checks-override"])
def test_nobody_else_comes_in(issue, name):
    for answer in (Client().get(page(name, issue)), Client().post(page(name, issue))):
        assert answer.status_code in (302, 303, 405)
    assert Client(enforce_csrf_checks=True).post(page(name, issue)).status_code in (302, 403, 405)
