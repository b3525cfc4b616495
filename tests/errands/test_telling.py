"""Staff are told what became of an issue: who may see it and wants to know, but for who did it."""

import pytest
from django.contrib.auth.models import Group

from newsletter import pipeline, render
from newsletter.acting import acting
from newsletter.models import Issue, Notice
from tests.factories import NOW, make_edition, make_issue, make_item, make_post, make_staff

pytestmark = pytest.mark.django_db
Status = Issue.Status


@pytest.fixture
def ctx(settings, make_config):
    settings.NEWSLETTER = make_config()
    return pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY)


def member(name, role):
    user = make_staff(name, is_superuser=False)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def people():
    """One of each role, by the role's name."""
    return {role: member(role.lower(), role) for role in ("Writer", "Editor", "Approver", "Analyst")}


def mailed(ctx):
    """What the waiting errands had mailed: whom, and what about."""
    Notice.objects.all().delete()
    pipeline.do_errands(ctx)
    return sorted((one.to.partition("@")[0], one.facts.get("what", one.kind)) for one in Notice.objects.all())


def test_a_draft_is_told_to_who_edits_and_who_approves_each_once(ctx, people):
    issue = make_issue()
    make_item(issue, make_post(title="A whale falls"))
    issue.go(Status.IN_REVIEW)
    assert mailed(ctx) == [("approver", "draft_ready"), ("editor", "draft_ready"), ("writer", "draft_ready")]
    facts = Notice.objects.first().facts
    assert facts["stories"] == ["A whale falls"]
    assert facts["approve_url"] == f"http://127.0.0.1:8000/desk/newsletter/issue/{issue.pk}/change/"


def test_what_was_approved_meanwhile_waits_for_nobody(ctx, people):
    issue = make_issue()
    issue.go(Status.IN_REVIEW)
    issue.approve(make_edition(issue), people["Approver"], NOW)
    assert mailed(ctx) == []


def test_a_void_approval_is_told_to_who_approves_and_who_sends_but_not_to_who_edited(ctx, people):
    issue = make_issue()
    issue.approve(make_edition(issue), people["Approver"], NOW)
    with acting(people["Editor"]):
        issue.edited()
    assert mailed(ctx) == [("approver", "voided")]
    assert Notice.objects.get().facts["by"] == "editor"


def test_pausing_going_on_and_cancelling_are_told_with_the_reason(ctx, people):
    issue = make_issue(status=Status.SENDING)
    other = member("other", "Editor")
    for verb, what in ((pipeline.pause, "paused"), (pipeline.cancel, "cancelled")):
        with acting(other):
            verb(ctx, issue, "a wrong link")
        assert mailed(ctx) == [("editor", what)]
        assert Notice.objects.get().facts["reason"] == "a wrong link"


def test_what_stopped_itself_is_told_by_its_alarm_alone(ctx, people):
    make_issue(status=Status.SENDING).halt("535", NOW)
    assert mailed(ctx) == []


def test_that_it_was_sent_is_news_where_somebody_approved_it(ctx, people, settings, make_config):
    make_issue(status=Status.SENDING).go(Status.SENT)
    assert mailed(ctx) == [("editor", "sent")]
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"approval": "automatic"}})
    ctx = pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY)
    make_issue(status=Status.SENDING).go(Status.SENT)
    assert mailed(ctx) == []
    people["Writer"].wishes.create(news="sent", wanted=True)
    make_issue(status=Status.SENDING).go(Status.SENT)
    assert mailed(ctx) == [("writer", "sent")]


@pytest.mark.parametrize("what", ["voided", "sent", "paused", "resumed", "cancelled"])
def test_every_news_reads_in_every_language(ctx, what):
    facts = {"what": what, "issue_title": "weekly/1", "by": "", "reason": "why <b>", "issue_url": "https://x.test/"}
    for language in ("en", "de", "fr", "es", "ar", "he"):
        mail = render.service_mail("news", ctx.config, "weekly", {**facts, "language": language})
        assert "weekly/1" in mail.subject
        assert "https://x.test/" in mail.text
        assert "&lt;b&gt;" in mail.html


@pytest.mark.parametrize("what", ["invited", "reset", "password_changed", "totp_activated", "never_heard_of"])
def test_every_mail_about_a_sign_in_reads_in_every_language(ctx, what):
    facts = {
        "what": what,
        "site": "Times",
        "name": "ada",
        "by": "Grace",
        "account_url": "https://x.test/",
        "expires": "",
    }
    for language in ("en", "de", "fr", "es", "ar", "he"):
        mail = render.service_mail("account", ctx.config, "weekly", {**facts, "language": language})
        assert "Times" in mail.subject
        assert "ada" in mail.text
        assert "https://x.test/" in mail.text
