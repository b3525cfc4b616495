"""Every page of the desk opens for staff, and for nobody else."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from newsletter.desk.pages.bulk import FORMS
from subscribers.models import Bulk, Import, Tag
from tests.factories import (
    NOW,
    make_event,
    make_issue,
    make_item,
    make_list,
    make_message,
    make_post,
    make_sent_issue,
    make_source,
    make_staff,
    make_subscriber,
    make_suppression,
)

pytestmark = pytest.mark.django_db

LISTS = [
    f"admin:{name}_changelist"
    for name in (
        "newsletter_source", "newsletter_post", "newsletter_issue", "newsletter_message", "newsletter_event",
        "newsletter_payload", "subscribers_list", "subscribers_subscriber", "subscribers_suppression",
        "subscribers_tag", "newsletter_testgroup",
        "subscribers_import", "subscribers_bulk", "subscribers_consent", "auth_user", "auth_group", "admin_logentry",
    )
]  # fmt: skip


def own_pages():
    issue = make_issue()
    return [
        reverse("desk-gallery"),
        reverse("desk-gallery-mail"),
        reverse("desk-outbox"),
        reverse("desk-outbox-folder", args=("weekly", "2026-11-20")),
        reverse("desk-outbox-message", args=("weekly", "2026-11-20", "1")),
        reverse("desk-outbox-html", args=("weekly", "2026-11-20", "1")),
        reverse("desk-outbox-eml", args=("weekly", "2026-11-20", "1")),
        reverse("desk-preview", args=(issue.pk,)),
        reverse("desk-preview-html", args=(issue.pk,)),
        reverse("desk-edit", args=(issue.pk,)),
        reverse("desk-edit-here", args=(issue.pk,)),
        reverse("desk-history", args=(issue.pk,)),
        reverse("desk-emoji"),
        *(reverse(name, args=(issue.pk,)) for name in ("desk-report", "desk-sending", "desk-retry", "desk-settle")),
        *(reverse(name, args=(issue.pk,)) for name in ("desk-checks", "desk-checks-line")),
        reverse("desk-link-map", args=(issue.pk,)),
        reverse("desk-link-map-html", args=(issue.pk,)),
        reverse("desk-report-export", args=(issue.pk, "funnel", "csv")),
        reverse("desk-letters"),
        reverse("desk-letter", args=("weekly",)),
        *(reverse(f"admin:newsletter_issue_{verb}", args=(issue.pk,))
          for verb in ("approve", "schedule", "pause", "resume", "cancel")),
        reverse("desk-new-posts", args=(issue.pk,)), reverse("desk-inbox"),
        *(reverse(name, args=("weekly",)) for name in ("desk-inbox-of", "desk-inbox-add", "desk-inbox-write")),
        reverse("desk-inbox-post", args=("weekly", make_post().pk)),
        *map(reverse, ("desk-newsletters", "desk-senders", "desk-senders-wake", "desk-configuration")),
        *(reverse(name, args=("weekly",)) for name in ("desk-newsletter", "desk-senders-look")),
        *(reverse(name, args=("wire",)) for name in ("desk-source", "desk-source-visit")),
        *audience_pages(),
    ]  # fmt: skip


def audience_pages():
    readers, tag = make_list(), Tag.objects.get_or_create(name="press")[0]
    act = Bulk.objects.create(kind="tag", created_at=NOW)
    job = Import.objects.create(file_name="people.csv")
    return [
        *map(reverse, ("desk-growth", "desk-hygiene", "desk-people-export", "desk-suppressions-export",
                       "desk-suppress-many", "desk-suppressions-lift", "desk-import-new", "admin:desk-audit-export")),
        reverse("desk-bulk", args=(act.pk,)), reverse("desk-import", args=(job.pk,)),
        reverse("desk-import-refusals", args=(job.pk,)), reverse("desk-list-delete", args=(readers.pk,)),
        reverse("desk-tag-delete", args=(tag.pk,)), reverse("desk-tag-merge", args=(tag.pk,)),
        *(reverse("desk-bulk-ask", args=(kind,)) for kind in FORMS),
    ]  # fmt: skip


def test_what_changes_something_is_refused_to_who_may_not():
    client = Client()
    client.force_login(make_staff(is_superuser=False))
    act, job = Bulk.objects.create(kind="tag", created_at=NOW), Import.objects.create(file_name="people.csv")
    posts = [
        *(path for path in audience_pages() if "delete" in path or "merge" in path or "bulk/" in path),
        *(reverse("desk-bulk-do", args=(act.pk, verb)) for verb in ("cancel", "undo")),
        *(reverse("desk-import-do", args=(job.pk, verb)) for verb in ("start", "again", "cancel", "undo")),
        reverse("desk-suppress-many"), reverse("desk-suppressions-lift"), reverse("desk-import-new"),
    ]  # fmt: skip
    for path in posts:
        assert client.post(path).status_code in (403, 405), path


def everything():
    return ["/desk/", *map(reverse, LISTS), *own_pages()]


def test_strangers_are_sent_to_sign_in(client):
    for path in everything():
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/desk/login/?next={path}"), path


def test_people_who_are_not_staff_are_sent_to_sign_in():
    client = Client()
    client.force_login(make_staff(is_staff=False))
    for path in everything():
        assert client.get(path).status_code == 302, path


def test_staff_without_a_permission_are_refused():
    client = Client()
    client.force_login(make_staff(is_superuser=False))
    assert client.get("/desk/").status_code == 200
    for path in everything()[1:]:
        assert client.get(path).status_code == 403, path


def test_staff_with_one_permission_see_what_it_is_for():
    client, user = Client(), make_staff(is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(user)
    page = client.get("/desk/").content.decode()
    assert "The next two weeks" in page
    assert reverse("admin:newsletter_issue_changelist") in page
    assert reverse("admin:newsletter_message_changelist") not in page
    assert client.get(reverse("desk-report", args=(make_issue().pk,))).status_code == 200
    assert client.get(reverse("desk-outbox")).status_code == 403


def test_a_poor_mans_link_posts_nothing(staff):
    for path in own_pages()[:8]:
        assert staff.post(path).status_code == 405, path


def test_signing_in_leads_to_the_front_page(client):
    make_staff("grace")
    answer = client.post("/desk/login/", {"login": "grace", "password": "a long password"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_empty_and_says_what_it_is_for(staff, name):
    answer = staff.get(reverse(name))
    assert answer.status_code == 200
    assert escape(answer.context["cl"].model_admin.about) in answer.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_with_rows_and_can_be_searched(staff, name):
    fill()
    address = reverse(name)
    assert staff.get(address).status_code == 200
    assert staff.get(address, {"q": "zzz"}).status_code == 200


def test_every_row_opens(staff):
    fill()
    from django.contrib import admin

    for model in admin.site._registry:
        for row in model.objects.all():
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=(row.pk,))
            assert staff.get(address, follow=True).status_code == 200, address


def fill():
    make_source("broken", failures=3, error="the feed\nis gone")
    make_post(tags=["a", "b"], authors=["Ada"], url="")
    make_item(make_issue())
    make_list("others")
    message = make_message(make_sent_issue(), make_subscriber("maja@example.org"))
    make_event(message, agent="Mail/1")
    orphan = make_message(message.issue)
    make_event(orphan)
    orphan.subscriber.delete()
    make_suppression("gone@example.org")


def test_the_sidebar_follows_the_pipeline(staff):
    page = staff.get("/desk/").content.decode()
    places = [page.index(f">{word}</span>") for word in (
        "Sources", "Posts", "Inbox", "Issues", "Messages", "Outbox", "Events", "Lists", "Subscribers", "Suppressions",
        "Users", "Groups",
    )]  # fmt: skip
    assert places == sorted(places)


def test_the_front_page_shows_what_was_skipped_and_the_sources_that_fail(staff):
    make_issue(status="skipped", reason="only 2 posts", due_at=timezone.now() - timedelta(days=1), slug="2026-11-20")
    make_source("broken", failures=3, error="the feed is gone")
    make_source("fine")
    page = staff.get("/desk/").content.decode()
    for part in ("weekly/2026-11-20", "only 2 posts", "was skipped", "the feed is gone", "3 times in a row"):
        assert part in page
    assert ">fine<" not in page
