"""The report counts what the ledger and the events say, in a handful of queries."""

import json

import pytest

from newsletter.models import Message
from newsletter.track import LinkClicks, failures, report
from tests.factories import (
    make_edition,
    make_event,
    make_issue,
    make_link,
    make_message,
    make_sent_issue,
    make_subscriber,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    issue = make_sent_issue(reason="done")
    for state in ("submitted", "submitted", "delivered", "delivered", "pending", "deferred", "withheld"):
        make_message(issue, state=state)
    make_message(issue, state="excluded", reason="suppressed")
    make_message(issue, state="excluded", reason="suppressed")
    make_message(issue, state="excluded", reason="no address")
    return issue


def mail(issue, *links):
    """Give the issue an edition with these links in it."""
    issue.edition = make_edition(issue, html="".join(f'<a href="/c/{link.pk}/hmarker-token-o">' for link in links))
    issue.save()


def test_it_counts_the_audience_and_each_exclusion_by_its_reason(issue):
    found = report(issue)
    assert (found.issue, found.status, found.reason) == (str(issue), "sent", "done")
    assert found.audience == 10
    assert found.excluded == {"no address": 1, "suppressed": 2}
    assert found.states == {
        "deferred": 1, "delivered": 2, "excluded": 3, "pending": 1, "submitted": 2, "withheld": 1,
    }  # fmt: skip
    assert (found.sent, found.open) == (4, 2)


def test_events_and_the_people_behind_them_are_told_apart(issue):
    first, second = issue.messages.filter(state="submitted")
    link = make_link(issue)
    for _ in range(3):
        make_event(first)
    make_event(second)
    make_event(first, "click", link=link)
    make_event(first, "click", link=link)
    make_event(second, "unsubscribe")
    found = report(issue)
    assert (found.opens, found.opened, found.clicks, found.clicked, found.unsubscribed) == (4, 2, 2, 1, 1)
    assert (found.open_rate, found.click_rate, found.unsubscribe_rate) == (0.5, 0.25, 0.25)


def test_links_are_listed_with_clicks_and_people_the_most_clicked_first(issue):
    first, second = issue.messages.filter(state="submitted")
    quiet, loud = make_link(issue, "https://example.org/quiet"), make_link(issue, "https://example.org/loud")
    mail(issue, quiet, loud, make_link(issue, "https://example.org/never"))
    make_event(first, "click", link=quiet)
    for message in (first, first, second):
        make_event(message, "click", link=loud)
    make_event(first, "open")
    assert report(issue).links == (
        LinkClicks("https://example.org/loud", 3, 2),
        LinkClicks("https://example.org/quiet", 1, 1),
        LinkClicks("https://example.org/never", 0, 0),
    )


def test_links_of_a_test_that_did_not_go_out_are_not_listed_unless_they_were_clicked(issue):
    sent, clicked = make_link(issue, "https://example.org/sent"), make_link(issue, "https://example.org/clicked")
    taken_out = make_link(issue, "https://example.org/taken-out")
    mail(issue, sent)
    make_event(issue.messages.first(), "click", link=clicked)
    issue.edition.html += f"a post that quotes /c/{taken_out.pk}/ in its text"
    assert [link.url for link in report(issue).links] == [clicked.url, sent.url]


def test_an_issue_without_messages_has_no_rates():
    found = report(make_issue())
    assert (found.audience, found.sent, found.open_rate, found.links) == (0, 0, None, ())


def test_other_issues_do_not_count(issue):
    other = make_message(make_sent_issue())
    make_event(other)
    make_link(other.issue)
    assert (report(issue).opens, report(issue).links, report(issue).audience) == (0, (), 10)


def test_it_is_json(issue):
    mail(issue, make_link(issue))
    told = json.loads(json.dumps(report(issue).as_dict()))
    assert told["links"] == [{"url": "https://example.org/stories/1", "clicks": 0, "people": 0}]
    assert (told["audience"], told["open_rate"]) == (10, 0.0)


def test_failures_name_the_person_the_state_and_the_reason(issue):
    for state in ("failed", "bounced", "complained", "uncertain"):
        make_message(issue, make_subscriber(f"{state}@example.org"), state=state, reason=f"because {state}")
    make_message(make_sent_issue(), state="failed")
    found = [(message.subscriber.email, message.state, message.reason) for message in failures(issue)]
    assert found == [
        (f"{state}@example.org", state, f"because {state}")
        for state in ("failed", "bounced", "complained", "uncertain")
    ]
    assert report(issue).failed == 4


def test_more_messages_take_no_more_queries(issue, django_assert_num_queries):
    for message in Message.objects.filter(issue=issue, state="submitted"):
        make_event(message, "click", link=make_link(issue, f"https://example.org/{message.pk}"))
    with django_assert_num_queries(7):
        report(issue)
