"""Sending where readers have left sections out: who gets what, in which call, and what it takes to know."""

import email
import email.policy
from datetime import timedelta

import pytest

from newsletter.models import Issue, Message, audience_of
from newsletter.render import render
from newsletter.send import recipient, sample
from newsletter.send.mailing import Mailing, Reader
from subscribers.models import Tag
from tests.factories import NOW, make_edition, make_issue, make_item, make_post, make_subscriber
from tests.send.conftest import KEY, send_all

pytestmark = pytest.mark.django_db
SECTIONS = [{"title": "World", "tags": ["world"]}, {"title": "Science", "tags": ["science"]}]


@pytest.fixture
def topical(make_config):
    """A newsletter with topics and an issue of it that is being sent to whoever there is."""

    def make(**weekly):
        config = make_config(newsletters={"weekly": {"topics": True, "sections": SECTIONS, **weekly}})
        issue = make_issue(status=Issue.Status.SENDING, started_at=NOW)
        for title, section in (("Whale", "Science"), ("Border", "World")):
            make_item(issue, make_post(title=title), section=section)
        issue.edition = render(issue, config, KEY)
        issue.save()
        Message.freeze(issue, audience_of(issue, config.newsletters["weekly"]), NOW)
        return config, issue

    return make


def body(mail):
    return mail.get_body(("plain",)).get_content()


def sent(config, issue):
    """What stands in the mail to each reader."""
    send_all(config, issue, lambda: NOW + timedelta(minutes=1))
    found = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
             for file in config.outbox.rglob("*.eml")]  # fmt: skip
    return {mail["To"]: [title for title in ("Whale", "Border") if title in body(mail)] for mail in found}


def test_who_left_a_section_out_gets_the_issue_without_it(topical):
    make_subscriber("all@example.org")
    make_subscriber("some@example.org").subscriptions.update(without=["world"])
    assert sent(*topical()) == {"all@example.org": ["Whale", "Border"], "some@example.org": ["Whale"]}


def test_a_topic_counts_as_left_out_only_if_it_is_on_every_list_of_the_newsletter(topical):
    person = make_subscriber("some@example.org", lists=("readers", "friends", "others"))
    person.subscriptions.filter(list__name__in=("readers", "others")).update(without=["world"])
    config, issue = topical(lists=["readers", "friends"])
    letter = config.newsletters["weekly"]
    assert recipient("some@example.org", "t", letter).without == frozenset()
    person.subscriptions.filter(list__name="friends").update(without=["world", "sport"])
    assert recipient("some@example.org", "t", letter).without == {"world"}
    assert sent(config, issue) == {"some@example.org": ["Whale"]}


def test_the_message_that_is_shown_as_a_person_would_get_it_leaves_out_the_same(topical):
    make_subscriber("some@example.org").subscriptions.update(without=["science"])
    config, issue = topical()
    shown = sample(config, KEY, issue, issue.edition, "some@example.org", NOW)
    text = body(email.message_from_bytes(shown, policy=email.policy.default))
    assert ("Border" in text, "Whale\n" in text) == (True, False)


def test_readers_of_the_same_topics_and_no_others_may_share_a_call_that_carries_one_text(topical):
    make_subscriber("a@example.org")
    make_subscriber("b@example.org").subscriptions.update(without=["world"])
    make_subscriber("c@example.org").subscriptions.update(without=["sport"])
    config, issue = topical()
    mailing = Mailing.of(issue, issue.edition, config)
    a, b, c = (
        mailing.path(recipient(f"{one}@example.org", "t", config.newsletters["weekly"])) for one in "abc"
    )  # fmt: skip
    assert a == c != b


def test_tags_and_topics_are_asked_for_once_a_batch_and_only_if_the_edition_asks(
    make_config, django_assert_num_queries
):
    config, issue = make_config(), make_issue()
    donor = make_subscriber("donor@example.org")
    donor.tags.add(Tag.objects.create(name="donor"))
    plain, tags, topics = (
        Mailing.of(issue, make_edition(issue, late=late), config)
        for late in ([], [["compare", ["const", "donor"], [["in", ["reader", "tags"]]]]], [["topic", "world"]])
    )
    with django_assert_num_queries(0):
        assert plain.places([donor.pk]) == {}
    with django_assert_num_queries(1):
        assert topics.places([donor.pk])[donor.pk].tags == frozenset()
    with django_assert_num_queries(2):
        assert tags.places([donor.pk])[donor.pk].tags == {"donor"}


def test_readers_part_by_what_they_left_out_of_this_issue_and_by_nothing_else(topical):
    config, issue = topical()
    mailing = Mailing.of(issue, issue.edition, config)
    left = ((), ("sport",), ("world",), ("world", "sport"), ("science",), ("world", "science"))
    paths = [mailing.path(Reader("1", "a@example.org", "", "t", without=frozenset(one))) for one in left]
    assert (paths[0], paths[2], len(set(paths))) == (paths[1], paths[3], 4)
