"""The compiled form of an edition: the same messages as `mime.build` makes, whoever reads them."""

import email
import email.policy
import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.send import compiled
from newsletter.send.compiled import Compiled, Compiler
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.mime import build
from subscribers.addresses import InvalidAddress
from tests.send.conftest import MARKER
from tests.send.test_mime import CLUSTERS, FAMILY, lines_of, parsed, part

AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
VIP = ["compare", ["const", "vip"], [["in", ["reader", "lists"]]]]
BERLIN = ["compare", ["field", "city"], [["eq", ["const", "Berlin"]]]]
CALLED = ["filter", "default", ["reader", "first_name"], [["const", "friend"]]]
LATE = [CALLED, VIP, BERLIN, ["field", "city"], ["const", "two\nlines, or\u2028three"]]
NAMES = [
    "", "Ada", ".", ".. Ada", "=41", "-- ", "Zoë Müller", "O'Hara <b>&", '"Q" \\', "سلام می\u200cخواهم", "\u200fעברית",
    FAMILY * 30, "x" * 500, "é" * 400, "two  spaces ", "a\x00b\x1b[1m\x7f\x85c\r\nBcc: eve@example.org", "\ud83d half",
    "=?utf-8?b?4pyT?=", f"{MARKER}-token-o", f"{MARKER}-quoted-name-o", "Ada\u2028Lovelace", "e" + "\u0301" * 60, "\t",
]  # fmt: skip
EMAILS = ["ada@example.org", "o'hara+x@example.org", "a@bücher.example", ".dots.@example.org", "a=b@münchen.example"]
WORDS = [
    "story", "lorem ipsum", "a = b", "100 %", " ", "  ", "\n", "\n\n", "\n.", "\n..", "\t", "\t\n", " \n", ".", "=",
    "--", "https://example.org/?a=1&b=2", "x" * 70, "x" * 900,
]  # fmt: skip
BEYOND = ["Größe", "€", FAMILY, "漢字" * 20, "\u00a0", "\x0b", "\x85", "\u2028", "x" * 1100]


def spelt(text):
    return re.sub(r"\[([a-z0-9-]+)\]", rf"{MARKER}-\1-o", text)


def edition(dice, late, beyond):
    """A subject, a page and a text of random words, holes and, where anything is asked, conditions."""
    plain = ["token", "name", "email", "reply", *(["e0", "e3", "e4"] if late else [])]
    escaped = ["token", "name-html", "email-html", *(["e0-html", "e3-html"] if late else [])]
    found = {}
    for which, names in (("subject", plain[:3]), ("html", escaped), ("text", plain)):
        words = WORDS + (BEYOND if beyond else [])
        found[which] = spelt(_side(dice, words, [f"[{name}]" for name in names], 2 if late else 0))
    found["html"] = found["html"].encode("ascii", "xmlcharrefreplace").decode()
    found["subject"] = found["subject"][: dice.choice((0, 30, 2000))] if not late else found["subject"]
    return found


def _side(dice, words, names, depth):
    text = ""
    for _ in range(dice.randrange(1, 25)):
        text += dice.choice(words if dice.random() < 0.6 else names)
        if depth and dice.random() < 0.15:
            number = dice.choice((1, 2))
            sides = [_side(dice, words, names, depth - 1) for _ in range(2)]
            text += f"[if{number}]{sides[0]}" + (f"[else{number}]{sides[1]}" if dice.random() < 0.6 else "")
            text += f"[end{number}]"
    return text


def readers(dice, many):
    for number in range(many):
        name = dice.choice(NAMES) if dice.random() < 0.7 else "".join(dice.choices(CLUSTERS, k=dice.randrange(1, 30)))
        fields = {"city": dice.choice(("Berlin", "Rome", "", ".ch", "Zürich", "y" * 499))}
        lists = frozenset({"vip"} if dice.random() < 0.5 else ())
        yield Reader(str(number), dice.choice(EMAILS), name, f"tok_{number}-x", fields, lists, reply=f"back{number}")


def unstuffed(data):
    """What a server keeps of what stands between DATA and the last dot."""
    lines = data.split(b"\r\n")
    assert not any(line.startswith(b".") and not line.startswith(b"..") for line in lines)
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)


def assert_same(got, expected):
    assert got.isascii()
    lines_of(got)
    assert got.split(b"\r\n\r\n")[0] == expected.split(b"\r\n\r\n")[0]
    ours, theirs = parsed(got), parsed(expected)
    for kind in ("plain", "html"):
        # An empty value alone on the last line leaves an empty line there, or none.
        assert part(ours, kind).rstrip("\n") == part(theirs, kind).rstrip("\n")
    for one in ours.iter_parts():
        if one["Content-Transfer-Encoding"] == "quoted-printable":
            lines = one.get_payload().split("\n")
            assert max(map(len, lines)) <= 77  # with the CR that is left
            assert not any(line.startswith(".") for line in lines)


@pytest.mark.parametrize("beyond", [False, True], ids=["ascii", "beyond"])
@pytest.mark.parametrize("late", [[], LATE], ids=["alike", "conditions"])
@pytest.mark.parametrize("seed", range(4))
def test_random_editions_for_random_readers_say_what_the_reference_says(config, late, beyond, seed):
    dice = random.Random(f"{seed} {len(late)} {beyond}")
    for _ in range(6):
        mailing = Mailing(config, "weekly", "2026-11-20", MARKER, "d" * 64, late=late, **edition(dice, late, beyond))
        plain, dotted = Compiled(mailing), Compiled(mailing, dots=True)
        for reader in readers(dice, 8):
            got = plain.message(reader, AT)
            assert_same(got, build(mailing, reader, AT))
            assert unstuffed(dotted.message(reader, AT)) == got


def the_encodings(data):
    return [one["Content-Transfer-Encoding"] for one in parsed(data).iter_parts()]


ADA = Reader("77", "ada@example.org", "Ada", "tok_1")


@pytest.mark.parametrize(
    ("name", "encodings"),
    [
        ("Ada", ["7bit", "7bit"]),
        ("Zoë", ["quoted-printable", "7bit"]),
        ("x" * 491, ["7bit", "7bit"]),
        ("&" * 492, ["7bit", "quoted-printable"]),
        ("👩" * 300, ["quoted-printable", "quoted-printable"]),
    ],
    ids=["short", "beyond ascii", "as much as fits", "too long once escaped", "both"],
)
def test_only_the_part_that_a_value_does_not_fit_is_quoted_printable(make_mailing, name, encodings):
    mailing = make_mailing(text="{name}" + "x" * 100 + "\n", html="<p>{name-html}</p>\n")
    reader = Reader("1", "a@example.org", name, "t")
    data = Compiled(mailing).message(reader, AT)
    assert the_encodings(data) == encodings
    assert_same(data, build(mailing, reader, AT))


@pytest.mark.parametrize("name", [".", "...", ".ch", ""])
def test_a_line_begins_with_no_dot_that_a_reader_brought(make_mailing, name):
    mailing = make_mailing(text="Hello\n{name}.\n{email}\n", html="<p>\n{name-html}\n</p>\n")
    data = Compiled(mailing, dots=True).message(Reader("1", "a@example.org", name, "t"), AT)
    assert not any(line.startswith(b".") for line in lines_of(data))
    assert part(parsed(data), "plain") == f"Hello\n{name}.\na@example.org\n"


def test_a_value_that_breaks_the_line_is_left_to_the_reference(config):
    late = [["const", "one\r\n.two"]]
    mailing = Mailing(config, "weekly", "s", MARKER, "d" * 64, "Hi", "<p>x</p>", spelt("[e0]\n\nend"), late)
    data = Compiled(mailing, dots=True).message(ADA, AT)
    assert unstuffed(data) == build(mailing, ADA, AT)
    assert b"\r\none\r\n..two\r\n\r\nend\r\n" in data


def test_an_impossible_address_is_refused_with_the_reason(make_mailing):
    ready = Compiled(make_mailing())
    with pytest.raises(InvalidAddress, match="not ASCII"):
        ready.message(Reader("1", "zoë@example.org", "", "t"), AT)
    assert_same(ready.message(ADA, AT), build(make_mailing(), ADA, AT))


def test_an_address_beyond_ascii_stands_as_it_is_where_the_server_takes_it(make_mailing):
    reader, mailing = Reader("1", "zoë@bücher.example", "Zoë", "t"), make_mailing()
    data = Compiled(mailing).message(reader, AT, utf8=True)
    assert data.split(b"\r\n\r\n")[0] == build(mailing, reader, AT, utf8=True).split(b"\r\n\r\n")[0]
    assert "\r\n <zoë@xn--bcher-kva.example>\r\n".encode() in data
    assert Compiled(mailing).message(ADA, AT, utf8=True).isascii()


def test_answers_and_leaving_go_by_the_readers_own_tokens(make_config, make_mailing):
    config = make_config(
        newsletters={
            "weekly": {
                "sender": {"unsubscribe_address": "out@example.org"},
                "replies": {"address": "talk@news.example.org"},
            }
        }
    )
    mailing = make_mailing(config)
    for reader in (ADA, Reader("78", "bob@example.org", "", "tok_2", reply="answer2")):
        data = Compiled(mailing).message(reader, AT)
        assert_same(data, build(mailing, reader, AT))
        message = parsed(data)
        assert message["Reply-To"] == f"talk+{reader.reply}@news.example.org"
        assert f"unsubscribe%20{reader.token}>" in message["List-Unsubscribe"]


def test_a_mail_outside_any_list_is_the_same_too(config):
    mailing = Mailing(
        config, "weekly", "notices", MARKER, "d" * 64, "Hi", "<p>x</p>", "x", listed=False, answered=False
    )
    assert_same(Compiled(mailing).message(ADA, AT), build(mailing, ADA, AT))


def test_the_date_moves_on_with_the_clock(make_mailing):
    ready = Compiled(make_mailing())
    moments = [AT, AT + timedelta(milliseconds=900), AT + timedelta(seconds=1), AT]
    found = [email.message_from_bytes(ready.message(ADA, moment))["Date"][-14:] for moment in moments]
    assert found == ["07:00:00 +0000", "07:00:00 +0000", "07:00:01 +0000", "07:00:00 +0000"]


def test_a_compiler_takes_one_mailing_after_another(make_mailing):
    first, second = make_mailing(subject="First"), make_mailing(subject="Second")
    compiler = Compiler()
    subjects = [parsed(compiler.message(mailing, ADA, AT))["Subject"] for mailing in (first, second, second, first)]
    assert subjects == ["First", "Second", "Second", "First"]


def test_no_more_texts_are_kept_than_are_remembered(config, monkeypatch):
    late = [["compare", ["field", f"f{n}"], [["eq", ["const", "1"]]]] for n in range(8)]
    text = spelt("".join(f"[if{n}]{n}[end{n}]" for n in range(8)) + " [name]")
    mailing = Mailing(config, "weekly", "s", MARKER, "d" * 64, "Hi", "<p>x</p>", text, late)
    ready = Compiled(mailing)
    for number in range(256):
        fields = {f"f{bit}": "1" for bit in range(8) if number >> bit & 1}
        reader = Reader(str(number), "a@example.org", "Ada", "t", fields)
        assert part(parsed(ready.message(reader, AT)), "plain").strip() == mailing.filled("text", reader).strip()
        assert len(ready._texts) <= compiled.REMEMBERED
