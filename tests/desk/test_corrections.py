"""Staff correct what readers have in their mail; nothing else of it can be changed any more."""

import pytest
from django.urls import reverse

from newsletter.models import Correction, Issue
from tests.factories import make_issue, make_item, make_sent_issue, make_staff

pytestmark = pytest.mark.django_db


def form(text, issue=None, **more):
    """What the page of an issue sends."""
    kept = list(issue.corrections.all()) if issue else []
    rows = {"corrections-TOTAL_FORMS": len(kept) + 1, "corrections-INITIAL_FORMS": len(kept)}
    for place, one in enumerate(kept):
        rows |= {f"corrections-{place}-id": one.pk, f"corrections-{place}-text": one.text}
    return {**rows, f"corrections-{len(kept)}-text": text, **more}


@pytest.fixture
def ada(client):
    client.force_login(user := make_staff())
    return user


@pytest.fixture
def sent():
    issue = make_sent_issue()
    make_item(issue)
    return issue


def change(issue):
    return reverse("admin:newsletter_issue_change", args=(issue.pk,))


def test_a_correction_is_signed_dated_and_shown(client, ada, sent):
    assert client.post(change(sent), form("It was a dolphin.")).status_code == 302
    note = Correction.objects.get()
    assert (note.text, note.by, note.issue) == ("It was a dolphin.", ada, sent)
    assert note.at is not None
    assert "It was a dolphin." in client.get(f"/issues/weekly/{sent.slug}/").content.decode()


def test_nothing_else_of_a_public_issue_can_be_changed(client, ada, sent):
    before = Issue.objects.values().get()
    client.post(change(sent), form("", subject="Another", preheader="Another"))
    assert Issue.objects.values().get() == before


def test_a_correction_is_not_taken_away(client, ada, sent):
    note = Correction.objects.create(issue=sent, text="It was a dolphin.")
    client.post(change(sent), form("", sent, **{"corrections-0-DELETE": "on"}))
    assert Correction.objects.get() == note


def test_an_issue_that_is_not_public_is_edited_not_corrected(client, ada):
    issue = make_issue(status=Issue.Status.IN_REVIEW)
    assert "corrections-0-text" not in client.get(change(issue)).content.decode()
    client.post(change(issue), form("It was a dolphin.", subject="Another"))
    assert not Correction.objects.exists()


def test_who_may_not_change_issues_may_not_correct_them(client, sent):
    client.force_login(make_staff("eve", is_superuser=False))
    assert client.post(change(sent), form("It was a dolphin.")).status_code == 403
    assert not Correction.objects.exists()
