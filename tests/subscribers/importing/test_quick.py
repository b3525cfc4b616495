"""The quick check of addresses says what the library says, of thousands of odd ones."""

import random

import pytest

from subscribers.addresses import InvalidAddress, normalize, on_the_wire
from subscribers.flags import flag_of
from subscribers.importing.quick import Addresses

LOCALS = [
    "ada",
    "Ada.Lovelace",
    "a+b",
    "a..b",
    ".a",
    "a.",
    "a b",
    '"a b"',
    "a@b",
    "ä",
    "-a",
    "+",
    "_",
    "a'b",
    "a!b",
    "",
]
LOCALS += ["x" * 64, "x" * 65, "x" * 300, "a.b.c", "A-Z_0", "%", "a\u200bb", "a%b", "info", "Sales+de", "a\tb", "=a"]
DOMAINS = ["example.org", "EXAMPLE.org", "example.org.", "-a.org", "a-.org", "a..org", ".org", "org", "localhost"]
DOMAINS += [
    "bücher.example",
    "xn--bcher-kva.example",
    "xn--zzzzzz.example",
    "a_b.org",
    "1.2.3.4",
    "[1.2.3.4]",
    "a.b.c.d.test",
]
DOMAINS += [
    "x" * 63 + ".org",
    "x" * 64 + ".org",
    ".".join(["x" * 60] * 4) + ".org",
    "mailinator.com",
    "example.c",
    "a.1",
]
DOMAINS += ["example.invalid", "foo.local", "straße.example", "e\u0301.example", "exam ple.org", "example,org", ""]
LETTERS = "aZ09._+-@ \"'\\()<>,;:[]!#$%&*/=?^`{|}~\tä\u200b\0"


def slowly(typed):
    """What the library itself comes to."""
    try:
        if not typed.strip():
            raise InvalidAddress("this row has no address")
        email, key = normalize(typed)
        on_the_wire(email)
    except InvalidAddress as error:
        return str(error)
    return email, key, key.rpartition("@")[2], flag_of(key)


def quickly(addresses, typed):
    try:
        return addresses.read(typed)
    except InvalidAddress as error:
        return str(error)


def odd():
    chance = random.Random(20261122)
    yield from (f"{local}@{domain}" for local in LOCALS for domain in DOMAINS)
    yield from (f" {local}@{domain}\n" for local in LOCALS[:3] for domain in DOMAINS[:3])
    for _ in range(4000):
        local = "".join(chance.choices(LETTERS, k=chance.randint(0, 8)))
        domain = "".join(chance.choices("aZ0.-ü", k=chance.randint(0, 7))) + chance.choice([".org", ".test", "", ".x"])
        yield local + "@" + domain


def told_apart(verdict):
    return verdict if isinstance(verdict, tuple) else "refused"


def test_the_verdict_is_the_librarys_whether_its_domain_was_met_before_or_not():
    warm, wrong, good = Addresses(), [], 0
    for typed in odd():
        expected = slowly(typed)
        good += isinstance(expected, tuple)
        for addresses in (Addresses(), warm, warm):
            if told_apart(quickly(addresses, typed)) != told_apart(expected):
                wrong.append((typed, quickly(addresses, typed), expected))
    assert wrong == []
    assert good > 300


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("nobody", "@-sign"),
        ("", "this row has no address"),
        ("ada@localhost", "period"),
        ("ada@example..org", "period"),
        ("x" * 300 + "@example.org", "too long"),
        ("münchen@example.org", "“münchen” before the @: it is not ASCII"),
        ('"ada lovelace"@example.org', "Quoting the part before the @-sign is not allowed"),
        ("ada@example.org.", "period"),
    ],
)
def test_what_is_refused_says_why(typed, reason):
    assert reason in quickly(Addresses(), typed)


def test_a_file_of_nothing_but_different_domains_does_not_fill_the_memory():
    addresses = Addresses(most=50)
    for number in range(60):
        assert addresses.read(f"ada@d{number}.example.org")[2] == f"d{number}.example.org"
    assert len(addresses._domains) == 10
