"""What staff may look at, what they may change, and what a change leaves behind."""

import pytest
from django.apps import apps
from django.urls import reverse

from newsletter.desk.navigation import PAGES
from newsletter.models import Message, Source
from subscribers.models import List, Suppression
from tests.factories import (
    make_issue,
    make_list,
    make_message,
    make_post,
    make_sent_issue,
    make_source,
    make_subscriber,
    make_suppression,
)

pytestmark = pytest.mark.django_db


def change(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,))


def test_the_error_of_a_source_is_readable_in_full(staff):
    source = make_source(failures=2, error="the certificate has expired\n" + "x" * 500 + "\n<end>")
    page = staff.get(change(source), follow=True).content.decode()
    assert "x" * 500 + "\n&lt;end&gt;" in page


@pytest.mark.parametrize("heading", ["Collect", "Compose", "Send", "Track"])
def test_a_list_is_headed_as_the_sidebar_calls_it(heading):
    for title, _, address, _ in PAGES[heading]:
        if address.endswith("_changelist"):
            app, model, _ = address.removeprefix("admin:").split("_")
            assert apps.get_model(app, model)._meta.verbose_name_plural == title.lower()


@pytest.mark.parametrize("make", [make_source, make_post, make_message])
def test_what_the_pipeline_writes_is_only_looked_at(staff, make):
    row = make()
    kind = type(row)._meta
    assert staff.post(change(row), {"title": "x"}).status_code == 403
    assert staff.get(reverse(f"admin:{kind.app_label}_{kind.model_name}_add")).status_code == 403
    assert staff.post(reverse(f"admin:{kind.app_label}_{kind.model_name}_delete", args=(row.pk,))).status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


def test_a_post_is_shown_where_no_script_runs(staff):
    page = staff.get(change(make_post(html="<script>alert(1)</script>"))).content.decode()
    assert 'sandbox srcdoc="&lt;script&gt;' in page
    assert "<script>alert(1)" not in page


def test_messages_are_found_by_state_issue_and_address(staff):
    issue, other = make_sent_issue(), make_sent_issue()
    make_message(issue, make_subscriber("maja@example.org"), state="failed", reason="550 unknown user")
    make_message(issue, make_subscriber("noor@example.org"))
    make_message(other, make_subscriber("olga@example.org"), state="failed")
    address = reverse("admin:newsletter_message_changelist")

    def found(**query):
        return [row.subscriber.email for row in staff.get(address, query).context["cl"].result_list]

    assert found(issue=issue.pk, state__exact="failed") == ["maja@example.org"]
    assert found(q="noor@") == ["noor@example.org"]
    assert found(issue="x") == []
    assert "550 unknown user" in staff.get(address).content.decode()


def test_the_ledger_asks_no_more_queries_for_more_rows(staff, django_assert_max_num_queries):
    issue = make_sent_issue()
    for _ in range(20):
        make_message(issue)
    staff.get("/desk/")
    with django_assert_max_num_queries(12):
        staff.get(reverse("admin:newsletter_message_changelist"))
    assert Message.objects.count() == 20


def test_the_filter_offers_the_latest_issues_only(staff):
    for _ in range(35):
        make_issue()
    page = staff.get(reverse("admin:newsletter_message_changelist"), {"q": "x"})
    offered = page.context["cl"].filter_specs[1].lookup_choices
    assert len(offered) == 30


def test_a_list_says_how_many_people_are_active(staff):
    make_subscriber()
    gone = make_subscriber()
    gone.subscriptions.update(status="unsubscribed")
    row = staff.get(reverse("admin:subscribers_list_changelist")).context["cl"].result_list[0]
    assert (row.name, row.active_count) == ("readers", 1)


def test_the_name_of_a_list_stays(staff):
    readers = make_list()
    staff.post(change(readers), {"name": "others", "title": "Readers", "opt_in": "double"})
    assert List.objects.get() == readers
    assert (List.objects.get().name, List.objects.get().title) == ("readers", "Readers")


def test_a_suppressed_address_is_kept_as_addresses_are_compared(staff):
    staff.post(reverse("admin:subscribers_suppression_add"), {"key": "Gone@BÜCHER.example", "reason": "asked"})
    assert Suppression.objects.get().key == "gone@xn--bcher-kva.example"
    again = staff.post(reverse("admin:subscribers_suppression_add"), {"key": "GONE@bücher.example", "reason": "x"})
    assert "already exists" in again.content.decode()


def test_a_suppression_changes_its_reason_only(staff):
    row = make_suppression("gone@example.org")
    staff.post(change(row), {"key": "other@example.org", "reason": "dead mailbox"})
    row.refresh_from_db()
    assert (row.key, row.reason) == ("gone@example.org", "dead mailbox")


def test_an_empty_list_tells_what_to_do_and_a_search_without_result_how_to_get_back(staff):
    address = reverse("admin:newsletter_source_changelist")
    Source.objects.all().delete()
    assert "Name one under `collect.sources`" in staff.get(address).content.decode()
    make_message()
    found = staff.get(reverse("admin:newsletter_message_changelist"), {"q": "nobody"}).content.decode()
    assert "Nothing matches this search" in found
