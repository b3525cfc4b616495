"""What the desk shows of issues, newsletters and people: raw beside adjusted, honest where nothing is known."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Rollup
from newsletter.models.taking import Happening, take_in
from newsletter.track.report.tables import NAMES
from subscribers.models import Consent, Subscription
from tests.factories import (
    NOW,
    make_edition,
    make_event,
    make_issue,
    make_item,
    make_link,
    make_message,
    make_poll,
    make_post,
    make_sent_issue,
    make_staff,
    make_subscriber,
)

pytestmark = pytest.mark.django_db


def page(client, name, *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def issue():
    """An issue with a story that two people, and a machine, have followed."""
    issue = make_sent_issue()
    make_item(issue, make_post(url="https://example.org/whale", title="A whale falls"), section="Sea")
    link = make_link(issue, "https://example.org/whale")
    issue.edition = make_edition(
        issue,
        html=f'<p><a href="https://old.example.test/c/{link.pk}/hmarker-token-o">Whale</a> <a href="#x">x</a></p>',
    )
    issue.save()
    for judged in ("human", "human", "bot"):
        message = make_message(issue)
        make_event(message, judged=judged)
        make_event(message, "click", link=link, judged=judged)
    make_message(issue)
    return issue


def test_raw_stands_beside_adjusted(staff, issue):
    found = page(staff, "desk-report", issue.pk)
    figures = {one.label: one for one in staff.get(reverse("desk-report", args=(issue.pk,))).context["funnel"]}
    opened = figures["Opened"]
    assert (opened.value, opened.share, opened.raw, opened.raw_share) == ("2", "50.0 %", "3", "75.0 %")
    assert "every fetch, also by machines" in found
    assert "what seems to be people" in found
    assert "What cannot be known" in found


def test_nobody_having_told_of_delivery_is_not_nought(staff, issue):
    figures = {one.label: one for one in staff.get(reverse("desk-report", args=(issue.pk,))).context["funnel"]}
    assert (figures["Delivered"].value, figures["Delivered"].note) == ("–", "nobody has told us yet")


def test_an_issue_of_which_nothing_came_back_says_so(staff):
    issue = make_sent_issue()
    make_message(issue)
    assert "Nothing has come back yet" in page(staff, "desk-report", issue.pk)


def test_an_issue_that_went_to_nobody_has_a_report_all_the_same(staff):
    issue = make_sent_issue(status="paused")
    make_message(issue, state="excluded", reason="suppressed")
    found = page(staff, "desk-report", issue.pk)
    assert "1 excluded" in found
    assert "Nothing has come back yet" in found
    assert "No message has gone to anybody." in found


def test_an_issue_of_before_the_upgrade_opens_with_what_was_counted_then(staff, issue):
    """Its events were all taken for people's, and the background has not counted it yet."""
    issue.rollups.all().delete()
    issue.started_at = None
    issue.save()
    assert "A whale falls" in page(staff, "desk-report", issue.pk)
    assert "There is no earlier issue" not in page(staff, "desk-report", issue.pk)


def test_what_is_counted_without_readers_is_said_to_be(staff):
    issue = make_sent_issue()
    link = make_link(issue, "https://example.org/a")
    told = [
        Happening(
            make_message(issue).pk, kind, NOW, link.pk if kind == "click" else None, judged="human", anonymous=True
        )
        for kind in ("open", "open", "click")
    ]
    take_in(told, NOW)
    answer = staff.get(reverse("desk-report", args=(issue.pk,)))
    figures = {one.label: one for one in answer.context["funnel"]}
    assert (figures["Opened"].value, figures["Opened"].note) == ("not counted by reader", "2 opens, 2 adjusted")
    assert "0.0 %" not in figures["Clicked"].value + figures["Clicked"].share
    assert "no share of the readers can be drawn" in answer.content.decode()
    assert "Nothing has come back yet" not in answer.content.decode()


def test_a_large_issue_tells_as_of_when_its_providers_were_counted(staff, issue):
    Rollup.keep("messages", [["submitted", 200_000]], NOW, 0, issue=issue)
    assert "This is counted in the background, and has not been yet." in page(staff, "desk-report", issue.pk)
    Rollup.keep("providers", [{"provider": "Gmail", "messages": 123_456, "sent": 100}], NOW, 0, issue=issue)
    found = page(staff, "desk-report", issue.pk)
    assert "123,456" in found
    assert "As of Fri 20 Nov" in found


def test_the_curves_are_a_chart_and_a_table(staff, issue):
    found = page(staff, "desk-report", issue.pk)
    assert found.count('data-type="line"') == 2
    assert 'role="img" aria-label="Opened after 48 hours: 50.0% adjusted, 75.0% raw.' in found
    data = json.loads(found.partition('data-chart="chart-opened">')[2].partition("</script>")[0])
    assert [one["label"] for one in data["datasets"]] == ["adjusted", "raw"]
    assert data["datasets"][0]["data"][0] == 50.0
    assert '<th scope="row" class="number">48</th>' in found


def test_words_of_readers_cannot_end_the_script_element_that_holds_a_charts_data(staff):
    issue = make_sent_issue(slug="x")
    from newsletter.desk.charts import Chart

    drawn = Chart("a", "b", "c", json.dumps({"labels": ["</script><b>"]}), "{}").data_html
    assert "</script>" not in drawn
    assert json.loads(drawn) == {"labels": ["</script><b>"]}
    assert issue


@pytest.mark.parametrize(("ago", "again"), [(timedelta(hours=1), True), (timedelta(hours=49), False)])
def test_a_report_looks_again_by_itself_for_two_days(staff, ago, again):
    issue = make_sent_issue(started_at=timezone.now() - ago)
    make_message(issue)
    assert ('hx-select="#report"' in page(staff, "desk-report", issue.pk)) is again


# ── exports ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_there_as_csv_and_as_json(staff, issue, name):
    make_poll(issue)
    rows = staff.get(reverse("desk-report-export", args=(issue.pk, name, "json"))).json()
    answer = staff.get(reverse("desk-report-export", args=(issue.pk, name, "csv")))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == len(rows) + 1
    assert not rows or list(rows[0]) == lines[0].split(",")
    assert f"weekly-2026-11-20-{name}.csv" in answer["Content-Disposition"]


def test_a_spreadsheet_runs_nothing_of_an_export(staff, issue):
    make_event(make_message(issue), "click", link=make_link(issue, "=1+1"))
    lines = b"".join(staff.get(reverse("desk-report-export", args=(issue.pk, "links", "csv"))).streaming_content)
    assert b"\n'=1+1," in lines


@pytest.mark.parametrize("name", ["nothing", "failures"])
def test_a_table_that_is_not_there_is_not_found(staff, issue, name):
    assert staff.get(reverse("desk-report-export", args=(issue.pk, name, "csv"))).status_code == 404


# ── the link map ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_map_has_in_each_link_how_often_it_was_followed(staff, issue):
    found = page(staff, "desk-link-map-html", issue.pk)
    assert '<a href="https://example.org/whale"><span title="2 clicks that seem to be people\'s; 3 in all"' in (
        found.replace("&#x27;", "'")
    )
    assert ">2 (3)</span>Whale</a>" in found
    assert '<a href="#x">x</a>' in found
    assert "/c/" not in found


def test_beneath_the_map_stands_the_same_as_a_table(staff, issue):
    found = page(staff, "desk-link-map", issue.pk)
    assert "A whale falls" in found
    assert "https://example.org/whale" in found


def test_looking_at_the_map_counts_nothing(staff, issue):
    before = list(issue.tallies.values())
    page(staff, "desk-link-map-html", issue.pk)
    assert list(issue.tallies.values()) == before


def test_before_approval_there_is_no_map(staff):
    issue = make_issue()
    assert "There is no map yet" in page(staff, "desk-link-map", issue.pk)
    assert staff.get(reverse("desk-link-map-html", args=(issue.pk,))).status_code == 404


# ── a newsletter ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_newsletters_page_has_its_issues_hours_stories_and_who_stays(staff, issue):
    Subscription.objects.update(joined_at=NOW - timedelta(days=40))
    found = page(staff, "desk-letter", "weekly")
    for part in (
        "2026-11-20",
        "Most people click on Friday between 8:00 and 9:00.",
        "A whale falls",
        "Sea",
        "Oct 2026",
    ):
        assert part in found


def test_the_sidebar_leads_to_the_first_newsletter(staff, settings, make_config):
    assert staff.get(reverse("desk-letters"))["Location"] == reverse("desk-letter", args=("weekly",))
    assert reverse("desk-letters") in page(staff, "admin:index")
    settings.NEWSLETTER = settings.NEWSLETTER.model_copy(update={"newsletters": {}})
    assert "config.yaml names no newsletter" in page(staff, "desk-letters")
    make_issue(newsletter="gone")
    assert staff.get(reverse("desk-letters"))["Location"] == reverse("desk-letter", args=("gone",))


def test_a_newsletter_without_issues_says_so(staff):
    found = page(staff, "desk-letter", "weekly")
    assert "no issue of this newsletter has been sent" in found
    assert "Nobody is on its lists yet." in found


def test_a_newsletter_that_config_yaml_has_no_more_is_still_told(staff):
    make_message(make_sent_issue(newsletter="gone"))
    assert "What its only issue so far came to" in page(staff, "desk-letter", "gone")
    assert staff.get(reverse("desk-letter", args=("never",))).status_code == 404


@pytest.mark.parametrize(
    ("name", "first"), [("issues", "2026-11-20"), ("stories", "2026-11-20"), ("cohorts", "2026-11-01")]
)
def test_its_tables_are_there_as_csv(staff, issue, name, first):
    answer = staff.get(reverse("desk-letter", args=("weekly",)), {"export": name})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1].startswith(first)


# ── a person ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_persons_page_has_a_timeline_of_what_staff_may_see(staff):
    ada = make_subscriber("ada@example.org")
    make_event(make_message(make_sent_issue(), ada), judged="prefetch")
    Consent.objects.create(subscriber=ada, action="joined", at=NOW, note="at the fair")
    address = "admin:subscribers_subscriber_change"
    found = page(staff, address, ada.pk).partition("Timeline")[2]
    for part in ("Opened", "fetched beforehand by a program", "Sent", "Joined at once", "at the fair"):
        assert part in found
    assert "opened, by a machine as it seems" in page(staff, address, ada.pk)
    client, user = Client(), make_staff("grace", is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client.force_login(user)
    found = page(client, address, ada.pk).partition("Timeline")[2]
    assert "Nothing has come back yet" in found
    assert "at the fair" not in found


def test_an_event_says_who_seems_to_be_behind_it_and_why(staff):
    message = make_message(make_sent_issue())
    bot = make_event(message, judged="bot", reasons="head,burst", kind="click")
    make_event(message, kind="soft_bounced", detail="4.2.2 the mailbox is full")
    listed = staff.get(reverse("admin:newsletter_event_changelist")).content.decode()
    for words in ("likely a bot", "soft bounced", "4.2.2 the mailbox is full"):
        assert words in listed
    own = page(staff, "admin:newsletter_event_change", bot.pk)
    assert "head, burst" in own
    assert "seen by ourselves" in own
