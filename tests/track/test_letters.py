"""A newsletter's issues side by side: engagement, hours of the week, stories and sections; and a person's timeline."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.models import Like
from newsletter.models.folding import fold
from newsletter.models.taking import Happening, take_in
from newsletter.track.report import roll_up
from newsletter.track.report.clicks import by_section, liked_stories, link_clicks, story_clicks
from newsletter.track.report.letters import past, week
from newsletter.track.report.timeline import CONSENTS, MESSAGES, READ, timeline
from subscribers.models import Consent
from tests.factories import (
    NOW,
    make_event,
    make_item,
    make_link,
    make_message,
    make_post,
    make_reply,
    make_sent_issue,
    make_subscriber,
)

pytestmark = pytest.mark.django_db


def test_issues_are_told_the_latest_first_raw_and_adjusted(config):
    old, new = make_sent_issue(), make_sent_issue(started_at=NOW + timedelta(weeks=1))
    make_event(make_message(old), judged="prefetch")
    make_message(old)
    make_message(new)
    make_sent_issue(newsletter="other")
    make_sent_issue(started_at=None)
    roll_up(config, lambda: NOW)
    found = past("weekly")
    assert [(one.issue, one.sent) for one in found] == [(new, 1), (old, 2)]
    assert [found[1].share("open", name) for name in ("messages", "readers")] == [0.5, 0]
    assert found[0].share("open", "messages") == 0


def test_where_nobody_can_say_there_is_no_share(config):
    issue = make_sent_issue()
    assert past("weekly")[0].share("open", "messages") is None
    message = make_message(issue)
    roll_up(config, lambda: NOW)
    take_in([Happening(message.pk, "open", NOW, judged="human", anonymous=True)], NOW)
    assert past("weekly")[0].share("open", "messages") is None
    assert past("weekly")[0].of("open").events == 1


def test_messages_of_the_newest_are_counted_now_if_they_are_few(config):
    issue = make_sent_issue()
    make_message(issue, state="pending")
    roll_up(config, lambda: NOW)
    assert past("weekly")[0].sent == 0
    make_message(issue)
    assert past("weekly")[0].sent == 1


def test_hours_of_the_week_are_those_of_the_zone_and_count_people_alone():
    message = make_message(make_sent_issue())
    sunday_night = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)  # Monday, 00:30 in Berlin
    make_event(message, at=sunday_night)
    make_event(message, at=sunday_night, judged="bot")
    make_event(message, "click", link=make_link(message.issue), at=sunday_night + timedelta(hours=1))
    make_event(message, at=NOW - timedelta(days=400))
    found = week("weekly", "Europe/Berlin", NOW)
    assert (sum(map(sum, found.opens)), found.opens[0][0], found.clicks[0][1]) == (1, 1, 1)
    assert (found.best("opens"), found.best("clicks")) == ((0, 0), (0, 1))
    assert week("other", "UTC", NOW).best("opens") is None


# ── stories ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def issue():
    """An issue of three stories: one elsewhere, one on a page of ours, one that links to something."""
    issue = make_sent_issue()
    make_item(issue, make_post(url="https://example.org/a", title="A"), section="World", section_emoji="🌍")
    make_item(issue, own := make_post(url="", title="B"), section="World")
    make_item(issue, make_post(url="", title="C", html='<a href="https://example.org/?x=1&amp;y=2">x</a>'))
    issue.own = own
    return issue


def click(issue, url, judged="human"):
    make_event(make_message(issue), "click", link=make_link(issue, url), judged=judged)


def test_a_link_belongs_to_the_story_it_leads_to_or_stands_in(issue):
    click(issue, "https://example.org/a")
    click(issue, "https://example.org/a", judged="bot")
    click(issue, f"https://news.example.test/posts/{issue.own.pk}/b/")
    click(issue, "https://example.org/?x=1&y=2")
    click(issue, f"https://elsewhere.example/posts/{issue.own.pk}/b/c/")
    found = story_clicks(issue, link_clicks(issue))
    assert [(one.title, one.section, one.clicks, one.clicks_adjusted, one.links) for one in found] == [
        ("A", "🌍 World", 2, 1, 1), ("B", "World", 1, 1, 1), ("C", "", 1, 1, 1), ("", "", 1, 1, 1),
    ]  # fmt: skip


def test_stories_of_several_issues_are_told_by_what_people_followed(issue):
    other = make_sent_issue()
    make_item(other, make_post(url="https://example.org/d", title="D"), section="World")
    for judged in ("human", "human"):
        click(other, "https://example.org/d", judged)
    for judged in ("human", "bot", "bot"):
        click(issue, "https://example.org/a", judged)
    found = liked_stories([issue, other])
    assert [(one, story.title) for one, story in found][:2] == [(other, "D"), (issue, "A")]
    sections = by_section([story for _, story in found])
    assert [(name, count, one.clicks_adjusted) for name, count, one in sections] == [
        ("World", 2, 2), ("🌍 World", 1, 1), ("", 1, 0),
    ]  # fmt: skip


# ── one person ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ada():
    return make_subscriber("ada@example.org")


def said(entries):
    return [(one.what, one.judged) for one in entries]


def test_a_timeline_tells_all_that_went_to_a_person_and_came_back(ada):
    message = make_message(make_sent_issue(), ada)
    make_event(message, at=NOW + timedelta(hours=1))
    make_event(message, "click", link=make_link(message.issue), at=NOW + timedelta(hours=2), judged="bot")
    make_reply(message.issue, subscriber=ada, received_at=NOW + timedelta(hours=3))
    Like.objects.create(issue=message.issue, subscriber=ada, at=NOW + timedelta(hours=4))
    Consent.objects.create(subscriber=ada, action="joined", at=NOW - timedelta(days=1))
    found = timeline(ada)
    assert said(found) == [
        ("liked it", ""), ("replied", ""), ("clicked", "likely by a machine"),
        ("opened", "by a person, it seems"), ("sent", ""),
        ("joined at once", ""),
    ]  # fmt: skip
    assert found[2].more == "https://example.org/stories/1"
    assert said(timeline(ada, [MESSAGES])) == [("sent", "")]
    assert said(timeline(ada, [READ])) == said(found)[2:4]
    assert said(timeline(ada, [CONSENTS])) == [("joined at once", "")]
    assert len(timeline(ada, number=2)) == 2


def test_events_that_have_been_dropped_leave_that_they_happened(ada):
    message, link = make_message(make_sent_issue(), ada), None
    link = make_link(message.issue)
    for hours in (1, 2):
        make_event(message, "click", link=link, at=NOW + timedelta(hours=hours))
    fold(NOW + timedelta(days=1))
    found = timeline(ada, [READ])
    assert said(found) == [("clicked", "by a person, it seems")]
    assert (found[0].at, found[0].more) == (
        NOW + timedelta(hours=1), f"{link.url} · 2 times in all, the first time then",
    )  # fmt: skip


def test_other_peoples_is_not_told(ada):
    make_event(make_message(make_sent_issue()))
    assert timeline(ada) == []
