"""What becomes of a mail to the reply address: a reply with its reader and issue, or a row that says why it is none."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from newsletter import links, tokens
from newsletter.models import Issue, Muted, Rejected, Reply
from tests.factories import NOW, make_reply
from tests.track.replies.conftest import ADDRESS, address_of

pytestmark = pytest.mark.django_db
QUOTED = "Lovely issue!\n\nOn Fri, Nov 20, 2026 at 8:00 AM The Weekly <weekly@news.example.org> wrote:\n> Hello\n"


def test_a_reply_knows_its_reader_and_issue(arrive, mail, message):
    reply = arrive(mail(QUOTED))
    assert (reply.issue, reply.subscriber, reply.message, reply.via) == (
        message.issue, message.subscriber, message, "mail",
    )  # fmt: skip
    assert (reply.text, reply.html, reply.state, reply.note) == (
        "Lovely issue!",
        "<p>Lovely issue!</p>",
        "published",
        "",
    )
    assert "> Hello" in reply.original
    assert reply.author_name == "Maja"
    assert reply.published_at == NOW


def test_the_same_mail_twice_is_one_reply(arrive, mail):
    assert arrive(mail()).pk == arrive(mail()).pk
    assert Reply.objects.count() == 1


def test_without_a_message_id_the_same_mail_is_still_the_same(arrive, mail):
    assert arrive(mail(Message_ID=None)).pk == arrive(mail(Message_ID=None)).pk
    assert arrive(mail("Other words", Message_ID=None)).text == "Other words"
    assert Reply.objects.count() == 2


def test_a_rejected_mail_twice_is_one_row(arrive, mail):
    for _ in range(2):
        arrive(mail(Auto_Submitted="auto-replied"))
    assert Rejected.objects.count() == 1


def test_moderation_holds(arrive, mail, settings, config):
    letter = config.newsletters["weekly"]
    replies = letter.replies.model_copy(update={"moderation": "first"})
    config.newsletters["weekly"] = letter.model_copy(update={"replies": replies})
    assert arrive(mail()).state == "held"


# ── the token ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda to: f"The Weekly <{to}>", lambda to: f"x@y.example, {to}"]
)
def test_the_address_is_found_however_it_is_written(arrive, mail, address, change):
    assert isinstance(arrive(mail(To=change(address))), Reply)


@pytest.mark.parametrize("header", ["Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_address_is_found_where_servers_put_it(arrive, mail, address, header):
    assert isinstance(arrive(mail(To="somebody@example.org", **{header: address})), Reply)


def test_the_address_is_found_on_the_envelope(arrive, mail, address):
    assert isinstance(arrive(mail(To=None), envelope_to=[address]), Reply)


def test_a_local_part_has_room(address):
    assert len(address.rpartition("@")[0]) <= 64


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("reply@in.example.org", "unaddressed"),
        ("reply+@in.example.org", "unaddressed"),
        ("reply+" + "a" * 32 + "@elsewhere.example", "unaddressed"),
        ("reply+" + "a" * 32 + "@in.example.org", "forged"),
        ("reply+aaaaaaaa@in.example.org", "forged"),
        ("reply+test@in.example.org", "test"),
        ("", "unaddressed"),
    ],
)
def test_an_address_that_is_not_ours_is_rejected_and_remembered(arrive, mail, to, why):
    found = arrive(mail(To=to or None))
    assert isinstance(found, Rejected)
    assert (found.why, found.sender, found.subject) == (why, "maja@example.org", "Re: A whale falls")
    assert not Reply.objects.exists()


def test_a_forged_token_is_rejected(arrive, mail, message):
    assert arrive(mail(To=address_of(message, "another key"))).why == "forged"


def test_a_token_for_another_purpose_is_rejected(arrive, mail, message, settings):
    assert arrive(mail(To=address_of(message, settings.SECRET_KEY, purpose=tokens.SIGN_IN))).why == "forged"


def test_an_expired_token_is_rejected(arrive, mail):
    found = arrive(mail(), now=NOW + timedelta(days=181))
    assert (found.why, "ended on 2027-05-19" in found.reason) == ("expired", True)


def test_a_reply_to_a_deleted_issue_is_rejected(arrive, mail, message):
    made = mail()
    Issue.objects.update(edition=None)
    message.issue.delete()
    assert arrive(made).why == "gone"


def test_a_reply_to_a_cancelled_issue_is_held(arrive, mail, message):
    message.issue.status = "cancelled"
    message.issue.save()
    reply = arrive(mail())
    assert (reply.state, reply.note) == ("held", "the issue was cancelled")


def test_a_reply_of_somebody_erased_is_held(arrive, mail, message):
    made = mail()
    message.subscriber.delete()
    reply = arrive(made)
    assert (reply.state, reply.subscriber, reply.author_name) == ("held", None, "Maja")


def test_a_blocked_readers_reply_is_kept_and_hidden(arrive, mail, message):
    Muted.objects.create(key=message.subscriber.key)
    assert arrive(mail()).state == "hidden"


def test_who_got_the_mail_forwarded_is_held_with_a_note(arrive, mail):
    reply = arrive(mail(From="Ben <ben@example.org>"))
    assert reply.state == "held"
    assert "it comes from ben@example.org, not from the subscriber" in reply.note
    assert reply.author_name == "Ben"


@pytest.mark.parametrize("sender", ["", "nobody", "<>", "a@b@c"])
def test_from_that_is_no_address_is_held(arrive, mail, sender):
    assert arrive(mail(From=sender or None)).state == "held"


def test_an_answer_to_our_answer_comes_to_the_same_thread(arrive, mail, message, settings):
    top = make_reply(message.issue, subscriber=message.subscriber, message=message)
    answer = make_reply(message.issue, parent=top, via="desk", subscriber=None, state="private")
    until = NOW + timedelta(days=1)
    to = links.reply_address(ADDRESS, tokens.sign_until(answer.pk, until, settings.SECRET_KEY, tokens.THREAD))
    reply = arrive(mail("Thanks!", To=to))
    assert (reply.parent, reply.subscriber, reply.text) == (top, message.subscriber, "Thanks!")
    top.delete()
    assert arrive(mail("Once more", To=to, Message_ID="<2@phone.example.org>")).why == "gone"


# ── names and words ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_name_with_a_newline_or_markup_is_one_line_of_words(arrive, message, address):
    message.subscriber.name = ""
    message.subscriber.save()
    raw = (
        b"From: =?utf-8?q?Maja=0A=3Cscript=3Ealert=281=29=3C/script=3E?= <maja@example.org>\r\n"
        b"To: " + address.encode() + b"\r\nMessage-ID: <x@y>\r\n\r\nHi\r\n"
    )
    assert arrive(raw).author_name == "Maja <script>alert(1)</script>"


def test_a_subscribers_own_name_comes_first_and_an_address_is_none(arrive, mail, message):
    assert arrive(mail(From="Mimi <maja@example.org>")).author_name == "Maja"
    message.subscriber.name = ""
    message.subscriber.save()
    made = mail(From='"maja@example.org" <maja@example.org>', Message_ID="<2@x>")
    assert arrive(made).author_name == ""


def test_script_in_html_is_never_more_than_words(arrive, mail):
    html = "<p>Hello <b>you</b></p><script>alert(1)</script><p>&lt;img src=x&gt;</p><style>p{}</style>"
    made = mail("", html)
    reply = arrive(made)
    assert reply.text == "Hello you\n\n<img src=x>"
    assert reply.html == "<p>Hello you</p>\n<p>&lt;img src=x&gt;</p>"


def test_nothing_left_is_held_with_the_original(arrive, mail):
    reply = arrive(mail("> Hello\n> there\n"))
    assert (reply.state, reply.text) == ("held", "")
    assert "> Hello" in reply.original
    assert "nothing was left" in reply.note


def test_an_empty_mail_is_held(arrive, mail):
    reply = arrive(mail(""))
    assert (reply.state, reply.text, reply.html) == ("held", "", "")


def test_a_megabyte_of_text_is_cut_and_held(arrive, mail):
    reply = arrive(mail("word " * 200_000))
    assert len(reply.text) == 5000
    assert len(reply.original) <= 40_000
    assert (reply.state, "only the first 5000 characters are kept" in reply.note) == ("held", True)


def test_attachments_are_named_and_left_out(arrive, mail):
    made = mail("See the picture")
    for at in range(7):
        made.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename=f"whale{at}.png")
    reply = arrive(made)
    assert (reply.text, reply.state) == ("See the picture", "published")
    assert reply.note == "attachments were left out: whale0.png, whale1.png, whale2.png, whale3.png, whale4.png …"


def test_a_mail_attached_to_a_mail_is_not_read(arrive, mail):
    made = mail("My words")
    made.add_attachment(mail("Their words"))
    assert "Their words" not in arrive(made).text


NESTED = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" * 200
HEAD = b"From: maja@example.org\r\nTo: %s\r\nMessage-ID: <c@x>\r\nContent-Type: text/plain; charset=%s\r\n\r\n%s"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (b"iso-8859-1", "Schön, Größe".encode("latin-1"), "Schön, Größe"),
        (b"iso-2022-jp", "ありがとう".encode("iso-2022-jp"), "ありがとう"),
        (b"windows-1252", "“Ça”".encode("cp1252"), "“Ça”"),
        (b"utf-8", "Schön".encode("latin-1"), "Sch�n"),
        (b"no-such-charset", "Schön".encode(), "Schön"),
        (b"no-such-charset", "Schön".encode("latin-1"), "Schön"),
        (b"utf-8", b"nul\x00 and bell\x07", "nul and bell"),
        (b'"utf-8', "ok 🦜".encode(), "ok 🦜"),
    ],
)
def test_whatever_the_charset_something_is_read(arrive, address, charset, body, text):
    assert arrive(HEAD % (address.encode(), charset, body)).text == text


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\xff\xfe", b"no headers at all", b"To: x\r\nContent-Type: multipart/mixed\r\n\r\n--\r\n", NESTED,
     b"To: =?utf-8?b?////?=\r\nSubject: =?x?q?y?=\r\n\r\n", b"From: " + b"a" * 100_000 + b"\r\n\r\nx"],
)  # fmt: skip
def test_nothing_is_too_broken_to_be_recorded(arrive, raw):
    assert isinstance(arrive(raw), Rejected)


def test_hostile_text_takes_no_time(arrive, mail):
    import time

    began = time.process_time()
    for at, text in enumerate(("Am Fr schrieb " * 9000, "On Mon\n" * 9000, "<!--" * 9000, "> q\n" * 9000)):
        arrive(mail(text, Message_ID=f"<{at}@x>"))
    arrive(mail("", "<!--" * 90_000 + "<a " * 90_000, Message_ID="<h@x>"))
    assert time.process_time() - began < 5


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one(arrive, mail):
    made = mail()

    def take(_):
        try:
            return arrive(made).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(take, range(4)))) == 1
    assert Reply.objects.count() == 1


def test_an_address_that_no_newsletter_has_is_none_of_ours(arrive, mail):
    assert arrive(mail(To="other+" + "a" * 32 + "@in.example.org")).why == "unaddressed"
