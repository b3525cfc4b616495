"""The bytes of a message: every header as written here, every reader's own words in their places."""

import email
import email.policy
import random
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.mime import address, build, unstructured
from subscribers.addresses import InvalidAddress
from tests.send.conftest import MARKER

AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
ADA = Reader("77", "ada@example.org", "Ada", "tok_1")
FAMILY, FLAG, SCOTLAND = "👩‍👩‍👧‍👦", "🇳🇵", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"
CLUSTERS = [
    *"abc XYZ 09 ,.:;?!_=()<>\"'\\ ", *"éñßø", "e\u0301", "o\u0302\u0323", "\u00a0", "\u2009", "\u3000",
    "😀", "❤️", "👍🏽", FAMILY, FLAG, SCOTLAND, "1️⃣", "🧑🏿‍🚀",
    *"سلام", "لا", "می\u200cخوا", "\u200f", "क्षि", "न्\u200dय", "த்ரீ", "한", "\u1112\u1161\u11ab", "漢",
    "=?", "?=", "=?utf-8?",
]  # fmt: skip


def parsed(data: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def lines_of(data: bytes) -> list[bytes]:
    assert data.endswith(b"\r\n")
    lines = data[:-2].split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    return lines


def part(message, kind: str) -> str:
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


def test_the_headers_byte_by_byte(make_config, make_mailing):
    config = make_config(
        site={"url": "https://news.example.org"},
        newsletters={"weekly": {"sender": {"reply_to": "desk@example.org", "unsubscribe_address": "out@example.org"}}},
    )
    head = build(make_mailing(config), ADA, AT).split(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert head == [
        "Date: Fri, 20 Nov 2026 07:00:00 +0000",
        "From: The Weekly <weekly@news.example.org>",
        "To: Ada <ada@example.org>",
        "Reply-To: desk@example.org",
        "Subject: Hello",
        "Message-ID: <77.weekly.2026-11-20@news.example.org>",
        "List-Unsubscribe: <https://news.example.org/u/tok_1>, <mailto:out@example.org?subject=unsubscribe%20tok_1>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Id: <weekly.news.example.org>",
        "Feedback-ID: weekly-2026-11-20:weekly:newsletter:news-example-org",
        "Precedence: bulk",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="=_{"d" * 32}"',
    ]


def test_a_long_unsubscribe_address_stays_on_one_line_as_it_is(make_config, make_mailing):
    url = "https://news.example.org/" + "a-long-path/" * 15
    data = build(make_mailing(make_config(site={"url": url})), ADA, AT)
    expected = f"List-Unsubscribe: <{url}u/tok_1>"
    assert len(expected) > 200
    assert expected.encode() in lines_of(data)


def test_the_unsubscribe_mailbox_may_have_an_international_domain(make_config, make_mailing):
    config = make_config(newsletters={"weekly": {"sender": {"unsubscribe_address": "a%b+c@bücher.example.org"}}})
    data = build(make_mailing(config), ADA, AT)
    assert b"<mailto:a%25b+c@xn--bcher-kva.example.org?subject=unsubscribe%20tok_1>" in data


def test_three_thousand_subjects_come_through_whole():
    dice = random.Random(20261120)
    for _ in range(3000):
        text = "".join(dice.choices(CLUSTERS, k=dice.randrange(1, 60)))
        expected = " ".join(filter(None, text.split(" ")))
        header = f"Subject: {unstructured('Subject', text)}"
        assert header.isascii()
        assert max(map(len, header.split("\r\n"))) <= 78
        assert not any("=?" in line and len(line) > 76 for line in header.split("\r\n"))
        message = parsed(header.encode() + b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
        assert message["Subject"] == expected


@pytest.mark.parametrize("cluster", [FAMILY, SCOTLAND, "न्\u200dय", "e\u0301"])
def test_a_grapheme_is_never_cut_in_two_by_encoded_words(cluster):
    words = unstructured("Subject", cluster * 20).split("\r\n ")
    assert len(words) > 1
    for word in words:
        text = str(make_header(decode_header(word)))
        assert text == cluster * (len(text) // len(cluster))


def test_a_grapheme_too_long_for_one_word_is_cut_between_characters():
    endless = "e" + "\u0301" * 100
    assert str(make_header(decode_header(unstructured("Subject", endless)))) == endless


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Two\r\nBcc: eve@example.org", "Two Bcc: eve@example.org"),
        ("bell\a and\0 nul\x85next\u2028line", "bell and nul next line"),
        ("  a   b  ", "a b"),
        ("", ""),
    ],
)
def test_a_subject_is_one_line(text, plain):
    assert unstructured("Subject", text).replace("\r\n ", "") == plain or "=?" in unstructured("Subject", text)
    assert parsed(f"Subject: {unstructured('Subject', text)}\r\n\r\n".encode())["Subject"] == plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada", "Ada <a@example.org>"),
        ("", "a@example.org"),
        (" \t\n ", "a@example.org"),
        ("Byron, Ada", '"Byron, Ada" <a@example.org>'),
        ("J. Doe", '"J. Doe" <a@example.org>'),
        ('The "Countess" \\', '"The \\"Countess\\" \\\\" <a@example.org>'),
        ("Ada\r\nBcc: eve@example.org", '"Ada Bcc: eve@example.org" <a@example.org>'),
        ("=?utf-8?b?4pyT?=", "=?utf-8?b?PT91dGYtOD9iPzRweVQ/PQ==?=\r\n <a@example.org>"),
    ],
)
def test_a_name_is_shown_as_it_is_or_quoted(name, shown):
    assert address(name, "a@example.org") == shown


@pytest.mark.parametrize(
    "name",
    [
        "Ada", "Byron, Ada", 'The "Countess" \\', "=?utf-8?q?=41?=", "Zoë Müller-Lüdenscheidt", "अदिति न्\u200dयायाधीश",
        "سلام می\u200cخواهم", f"News {FAMILY} {FLAG}", "a <b@c>", "(comment)", "x" * 200, "naïve " * 30, "A; B: C",
    ],
)  # fmt: skip
def test_a_name_comes_through_whole(name):
    header = f"To: {address(name, 'a@example.org')}"
    assert header.isascii()
    assert [one.addr_spec for one in parsed(f"{header}\r\n\r\n".encode())["To"].addresses] == ["a@example.org"]
    # Python 3.11's newer parser puts a space between two encoded words of a name, against RFC 2047; its older does not.
    phrase, _ = parseaddr(header.removeprefix("To: ").replace("\r\n", ""))
    assert str(make_header(decode_header(phrase))) == name.strip()


def test_a_domain_is_written_in_ascii_and_a_local_part_that_cannot_be_is_refused_with_the_reason():
    assert address("", "ada@bücher.example") == "ada@xn--bcher-kva.example"
    with pytest.raises(InvalidAddress, match="“zoë” before the @: it is not ASCII"):
        address("Zoë", "zoë@example.org")


@pytest.mark.parametrize(
    "bad", ["a@example.org\r\nBcc: eve@example.org", "a b@example.org", "<a@example.org>", "a", "@b", "a@"]
)
def test_what_could_end_a_header_early_is_no_address(bad):
    with pytest.raises(InvalidAddress, match="is not an address"):
        address("", bad)


def test_holes_are_filled_plainly_in_the_text_and_escaped_in_the_page(make_mailing):
    reader = Reader("78", "o'hara+x@example.org", 'Zoë <b>& "Ada"', "tok")
    data = build(make_mailing(subject=f"For you, {{name}} {FAMILY}"), reader, AT)
    message = parsed(data)
    lines_of(data)
    assert message["Subject"] == f'For you, Zoë <b>& "Ada" {FAMILY}'
    assert part(message, "plain").startswith('Dear Zoë <b>& "Ada",\n\nall is well.\n.a line')
    page = part(message, "html")
    assert "<p>Dear Zo&#235; &lt;b&gt;&amp; &quot;Ada&quot;,</p>\n" in page
    assert "o&#x27;hara+x@example.org" in page
    assert page.isascii()
    assert MARKER not in str(message)


def test_what_a_reader_is_called_cannot_open_another_hole(make_mailing):
    data = build(make_mailing(), Reader("79", "eve@example.org", f"{MARKER}-token-o", "secret-token"), AT)
    assert part(parsed(data), "plain").startswith(f"Dear {MARKER}-token-o,")


def encodings(data: bytes) -> list[tuple[str, str, str]]:
    return [
        (one.get_content_type(), one.get_content_charset(), one["Content-Transfer-Encoding"])
        for one in parsed(data).iter_parts()
    ]


def test_short_ascii_lines_travel_as_they_are(make_mailing):
    data = build(make_mailing(), ADA, AT)
    lines_of(data)
    assert encodings(data) == [("text/plain", "us-ascii", "7bit"), ("text/html", "us-ascii", "7bit")]


def test_text_beyond_ascii_travels_quoted_printable_and_comes_through_whole(make_mailing):
    text = "Größe = 3 €  \n" + FAMILY * 100 + "\n.\nFrom here\n\ttabs \n" + "x" * 3000 + "\n"
    data = build(make_mailing(text=text), ADA, AT)
    lines_of(data)
    assert encodings(data)[0] == ("text/plain", "utf-8", "quoted-printable")
    assert part(parsed(data), "plain") == text


def test_a_line_longer_than_mail_allows_travels_quoted_printable(make_mailing):
    fits, too_long = "<p>" + "x" * 995, "<p>" + "x" * 996
    assert encodings(build(make_mailing(html=fits), ADA, AT))[1][2] == "7bit"
    data = build(make_mailing(html=too_long), ADA, AT)
    lines_of(data)
    assert encodings(data)[1] == ("text/html", "utf-8", "quoted-printable")
    assert part(parsed(data), "html") == f"{too_long}\n"


def test_a_name_that_makes_a_line_too_long_is_noticed_after_it_is_filled_in(make_mailing):
    data = build(make_mailing(html="<p>{name-html}" + "x" * 950), Reader("80", "a@example.org", "y" * 100, "t"), AT)
    lines_of(data)
    assert encodings(data)[1][2] == "quoted-printable"


def test_one_alternative_after_the_other_the_plain_one_first(make_mailing):
    message = parsed(build(make_mailing(), ADA, AT))
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
