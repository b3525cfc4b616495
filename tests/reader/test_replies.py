"""Replying on the page: signed in or by a mailed link, and nothing that was typed is ever lost."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.models import Muted, Notice, Reply
from tests.factories import make_edition, make_issue, make_message, make_reply, make_sent_issue, make_subscriber
from tests.reader.doing import behind_the_answer
from tests.reader.talk import browser, mailed_link, replies_of, text_of

pytestmark = pytest.mark.django_db
State = Reply.State


@pytest.fixture
def issue():
    return make_sent_issue(started_at=timezone.now())


@pytest.fixture
def maja():
    return make_subscriber("maja@example.org", name="Maja")


@pytest.fixture
def moderation(settings, make_config):
    def choose(**replies):
        settings.NEWSLETTER = make_config(newsletters={"weekly": {"replies": replies}})

    return choose


def write(client, issue, text="Lovely!", **fields):
    return client.post(replies_of(issue), {"text": text, **fields})


def test_a_first_reply_is_held_and_its_writer_sees_that(issue, maja):
    message = make_message(issue, maja)
    client = browser(maja)
    answer = write(client, issue, "Lovely!\n\nSee https://example.org/x")
    reply = Reply.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"{replies_of(issue)}#reply-{reply.pk}")
    assert (reply.state, reply.via, reply.subscriber, reply.message) == ("held", "page", maja, message)
    assert (reply.author_name, reply.note) == ("Maja", "no reply of this reader has been approved yet")
    assert "Only you see this" in text_of(client.get(replies_of(issue)))
    assert "Lovely!" not in text_of(browser().get(replies_of(issue)))


def test_a_known_readers_reply_stands_at_once(issue, maja):
    make_reply(subscriber=maja)
    write(browser(maja), issue, name="  Maja\n from <b>Graz</b> ")
    page = text_of(browser().get(replies_of(issue)))
    assert "Lovely!" in page
    assert "Maja from &lt;b&gt;Graz&lt;/b&gt;" in page
    assert "1 reply" in page


def test_an_address_is_no_name(issue, maja, moderation):
    moderation(moderation="none")
    write(browser(maja), issue, name="maja@example.org")
    assert Reply.objects.get().author_name == ""
    assert "A reader" in text_of(browser().get(replies_of(issue)))


def test_script_in_a_reply_is_words(issue, maja, moderation):
    moderation(moderation="none")
    write(browser(maja), issue, "<script>alert(1)</script><img src=x onerror=alert(1)>")
    page = text_of(browser().get(replies_of(issue)))
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write something"),
        ("  \n ", "write something"),
        ("x" * 5001, "5,001 char"),
        ("\x00\x07", "write something"),
    ],
)
def test_what_cannot_be_taken_is_shown_again(issue, maja, text, said):
    answer = write(browser(maja), issue, text, name="Maja of Graz")
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "Maja of Graz" in text_of(answer)
    assert text.strip("\x00\x07 \n") in text_of(answer)
    assert not Reply.objects.exists()


def test_five_replies_an_hour(issue, maja):
    client = browser(maja)
    assert [write(client, issue, f"Words {at}").status_code for at in range(5)] == [303] * 5
    refused = write(client, issue, "A sixth thought")
    assert refused.status_code == 422
    assert "can be posted in 60 min" in text_of(refused)
    assert "A sixth thought" in text_of(refused)


def test_the_same_words_twice_are_one_reply(issue, maja):
    client = browser(maja)
    assert write(client, issue)["Location"] == write(client, issue)["Location"]
    assert Reply.objects.count() == 1


def test_who_is_not_signed_in_is_mailed_a_link_and_their_words_wait(issue, maja):
    client = browser()
    answer = write(client, issue, "Waiting words", email="maja@example.org", name="M.")
    assert answer.status_code == 200
    assert "Now look into your mailbox" in text_of(answer)
    assert "Waiting words" in text_of(answer)
    behind_the_answer()
    reply = Reply.objects.get()
    assert (reply.state, reply.subscriber) == ("unconfirmed", maja)
    page = text_of(client.get(mailed_link()))
    assert "Waiting words" in page
    answer = client.post(mailed_link(), {"post": "yes"})
    assert answer["Location"] == f"{replies_of(issue)}#replies"
    reply.refresh_from_db()
    assert reply.state == "held"
    assert "Waiting words" in text_of(client.get(replies_of(issue)))


def test_words_that_somebody_else_typed_are_not_posted_by_signing_in(issue, maja):
    write(browser(), issue, "In your name", email="maja@example.org")
    assert browser().post(mailed_link()).status_code == 303
    assert Reply.objects.get().state == "unconfirmed"


def test_a_stranger_gets_the_same_answer_and_leaves_nothing(issue, maja):
    known = text_of(write(browser(), issue, "Words", email="maja@example.org"))
    stranger = text_of(write(browser(), issue, "Words", email="nobody@example.org"))
    assert known.replace("maja@", "") == stranger.replace("nobody@", "")
    behind_the_answer()
    assert Reply.objects.count() == Notice.objects.count() == 1


def test_a_wrong_address_loses_no_word(issue):
    answer = write(browser(), issue, "Long thought words", email="maja.example.org")
    assert answer.status_code == 422
    assert "Long thought words" in text_of(answer)
    assert "not an email address" in text_of(answer)


def test_asking_too_often_loses_no_word(issue, maja):
    codes = [write(browser(), issue, f"Words {at}", email="maja@example.org").status_code for at in range(4)]
    assert codes == [200, 200, 200, 422]
    behind_the_answer()
    assert Reply.objects.count() == 3


def test_a_blocked_readers_words_look_taken_and_are_hidden(issue, maja):
    Muted.objects.create(key=maja.key)
    assert write(browser(maja), issue).status_code == 303
    assert Reply.objects.get().state == "hidden"


def test_threads_are_one_level_deep(issue, maja, moderation):
    moderation(moderation="none")
    top = make_reply(issue)
    answer = make_reply(issue, parent=top)
    write(browser(maja), issue, "To the answer", parent=str(answer.pk))
    assert Reply.objects.get(text="To the answer").parent == top
    page = text_of(browser().get(replies_of(issue)))
    assert page.index(top.text) < page.index(answer.text) < page.index("To the answer")


@pytest.mark.parametrize("parent", ["x", "0", "-1", "9" * 30, "١"])
def test_an_answer_to_nothing_begins_a_thread(issue, maja, parent):
    write(browser(maja), issue, parent=parent)
    assert Reply.objects.get().parent is None


def test_replies_to_what_is_hidden_or_another_issues_begin_a_thread(issue, maja):
    for at, other in enumerate((make_reply(issue, state=State.HIDDEN), make_reply())):
        write(browser(maja), issue, f"words {at}", parent=str(other.pk))
    assert set(Reply.objects.filter(via="page", subscriber=maja).values_list("parent", flat=True)) == {None}


def test_staff_answers_are_marked(issue):
    top = make_reply(issue)
    make_reply(issue, parent=top, via=Reply.Via.DESK, author_name="Ada", subscriber=None)
    page = text_of(browser().get(replies_of(issue)))
    assert re.search(r"<b dir=\"auto\">Ada</b><span class=\"mark ours\" dir=\"auto\">The Weekly</span>", page)


def test_a_closed_page_takes_nothing_and_gives_the_words_back(issue, maja, moderation):
    moderation(open=False)
    answer = write(browser(maja), issue, "Too late")
    assert answer.status_code == 409
    assert "Too late" in text_of(answer)
    assert "<textarea" not in text_of(answer)
    moderation(closes_after="1h")
    assert write(browser(maja), issue, "In time").status_code == 303
    issue.started_at = timezone.now() - timedelta(hours=2)
    issue.save()
    assert write(browser(maja), issue, "Too late").status_code == 409


def test_an_issue_nobody_has_yet_has_no_page(maja):
    draft = make_issue(edition=None)
    draft.edition = make_edition(draft)
    draft.save()
    assert browser(maja).get(replies_of(draft)).status_code == 404
    assert write(browser(maja), draft).status_code == 404


def test_a_newsletter_that_is_gone_has_no_page(issue, settings, make_config):
    config = make_config()
    settings.NEWSLETTER = config.model_copy(update={"newsletters": {}})
    assert browser().get(replies_of(issue)).status_code == 404


def test_the_page_works_without_any_reply(issue):
    page = text_of(browser().get(replies_of(issue)))
    assert "Nobody has replied yet" in page
    assert page.count("<h1") == 1


def test_more_replies_take_no_more_queries(issue, django_assert_num_queries):
    for _ in range(3):
        make_reply(issue, parent=make_reply(issue))
    client = browser()
    with django_assert_num_queries(6):
        client.get(replies_of(issue))
