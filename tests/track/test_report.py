"""The report counts what the ledger and the events say, in a handful of queries."""

import json

import pytest

from newsletter.models import Event, Message
from newsletter.models.taking import Happening, take_in
from newsletter.track import failures, report
from newsletter.track.report import tables
from tests.factories import (
    NOW,
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


def tell(message, kind):
    """What a provider says became of a message."""
    take_in([Happening(message.pk, Event.Kind(kind), NOW, source="sendgrid", key=f"{kind} {message.pk}")], NOW)


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
    told = found.as_dict()
    assert [told[name] for name in ("opens", "opened", "clicks", "clicked", "unsubscribed")] == [4, 2, 2, 1, 1]
    assert [told[name] for name in ("open_rate", "click_rate", "unsubscribe_rate")] == [0.5, 0.25, 0.25]


def test_raw_counts_machines_and_adjusted_does_not(issue):
    first, second = issue.messages.filter(state="submitted")
    link = make_link(issue)
    make_event(first, judged="prefetch")
    make_event(second)
    make_event(second, judged="bot")
    make_event(first, "click", link=link, judged="bot")
    told = report(issue).as_dict()
    assert [told[f"opens{part}"] for part in ("", "_adjusted", "_prefetch", "_bot")] == [3, 1, 1, 1]
    assert (told["opened"], told["opened_adjusted"]) == (2, 1)
    assert (told["open_rate"], told["open_rate_adjusted"]) == (0.5, 0.25)
    assert (told["clicked"], told["clicked_adjusted"], told["click_rate_adjusted"]) == (1, 0, 0.0)
    assert (told["links"][0]["clicks"], told["links"][0]["clicks_adjusted"]) == (1, 0)


def test_what_is_counted_without_its_readers_is_not_said_to_be_none(issue):
    message = issue.messages.filter(state="submitted").first()
    take_in([Happening(message.pk, Event.Kind.OPEN, NOW, judged="human", anonymous=True)], NOW)
    told = report(issue).as_dict()
    assert (told["opens"], told["opens_adjusted"], told["opened"], told["open_rate"]) == (1, 1, None, None)
    assert (told["clicks"], told["clicked"], told["click_rate"]) == (0, 0, 0.0)
    assert tables.funnel(report(issue)).as_dicts()[5] == {
        "step": "opened", "raw": None, "adjusted": None, "raw_share": None, "adjusted_share": None,
    }  # fmt: skip


def test_bounces_are_told_by_class_and_what_no_event_tells_was_refused_at_once(issue):
    for kind in ("bounced", "soft_bounced", "blocked", "dropped", "complained"):
        tell(make_message(issue), kind)
    make_message(issue, state="bounced", reason="550 no such user")
    found = report(issue)
    assert found.bounces == {"hard": 1, "soft": 1, "blocked": 1, "dropped": 1, "refused": 1}
    assert (found.count("bounced"), found.count("failed"), found.as_dict()["complained"]) == (3, 2, 1)


def test_where_nobody_tells_of_delivery_the_funnel_has_no_number_for_it():
    message = make_message(make_issue())
    unknown = ("delivered", None, None, None, None)
    assert unknown in tables.funnel(report(message.issue)).rows
    make_message(message.issue, state="delivered")
    assert ("delivered", 1, 1, 0.5, 0.5) in tables.funnel(report(message.issue)).rows


def test_who_complains_has_got_it(issue):
    tell(make_message(issue), "complained")
    found = report(issue)
    assert (found.sent, found.delivered) == (5, 3)


def test_links_are_listed_with_clicks_and_people_the_most_clicked_first(issue):
    first, second = issue.messages.filter(state="submitted")
    quiet, loud = make_link(issue, "https://example.org/quiet"), make_link(issue, "https://example.org/loud")
    mail(issue, quiet, loud, make_link(issue, "https://example.org/never"))
    make_event(first, "click", link=quiet)
    for message in (first, first, second):
        make_event(message, "click", link=loud)
    make_event(first, "open")
    assert [(one.url, one.clicks, one.people) for one in report(issue).links] == [
        ("https://example.org/loud", 3, 2), ("https://example.org/quiet", 1, 1), ("https://example.org/never", 0, 0),
    ]  # fmt: skip


def test_links_of_a_test_that_did_not_go_out_are_not_listed_unless_they_were_clicked(issue):
    sent, clicked = make_link(issue, "https://example.org/sent"), make_link(issue, "https://example.org/clicked")
    taken_out = make_link(issue, "https://example.org/taken-out")
    mail(issue, sent)
    make_event(issue.messages.first(), "click", link=clicked)
    issue.edition.html += f"a post that quotes /c/{taken_out.pk}/ in its text"
    assert [link.url for link in report(issue).links] == [clicked.url, sent.url]


def test_an_issue_without_messages_has_no_rates():
    found = report(make_issue())
    assert (found.audience, found.sent, found.as_dict()["open_rate"], found.links) == (0, 0, None, ())


def test_other_issues_do_not_count(issue):
    other = make_message(make_sent_issue())
    make_event(other)
    make_link(other.issue)
    assert (report(issue).seen, report(issue).links, report(issue).audience) == ({}, (), 10)


def test_it_is_json(issue):
    mail(issue, link := make_link(issue))
    told = json.loads(json.dumps(report(issue).as_dict()))
    assert told["links"] == [{
        "url": "https://example.org/stories/1", "clicks": 0, "people": 0, "clicks_adjusted": 0, "people_adjusted": 0,
        "place": 0, "number": link.pk,
    }]  # fmt: skip
    assert (told["audience"], told["open_rate"]) == (10, 0.0)


def test_failures_name_the_person_the_state_and_the_reason(issue):
    for state in ("failed", "bounced", "complained", "uncertain"):
        make_message(issue, make_subscriber(f"{state}@example.org"), state=state, reason=f"because {state}")
    make_message(make_sent_issue(), state="failed")
    found = [(message.subscriber.email, message.state, message.reason) for message in failures(issue)]
    assert found == [
        (f"{state}@example.org", state, f"because {state}")
        for state in ("bounced", "complained", "failed", "uncertain")
    ]
    assert report(issue).failed == 4


def test_more_messages_take_no_more_queries(issue, django_assert_num_queries):
    for message in Message.objects.filter(issue=issue, state="submitted"):
        make_event(message, "click", link=make_link(issue, f"https://example.org/{message.pk}"))
    with django_assert_num_queries(10):
        report(issue)
