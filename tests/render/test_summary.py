"""A monthly summary as a mail: its subject in the newsletter's language, its layout, and the way to each issue."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.render import check, issues_in_full, preview, reading
from tests.factories import make_sent_issue
from tests.render.conftest import KEY
from tests.render.dom import Dom

pytestmark = pytest.mark.django_db
OCTOBER_1 = datetime(2026, 9, 30, 22, tzinfo=UTC)


@pytest.fixture
def make_summary(make_issue):
    def make(*items, **given):
        issue = make_issue(*items, kind="summary", since_at=OCTOBER_1, **given)
        issue.slug, issue.due_at = "2026-10-summary", OCTOBER_1 + timedelta(days=31, hours=9)
        issue.save()
        return issue

    return make


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "The Weekly: October 2026 in short"),
        ("de", "The Weekly: Oktober 2026 in Kürze"),
        ("fr", "The Weekly\N{NO-BREAK SPACE}: octobre 2026 en bref"),
        ("es", "The Weekly: octubre de 2026 en breve"),
        ("ar", "The Weekly: موجز أكتوبر 2026"),
        ("nl", "The Weekly: oktober 2026 in short"),
    ],
)
def test_the_subject_names_the_month_in_the_newsletters_language(make_summary, make_config, language, subject):
    config = make_config(newsletters={"weekly": {"language": language}})
    mail = preview(make_summary({"title": "Tea"}, {"title": "Whales"}), config, KEY)
    assert (mail.subject, mail.preheader) == (subject, "Tea · Whales")
    assert subject.partition(": ")[2].partition(" in short")[0].split(" en ")[0][:4] in Dom(mail.html).text()


def test_the_patterns_are_config_yamls_and_are_checked(make_summary, make_config):
    pattern = "{{ newsletter.title }} – {{ issue.month }}"
    config = make_config(newsletters={"weekly": {"summary": {"subject": pattern, "preheader": "{{ lead.title }}"}}})
    mail = preview(make_summary({"title": "Tea"}), config, KEY)
    assert (mail.subject, mail.preheader) == ("The Weekly – October 2026", "Tea")
    broken = make_config(newsletters={"weekly": {"summary": {"subject": "{{ issue.month", "preheader": "{% if %}"}}})
    assert {one.key for one in check(broken)} == {f"newsletters.weekly.summary.{x}" for x in ("subject", "preheader")}


def test_an_editors_own_subject_goes_before(make_summary, make_config):
    assert preview(make_summary(subject="What a month"), make_config(), KEY).subject == "What a month"


@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
def test_it_is_a_digest_whatever_the_newsletters_layout(make_summary, make_config, layout):
    config = make_config(newsletters={"weekly": {"layout": layout}})
    issue = make_summary({"title": "Tea"}, {"title": "Whales"}, {"title": "Clocks"})
    shown = Dom(preview(issue, config, KEY).html).text()
    assert all(title in shown for title in ("Tea", "Whales", "Clocks"))
    assert reading(issue, config).layout == "digest"


def test_each_issue_of_the_month_has_a_line_that_leads_to_it(make_summary, make_config):
    config = make_config(newsletters={"weekly": {"language": "de"}})
    told = [
        make_sent_issue(subject="🫖 Tea_time [now] *here* {{ reader.name }}", slug="2026-10-02",
                        due_at=OCTOBER_1 + timedelta(days=2), started_at=OCTOBER_1 + timedelta(days=2)),
        make_sent_issue(subject="Whales", slug="2026-10-09", started_at=OCTOBER_1 + timedelta(days=8, hours=1)),
    ]  # fmt: skip
    closing = issues_in_full(config, "weekly", OCTOBER_1, told)
    mail = preview(make_summary(closing=closing), config, KEY)
    page = Dom(mail.html)
    assert "Alle Ausgaben: Oktober 2026" in page.text()
    assert "3. Oktober: 🫖 Tea_time [now] *here* {{ reader.name }}" in page.text()
    assert "9. Oktober: Whales" in page.text()
    assert {a["href"] for a in page.all("a")} >= {
        f"http://127.0.0.1:8000/issues/weekly/{slug}/" for slug in ("2026-10-02", "2026-10-09", "2026-10-summary")
    }
    assert "9. Oktober: Whales" in mail.text
