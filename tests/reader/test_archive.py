"""The archive lists what has gone out, newest first, and nothing that has not."""

from datetime import timedelta

import pytest
from django.urls import reverse

from newsletter import holes
from newsletter.models import Issue
from tests.factories import NOW, file_away, make_edition, make_issue, make_item, make_post, make_sent_issue

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def page(client, path="/"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_archive_says_so(client):
    assert "No issue has gone out yet" in page(client)


def test_each_newsletter_has_its_title_tagline_and_logo(client, settings, make_config):
    settings.NEWSLETTER = make_config(
        collect={"sources": {"stories": {"kind": "folder", "location": "stories"}}},
        newsletters={
            "weekly": {"tagline": "Seven days, told <lightly>", "logo": "stories:logo 1.png"},
            "daily": {**make_config().newsletters["weekly"].model_dump(exclude_unset=True), "title": "The Daily"},
        },
    )
    found = page(client)
    assert "Seven days, told &lt;lightly&gt;" in found
    assert 'src="/files/stories/logo%201.png"' in found
    assert found.index("The Weekly") < found.index("The Daily")


def test_issues_stand_newest_first_with_subject_and_date_in_the_newsletters_zone(client):
    make_sent_issue(due_at=NOW, subject="Earlier")
    make_sent_issue(
        due_at=NOW.replace(hour=23, minute=30) + timedelta(days=7), slug="2026-11-28", subject="Later & <b>"
    )
    found = page(client)
    assert found.index("Later &amp; &lt;b&gt;") < found.index("Earlier")
    assert "28 November 2026" in found
    assert "20 November 2026" in found
    assert 'href="/issues/weekly/2026-11-28/"' in found


@pytest.mark.parametrize("status", [one for one in Issue.Status if one not in ("sending", "sent", "paused")])
def test_what_has_not_gone_out_is_not_listed(client, status):
    make_sent_issue(status=status, started_at=None, subject="Not yet")
    assert "Not yet" not in page(client)


def test_twenty_issues_make_a_page(client):
    for week in range(21):
        make_sent_issue(due_at=NOW + timedelta(weeks=week), subject=f"Number {week:02}")
    home = page(client)
    assert "Number 20" in home
    assert "Number 15" not in home
    assert 'href="/issues/weekly/"' in home
    second = page(client, "/issues/weekly/?page=2")
    assert "Number 00" in second
    assert "Page 2 of 2" in second
    assert "Page 1 of 2" in page(client, "/issues/weekly/")


@pytest.mark.parametrize("asked", ["0", "99", "x", "-1", ""])
def test_a_page_that_is_not_there_is_the_nearest_one_that_is(client, asked):
    make_sent_issue(subject="The only one")
    assert "The only one" in page(client, f"/issues/weekly/?page={asked}")


def test_there_is_no_archive_of_an_unknown_newsletter(client):
    assert client.get(reverse("archive", args=("nobody",))).status_code == 404


def test_the_number_of_issues_does_not_change_the_number_of_queries(client, django_assert_max_num_queries):
    for _ in range(5):
        make_sent_issue()
    with django_assert_max_num_queries(6):
        page(client)
    with django_assert_max_num_queries(6):
        page(client, "/issues/weekly/")


def test_a_site_without_newsletters_says_so(client, settings):
    settings.NEWSLETTER = settings.NEWSLETTER.model_copy(update={"newsletters": {}})
    assert "There is no newsletter here yet" in page(client)


def test_an_issue_that_is_only_drafted_is_not_listed(client):
    make_issue(subject="Draft")
    assert "Draft" not in page(client)


def test_an_issue_whose_subject_greets_each_reader_is_listed_without_a_name(client):
    marker = "h" + "0" * 20
    issue = make_sent_issue()
    issue.edition = make_edition(issue, subject=f"{holes.hole(marker, 'name')}, a whale falls", marker=marker)
    issue.save()
    found = page(client, reverse("archive", args=("weekly",)))
    assert ">a whale falls<" in found
    assert marker not in found


def test_an_issue_whose_subject_depends_on_the_reader_is_listed_as_nobody_gets_it(client):
    marker, asked = "h" + "0" * 20, [["reader", "name"]]
    issue = make_sent_issue()
    subject = f"{marker}-if0-oSecret{marker}-else0-oOpen{marker}-end0-o news"
    issue.edition = make_edition(issue, subject=subject, marker=marker, late=asked)
    issue.save()
    found = page(client, reverse("archive", args=("weekly",)))
    assert ">Open news<" in found
    assert marker not in found


def test_a_monthly_summary_has_its_page_and_stands_nowhere_beside_the_issues_it_sums_up(client):
    told = make_sent_issue(subject="Whales")
    post = make_item(told, make_post(title="A whale falls")).post
    summary = make_sent_issue(kind="summary", slug="2026-11-summary", subject="November in short", due_at=NOW + DAY)
    make_item(summary, post)
    file_away()
    read = page(client, "/issues/weekly/2026-11-summary/")
    assert "November in short" in read
    assert '<meta name="robots" content="noindex">' in read
    for path in ("/", "/issues/weekly/", "/feeds/rss.xml", "/feeds/weekly/atom.xml", "/sitemap.xml",
                 "/issues/weekly/2026-11-20/", "/search/?q=whale"):  # fmt: skip
        assert "2026-11-summary" not in page(client, path)
    assert "/issues/weekly/2026-11-20/" in page(client, "/search/?q=whale")
