"""Delivery reports, of many makers: what happened to the reader's message, and to no other."""

from datetime import timedelta

import pytest

from newsletter import tokens
from newsletter.models import Event, Message, Rejected, Reply
from subscribers.models import Subscriber
from tests.factories import NOW, make_message, make_subscriber
from tests.track.mail import samples
from tests.track.mail.conftest import BOUNCES, REPLIES, events, kinds

pytestmark = pytest.mark.django_db

MAKERS = {
    "postfix": (samples.postfix, "bounced", "550 5.1.1"),
    "exchange": (samples.exchange, "bounced", "550 5.1.10 RESOLVER"),
    "outlook.com": (samples.outlook_com, "blocked", "550 5.7.1 Unfortunately"),
    "gmail": (samples.gmail, "soft_bounced", "552-5.2.2"),
    "exim": (samples.exim, "bounced", "5.1.1"),
    "qmail": (samples.qmail, "bounced", "Sorry, no mailbox here by that name. (#5.1.1)"),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_bounce_of_any_maker_is_known_by_the_address_it_came_to(arrive, back, message, maker):
    make, kind, words = MAKERS[maker]
    row = arrive(make(back))
    (event,) = Event.objects.all()
    assert (event.kind, event.message, event.source, event.at) == (kind, message, "mail", NOW)
    assert words in event.detail
    assert "maja@example.org" not in event.detail
    assert (row.fault, row.events) == ("", 1)


def test_what_it_says_becomes_of_the_message_is_recorded_there(arrive, back, message):
    arrive(samples.postfix(back))
    message.refresh_from_db()
    assert message.state == Message.State.BOUNCED
    assert "5.1.1" in message.reason


@pytest.mark.parametrize("maker", ["postfix", "exchange", "gmail"])
def test_without_that_address_the_headers_it_returns_say_whose_it_is(arrive, message, way_out, maker):
    make, kind, _ = MAKERS[maker]
    arrive(make(BOUNCES, returned=samples.original(message.pk, way_out(message))))
    assert kinds() == [kind]


def test_the_return_path_in_what_it_returns_is_enough(arrive, message, back):
    arrive(samples.postfix("postmaster@example.org", returned=samples.original(message.pk, sender=back)))
    assert kinds() == ["bounced"]


def test_whatever_case_a_server_makes_of_the_address_it_is_known(arrive, message, back):
    arrive(samples.postfix(back.upper()))
    arrive(samples.postfix("undisclosed", message_id="<2@x>"), to=back.swapcase())
    assert kinds() == ["bounced", "bounced"]


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [("delayed", "4.4.1", "deferred"), ("delivered", "2.0.0", "delivered"), ("relayed", "2.0.0", "accepted"),
     ("expanded", "2.0.0", "delivered"), ("failed", "4.4.7", "soft_bounced")],
)  # fmt: skip
def test_a_report_may_tell_of_other_things_than_failure(arrive, back, action, status, kind):
    arrive(samples.dsn(back, f"Final-Recipient: rfc822; maja@example.org\nAction: {action}\nStatus: {status}"))
    assert kinds() == [kind]


def test_of_several_recipients_only_the_reader_counts(arrive, back):
    fields = """
        Final-Recipient: rfc822; somebody@example.org
        Action: failed
        Status: 5.1.1

        Original-Recipient: rfc822; maja@example.org
        Final-Recipient: rfc822; <Maja@Example.ORG>
        Action: delayed
        Status: 4.2.2

        Final-Recipient: rfc822; another@example.org
        Action: failed
        Status: 5.7.1
    """
    arrive(samples.dsn(back, fields))
    assert kinds() == ["deferred"]


def test_where_it_was_forwarded_to_nothing_is_for_good(arrive, back, message):
    row = arrive(samples.postfix(back, reader="old-friend@elsewhere.example"))
    assert events()[0].kind == "soft_bounced"
    assert events()[0].detail.startswith("where it was forwarded to: 550 5.1.1 <(address)>")
    assert row.fault == ""


def test_an_original_recipient_does_not_make_a_forwarded_mail_the_readers_own(arrive, back):
    fields = """
        Original-Recipient: rfc822; maja@example.org
        Final-Recipient: rfc822; friend@elsewhere.example
        Action: failed
        Status: 5.1.1
    """
    arrive(samples.dsn(back, fields))
    assert kinds() == ["soft_bounced"]


@pytest.mark.parametrize("final", ["maja@mail.example.org", "MAJA@example.org", "maja@sub.mail.example.org"])
def test_a_server_may_know_the_mailbox_by_another_name_of_its_domain(arrive, back, final):
    arrive(samples.postfix(back, reader=final))
    assert kinds() == ["bounced"]


def test_the_same_report_twice_is_one_event(arrive, back):
    first, second = arrive(samples.postfix(back)), arrive(samples.postfix(back), to=back)
    assert kinds() == ["bounced"]
    assert (first.taken, second.taken, second.fault) == (1, 0, "")


def test_two_reports_of_one_message_are_two_events(arrive, back):
    arrive(samples.postfix(back, code="4.4.7", message_id="<1@x>"))
    arrive(samples.postfix(back, code="4.4.7", message_id="<2@x>"))
    assert kinds() == ["soft_bounced"] * 2


def test_a_server_may_know_a_mailbox_without_its_tag(arrive, bounce_address):
    message = make_message(subscriber=make_subscriber("ida+news@example.org"))
    arrive(samples.postfix(bounce_address(message), reader="ida@example.org"))
    assert kinds() == ["bounced"]


@pytest.mark.parametrize("final", ["maja@xample.org", "aja@example.org", "maja+x@example.org", "maja@org"])
def test_another_mailbox_is_not_the_readers(arrive, back, message, final):
    arrive(samples.postfix(back, reader=final))
    assert kinds() == ["soft_bounced"]


# ── what must do nothing ─────────────────────────────────────────────────────────────────────────────────────────────


def nothing_happened(row, reason):
    assert (events(), row.events) == ([], 0)
    assert reason in row.fault
    assert row.data
    assert not Message.objects.exclude(state=Message.State.SUBMITTED).exists()


def test_a_forged_address_does_nothing_even_if_all_else_is_right(arrive, message, bounce_address, way_out):
    forged = bounce_address(message, key="somebody else's key")
    row = arrive(samples.postfix(forged, returned=samples.original(message.pk, way_out(message))))
    nothing_happened(row, "of the address it came to: this token was not signed here")


def test_an_address_that_has_ended_does_nothing(arrive, message, bounce_address, way_out):
    ended = bounce_address(message, until=NOW - timedelta(seconds=1))
    row = arrive(samples.postfix(ended, returned=samples.original(message.pk, way_out(message))))
    nothing_happened(row, "this token ended on 2026-11-20")


@pytest.mark.parametrize("purpose", [tokens.REPLY, tokens.THREAD, tokens.MESSAGE])
def test_a_token_for_another_purpose_does_nothing(arrive, message, bounce_address, purpose):
    nothing_happened(arrive(samples.postfix(bounce_address(message, purpose=purpose))), "not signed here")


def test_a_message_id_alone_does_nothing_but_staff_are_told(arrive, message):
    row = arrive(samples.postfix(BOUNCES, returned=samples.original(message.pk)))
    nothing_happened(row, f"it names the message {message.pk}, and bears nothing that we signed")


def test_a_report_that_says_nothing_of_the_message_does_nothing(arrive, message):
    nothing_happened(arrive(samples.postfix(BOUNCES)), "nothing in it that we signed")


def test_headers_that_contradict_each_other_do_nothing(arrive, message, way_out):
    other = make_message()
    row = arrive(samples.postfix(BOUNCES, returned=samples.original(other.pk, way_out(message))))
    nothing_happened(row, "nothing that we signed")


def test_a_report_that_quotes_an_address_in_its_words_does_nothing(arrive, message, back, way_out):
    words = f"Sent to {back}, List-Unsubscribe: <{way_out(message)}>"
    row = arrive(samples.dsn(BOUNCES, "Final-Recipient: rfc822; maja@example.org\nAction: failed\nStatus: 5.1.1",
                             words=words))  # fmt: skip
    nothing_happened(row, "nothing in it that we signed")


def test_what_the_body_of_the_original_quotes_does_nothing(arrive, message, back, way_out):
    returned = f"{samples.original(message.pk)}\nReturn-Path: <{back}>\nList-Unsubscribe: <{way_out(message)}>\n"
    row = arrive(samples.postfix(BOUNCES, returned=returned, returned_as="message/rfc822"))
    nothing_happened(row, "bears nothing that we signed")


def test_a_report_forwarded_by_a_person_does_nothing(arrive, message, back, way_out):
    inner = samples.postfix(back, returned=samples.original(message.pk, way_out(message)))
    outer = (
        f"From: Ida <ida@example.org>\nTo: {BOUNCES}\nSubject: Fwd: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="=_o"\n\n--=_o\nContent-Type: text/plain\n\nWhat is this?\n'
        "--=_o\nContent-Type: message/rfc822\n\n"
    ).encode() + inner + b"\n--=_o--\n"  # fmt: skip
    nothing_happened(arrive(outer), "a report lies in it as an attachment")


def test_a_report_at_the_reply_address_needs_what_it_returns(arrive, message, settings, way_out):
    token = tokens.sign_until(message.pk, NOW + timedelta(days=1), settings.SECRET_KEY, tokens.REPLY)
    to = REPLIES.replace("@", f"+{token}@")
    nothing_happened(arrive(samples.postfix(to)), "nothing in it that we signed")
    arrive(samples.postfix(to, returned=samples.original(message.pk, way_out(message)), message_id="<2@x>"))
    assert kinds() == ["bounced"]


def test_a_message_that_was_deleted_with_its_issue_is_told_to_staff(arrive, message, back):
    number = message.pk
    Message.objects.all().delete()
    row = arrive(samples.postfix(back))
    assert (events(), row.fault) == ([], f"the message {number}, which it is about, has been deleted with its issue")


def test_of_somebody_erased_nothing_is_kept(arrive, message, back):
    Subscriber.objects.all().delete()
    row = arrive(samples.postfix(back))
    assert (events(), row.fault, row.data) == ([], "", b"")
    assert row.done_at


def test_a_report_of_a_service_mail_is_about_no_message(arrive, message):
    returned = samples.original(message.pk).replace(f"<{message.pk}.weekly.2026", "<notice-4.weekly.2026")
    row = arrive(samples.postfix(BOUNCES, returned=returned))
    assert (events(), row.fault) == ([], "")


def test_a_receipt_is_no_bounce(arrive, back):
    fields = "Final-Recipient: rfc822; maja@example.org\nDisposition: manual-action/MDN-sent-manually; displayed"
    row = arrive(samples.dsn(back, fields, kind="message/disposition-notification"))
    assert (events(), row.fault) == ([], "")


# ── broken in many ways ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_in_iso_2022_jp(arrive, back):
    said = "550 5.1.1 宛先が存在しません".encode("iso2022_jp").decode("ascii")
    row = arrive(samples.postfix(back, said=said, words="メールを配信できませんでした。", charset="iso2022_jp"))
    assert (kinds(), row.fault) == (["bounced"], "")
    assert events()[0].detail == "550 5.1.1 宛先が存在しません"


def test_without_a_status_the_other_servers_words_count(arrive, back):
    fields = "Final-Recipient: rfc822; maja@example.org\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.1 no"
    arrive(samples.dsn(back, fields))
    assert kinds() == ["bounced"]


def test_without_status_or_words_it_is_no_failure_for_good(arrive, back):
    arrive(samples.dsn(back, "Final-Recipient: rfc822; maja@example.org\nAction: failed"))
    assert events() == [("soft_bounced", "unclear")]


def test_a_report_that_says_nothing_of_anybody_is_kept(arrive, back, message):
    nothing_happened(arrive(samples.dsn(back, "X-Nothing: of use")), "says of no recipient")


@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_fields_that_are_encoded_against_the_rules_are_read(arrive, back, coding):
    import base64

    fields = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; maja@example.org\nAction: failed\nStatus: 5.1.1\n"
    coded = base64.encodebytes(fields.encode()).decode() if coding == "base64" else fields.replace("5.1.1", "5=2E1.1")
    whole = samples.dsn(back, "X: y", reporting="HERE").replace(b"\n\nHERE\n\nX: y\n", f"\n\n{coded}\n".encode())
    whole = whole.replace(
        b"message/delivery-status\n", f"message/delivery-status\nContent-Transfer-Encoding: {coding}\n".encode()
    )
    arrive(whole)
    assert kinds() == ["bounced"]


def test_a_report_with_addresses_beyond_ascii_is_read(arrive, back):
    fields = "Final-Recipient: utf-8; maja@example.org\nAction: failed\nStatus: 5.1.1"
    arrive(samples.dsn(back, fields, kind="message/global-delivery-status"))
    assert kinds() == ["bounced"]


def test_a_footer_that_a_gateway_puts_around_it_changes_nothing(arrive, back):
    head, _, body = samples.postfix(back).partition(b"\n\n")
    head, kind = head.split(b"\nContent-Type: ")
    around = b'%b\nContent-Type: multipart/mixed; boundary="=_g"\n\n--=_g\nContent-Type: %b\n\n%b\n'
    arrive(around % (head, kind, body) + b"--=_g\n\nBe careful!\n--=_g--\n")
    assert kinds() == ["bounced"]


@pytest.mark.parametrize("at", range(0, 1400, 100))
def test_a_mail_that_breaks_off_anywhere_is_understood_or_kept(arrive, back, at):
    row = arrive(samples.postfix(back)[:at], to=back)
    assert row.done_at
    assert set(kinds()) <= {"bounced", "soft_bounced"}
    assert kinds() or row.fault or told_elsewhere()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"maja", b"ma\0ja"),
        lambda data: data.replace(b"us-ascii", b"no-such-charset"),
        lambda data: data.replace(b"us-ascii", b"utf-16"),
        lambda data: data.replace(b"Your", b"\xff\xfe\x80"),
        lambda data: data.replace(b"5.1.1", b"5.1.1\xff"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: data.replace(b"--=_r", b"--=_q"),
        lambda data: b"\0" * 10_000 + data,
        lambda data: b"",
    ],
)
def test_a_mail_that_is_damaged_is_understood_or_kept(arrive, back, message, damage):
    row = arrive(damage(samples.postfix(back)), to=back)
    assert row.done_at
    assert kinds() in ([], ["bounced"], ["soft_bounced"])
    assert kinds() or row.fault or told_elsewhere()


def told_elsewhere():
    """Whether it is shown as something that a person may have written, for want of any mark of a program."""
    return Reply.objects.filter(state=Reply.State.HELD).exists() or Rejected.objects.exists()


def test_other_readers_of_the_issue_are_left_alone(arrive, back, message):
    other = make_message(issue=message.issue, subscriber=make_subscriber("ida@example.org"))
    arrive(samples.postfix(back, reader="ida@example.org"))
    other.refresh_from_db()
    assert other.state == Message.State.SUBMITTED
