"""Automatic answers, readers' own words and old bounces, told apart by what they are and not by where they came to."""

from datetime import timedelta

import pytest

from newsletter import tokens
from newsletter.models import Message, Rejected, Reply
from subscribers.models import Suppression
from tests.factories import NOW
from tests.track.mail import samples
from tests.track.mail.conftest import BOUNCES, REPLIES, events, kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply_address(message, settings):
    token = tokens.sign_until(message.pk, NOW.replace(year=2027), settings.SECRET_KEY, tokens.REPLY)
    return REPLIES.replace("@", f"+{token}@")


def test_an_out_of_office_at_the_bounce_address_is_no_bounce(arrive, message, back):
    row = arrive(samples.away(back))
    assert events() == [("auto_reply", "Auto-Submitted: auto-replied")]
    assert row.fault == ""
    message.refresh_from_db()
    assert (message.state, Suppression.objects.count()) == (Message.State.SUBMITTED, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "", "X_Autoreply": "yes"},
        {"Auto_Submitted": "", "Precedence": "auto_reply"},
        {"Auto_Submitted": "", "X_Auto_Response_Suppress": "All"},
        {"Auto_Submitted": "", "Subject": "Abwesenheitsnotiz: A whale falls"},
        {"Auto_Submitted": "", "Subject": "=?iso-2022-jp?b?GyRCSVQ6XxsoQg==?="},
        {"Auto_Submitted": "", "Return_Path": "<maja@example.org>", "Subject": "Automatic reply: A whale falls"},
    ],
)
def test_programs_mark_it_in_many_ways(arrive, message, back, headers):
    arrive(samples.away(back, **headers))
    assert kinds() == ["auto_reply"]


def test_at_the_reply_address_it_is_one_too(arrive, reply_address):
    arrive(samples.away(reply_address))
    assert (kinds(), Reply.objects.count(), Rejected.objects.count()) == (["auto_reply"], 0, 0)


def test_one_that_quotes_a_bounce_and_the_token_suppresses_nobody(arrive, message, back, way_out):
    quoted = samples.postfix(back, returned=samples.original(message.pk, way_out(message))).decode()
    row = arrive(samples.away(BOUNCES, text=f"I have left.\n\n> {quoted}"))
    assert kinds() == []
    assert Rejected.objects.get().why == "automatic"
    assert row.fault == ""
    arrive(samples.away(back, text=f"550 5.1.1 maja@example.org user unknown {back}", Message_ID="<2@x>"))
    assert kinds() == ["auto_reply"]


def test_one_whose_address_was_forged_does_nothing(arrive, message, bounce_address):
    arrive(samples.away(bounce_address(message, key="another key")))
    assert (kinds(), Rejected.objects.get().why) == ([], "automatic")


def test_the_same_answer_twice_is_one(arrive, back):
    for _ in range(2):
        arrive(samples.away(back))
    assert kinds() == ["auto_reply"]


# ── what people write ────────────────────────────────────────────────────────────────────────────────────────────────


def written(to, **headers):
    return samples.away(to, text="What a lovely issue!", Return_Path="<maja@example.org>", Auto_Submitted="",
                        Subject="Re: A whale falls", **headers)  # fmt: skip


def test_a_readers_words_at_the_bounce_address_are_a_reply(arrive, message, back):
    row = arrive(written(back))
    reply = Reply.objects.get()
    assert (reply.message, reply.text, reply.state, reply.received_at) == (
        message, "What a lovely issue!", "published", NOW,
    )  # fmt: skip
    assert (kinds(), row.fault, row.data) == ([], "", b"")


def test_a_readers_words_at_an_address_that_has_ended_are_told_so(arrive, message, bounce_address):
    arrive(written(bounce_address(message, until=NOW - timedelta(days=1))))
    assert (Rejected.objects.get().why, Reply.objects.count()) == ("expired", 0)


def test_a_readers_words_at_the_reply_address_are_one(arrive, reply_address):
    arrive(written(reply_address))
    assert Reply.objects.get().text == "What a lovely issue!"


def test_words_without_a_token_are_rejected_with_the_reason(arrive, message):
    row = arrive(written(BOUNCES))
    assert (Rejected.objects.get().why, row.fault) == ("unaddressed", "")


def test_our_own_mail_that_comes_back_is_neither(arrive, message, back):
    arrive(samples.away(back, From="weekly@news.example.org", Auto_Submitted="", Precedence="bulk"))
    assert (kinds(), Rejected.objects.get().why) == ([], "loop")


# ── bounces in no standard form ──────────────────────────────────────────────────────────────────────────────────────


def test_where_only_words_say_that_it_failed_it_is_no_failure_for_good(arrive, message, back):
    arrive(samples.qmail(back, said="Sorry, I could not find any host by that name."))
    assert events() == [("soft_bounced", "unclear: Sorry, I could not find any host by that name.")]


def test_what_stands_in_the_copy_of_the_message_does_not_count(arrive, back):
    arrive(samples.qmail(back, said="I give up."))
    assert kinds() == ["soft_bounced"]


@pytest.mark.parametrize("make", [samples.qmail, samples.exim])
def test_a_bounce_in_words_needs_the_signed_address(arrive, message, make):
    row = arrive(make(BOUNCES))
    assert (kinds(), row.fault[:21]) == ([], "nothing in it that we")


@pytest.mark.parametrize("make", [samples.qmail, samples.exim])
def test_a_bounce_in_words_of_somebody_else_says_nothing_of_the_reader(arrive, back, make):
    row = arrive(make(back, reader="friend@elsewhere.example"))
    assert (kinds(), "names others than its reader" in row.fault) == ([], True)


def test_a_policy_in_words_is_about_us(arrive, back):
    arrive(samples.exim(back, said="550 5.7.1 Message rejected due to our policy"))
    assert kinds() == ["blocked"]


def test_a_bounce_that_nobody_knows_is_kept(arrive, message, back):
    data = f"From: MAILER-DAEMON@mx.example.net\nTo: {back}\nSubject: Oops\n\nSomething went wrong.\n".encode()
    row = arrive(data)
    assert (kinds(), row.fault) == ([], "it seems to be a bounce, in a form that is not known")
    assert data in row.data


def test_a_mail_with_an_empty_return_path_and_no_mark_is_kept(arrive, message, back):
    row = arrive(samples.away(back, Auto_Submitted="", Subject="Hello", text="The mailbox maja is gone."))
    assert (kinds(), bool(row.fault), Reply.objects.count()) == ([], True, 0)
