"""Likes and votes by the links in a mail: a scanner's GET counts for nobody, a POST counts once."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from newsletter import links, tokens
from newsletter.models import Issue, Like, Message, Vote
from newsletter.settings import current
from tests.factories import (
    make_edition,
    make_message,
    make_poll,
    make_reply,
    make_sent_issue,
    make_subscriber,
    token_of,
)
from tests.reader.talk import browser, replies_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    return make_message(make_sent_issue(started_at=timezone.now()))


@pytest.fixture
def poll(message):
    return make_poll(message.issue, "Tea & <biscuits>?", ("Tea", "Cha <3", "Neither"))


def like_path(message):
    return links.like(current(), token_of(message)).removeprefix("http://127.0.0.1:8000")


def vote_path(message, poll, answer):
    return links.vote(current(), token_of(message), poll.number, answer).removeprefix("http://127.0.0.1:8000")


def test_looking_records_nothing(message, poll):
    client = browser()
    for path in (like_path(message), vote_path(message, poll, 1)):
        for method in (client.get, client.head, client.options):
            assert method(path).status_code in (200, 405)
    assert not Like.objects.exists()
    assert not Vote.objects.exists()


def test_a_like_counts_once_and_can_be_taken_back(message):
    client, path = browser(), like_path(message)
    for _ in range(2):
        answer = client.post(path)
        assert (answer.status_code, answer["Location"]) == (303, path)
    assert Like.objects.get().subscriber == message.subscriber
    assert "You are the first to like" in text_of(client.get(path))
    Like.keep(message.issue, make_subscriber(), timezone.now())
    assert "You and 1 other reader like" in text_of(client.get(path))
    client.post(path, {"undo": "yes"})
    assert Like.objects.count() == 1


def test_a_vote_leads_to_the_results_and_can_be_changed(message, poll):
    client = browser()
    page = text_of(client.get(vote_path(message, poll, 1)))
    assert "<b>Cha &lt;3</b>" in page
    assert "Send this answer" in page
    answer = client.post(vote_path(message, poll, 1))
    assert (answer.status_code, answer["Location"]) == (303, f"/v/{token_of(message)}/0/")
    shown = text_of(client.get(answer["Location"]))
    assert "Thank you for your answer" in shown
    assert "Cha &lt;3</bdi> (your answer)" in shown
    assert "100 % · 1 vote" in shown
    assert "Tea &amp; &lt;biscuits&gt;?" in shown
    assert "So far your answer is “<bdi>Cha &lt;3</bdi>”" in text_of(client.get(vote_path(message, poll, 2)))
    client.post(vote_path(message, poll, 2))
    assert Vote.objects.get().answer == 2


@pytest.mark.parametrize("path", ["/v/{}/0/3", "/v/{}/1/0", "/v/{}/99999999999999999999/0", "/v/{}/1/"])
def test_what_the_poll_does_not_have_is_not_found(message, poll, path):
    assert browser().get(path.format(token_of(message))).status_code == 404


@pytest.mark.parametrize("path", ["/l/{}", "/v/{}/0/0", "/v/{}/0/"])
def test_a_forged_token_is_not_found(message, poll, path):
    forged = tokens.sign(message.pk, "another key")
    for token in (forged, token_of(message)[:-1], "x"):
        assert browser().get(path.format(token)).status_code == 404


@pytest.mark.parametrize("path", ["/l/{}", "/v/{}/0/0", "/v/{}/0/"])
def test_the_links_of_a_test_mail_lead_to_a_harmless_page(message, poll, settings, path):
    path = path.format(tokens.sign(message.issue_id, settings.SECRET_KEY, tokens.TEST))
    assert browser().get(path).status_code == 200
    assert browser().post(path).status_code in (200, 403)
    assert not Like.objects.exists()
    assert not Vote.objects.exists()


def test_an_erased_readers_links_record_nothing(message, poll):
    paths = (like_path(message), vote_path(message, poll, 0))
    message.subscriber.delete()
    for path in paths:
        answer = browser().post(path)
        assert answer.status_code == 200
        assert "no longer with us" in text_of(answer)
    assert not Like.objects.exists()
    assert not Vote.objects.exists()


def test_a_closed_poll_shows_its_results_and_takes_no_vote(message, poll):
    message.issue.started_at = timezone.now() - timedelta(days=31)
    message.issue.save()
    answer = browser().post(vote_path(message, poll, 0))
    assert (answer.status_code, answer["Location"]) == (303, f"/v/{token_of(message)}/0/")
    assert "The poll is closed" in text_of(browser().get(answer["Location"]))
    assert not Vote.objects.exists()


def test_pages_of_one_reader_are_kept_by_no_cache(message, poll):
    for path in (like_path(message), vote_path(message, poll, 0), f"/v/{token_of(message)}/0/"):
        answer = browser().get(path)
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")


def test_a_signed_in_reader_likes_and_votes_on_the_page(message, poll):
    issue, reader = message.issue, message.subscriber
    client = browser(reader)
    assert 'type="radio"' in text_of(client.get(replies_of(issue)))
    answer = client.post(f"/issues/weekly/{issue.slug}/vote/", {"poll": "0", "answer": "1"})
    assert answer["Location"] == f"{replies_of(issue)}#poll-0"
    client.post(f"/issues/weekly/{issue.slug}/like/")
    page = text_of(client.get(replies_of(issue)))
    assert "You like this issue" in page
    assert "1 reader likes this issue" in text_of(browser().get(replies_of(issue)))
    assert "Cha &lt;3</bdi> (your answer)" in page
    client.post(f"/issues/weekly/{issue.slug}/like/", {"undo": "yes"})
    assert not Like.objects.exists()


@pytest.mark.parametrize("back", ["//elsewhere.test/", "https://elsewhere.test/", "/\\elsewhere.test", ""])
def test_a_vote_leads_back_to_the_page_it_was_given_on_and_nowhere_else(message, poll, back):
    issue, client = message.issue, browser(message.subscriber)
    vote, given = f"/issues/weekly/{issue.slug}/vote/", {"poll": "0", "answer": "1"}
    here = f"/issues/weekly/{issue.slug}/"
    assert client.post(vote, {**given, "back": here})["Location"] == f"{here}#poll-0"
    assert client.post(vote, {**given, "back": back})["Location"] == f"{replies_of(issue)}#poll-0"


def test_who_is_not_signed_in_sees_the_results_and_is_sent_to_sign_in(message, poll):
    issue = message.issue
    assert "No votes yet" in text_of(browser().get(replies_of(issue)))
    answer = browser().post(f"/issues/weekly/{issue.slug}/vote/", {"poll": "0", "answer": "1"})
    back = quote(f"{replies_of(issue)}#poll-0", safe="")
    assert (answer.status_code, answer["Location"]) == (303, f"/sign-in/?back={back}")
    assert not Vote.objects.exists()


@pytest.mark.parametrize("data", [{}, {"poll": "0", "answer": "9"}, {"poll": "x", "answer": "0"},
                                  {"poll": "7", "answer": "0"}, {"poll": "0", "answer": "-1"}])  # fmt: skip
def test_a_vote_for_nothing_is_not_found(message, poll, data):
    client = browser(message.subscriber)
    assert client.post(f"/issues/weekly/{message.issue.slug}/vote/", data).status_code == 404


def test_the_report_counts_what_readers_said(message, poll):
    from newsletter import track

    poll.vote(message.subscriber, 0, timezone.now())
    Like.keep(message.issue, message.subscriber, timezone.now())
    make_reply(message.issue, state="held")
    make_reply(message.issue, via="desk")
    make_reply(message.issue, state="unconfirmed")
    told = track.report(message.issue)
    assert (told.replies, told.likes, told.votes) == (1, 1, 1)
    assert told.as_dict()["polls"] == [
        {"question": "Tea & <biscuits>?", "answers": {"Tea": 1, "Cha <3": 0, "Neither": 0}}
    ]


def test_a_reader_of_a_variant_is_shown_the_subject_that_they_got(message):
    issue = message.issue
    other = make_edition(issue, subject="Another subject", variant="b")
    Issue.objects.filter(pk=issue.pk).update(variants={"a": issue.edition_id, "b": other.pk})
    assert "A whale falls" in text_of(browser().get(like_path(message)))
    Message.objects.filter(pk=message.pk).update(variant="b")
    page = text_of(browser().get(like_path(message)))
    assert "Another subject" in page
    assert "A whale falls" not in page
