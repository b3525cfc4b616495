"""Addresses: two spellings of one mailbox meet, and what cannot be written to is refused with a reason."""

import pytest

from subscribers.addresses import InvalidAddress, normalize, on_the_wire


@pytest.mark.parametrize(
    ("typed", "email", "key"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org"),
        ("  Ada@Example.ORG\n", "Ada@example.org", "ada@example.org"),
        ("ada+News@example.org", "ada+News@example.org", "ada+news@example.org"),
        ("ada@bücher.example.org", "ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("ada@xn--bcher-kva.example.org", "ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("ada@BÜCHER.example.org", "ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("ada@bu\u0308cher.example.org", "ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("zoë@example.org", "zoë@example.org", "zoë@example.org"),
        ("ZOE\u0308@example.org", "ZOË@example.org", "zoë@example.org"),
        ("o'hara@example.org", "o'hara@example.org", "o'hara@example.org"),
        ("reader@mail.test", "reader@mail.test", "reader@mail.test"),
    ],
)
def test_an_address_is_kept_as_typed_and_compared_by_its_key(typed, email, key):
    assert normalize(typed) == (email, key)
    assert normalize(email) == (email, key)


@pytest.mark.parametrize(
    "typed",
    [
        "", "@", "ada", "ada@", "@example.org", "a b@example.org", "ada@exa mple.org", "ada@@example.org",
        "ada@example.org.", "ada.@example.org", ".ada@example.org", "a..da@example.org", "ada@example..org",
        '"ada"@example.org', '"a b"@example.org', "Ada <ada@example.org>", "<ada@example.org>", "ada@localhost",
        "ada@[127.0.0.1]", "ada@-bad-.org", "ada@example.org, bob@example.org", "ada@example.org\nBcc: eve@example.org",
        "ada\0@example.org", "a" * 300 + "@example.org", "ada@" + "e" * 300 + ".org", "ada@" + "e" * 64 + ".org",
    ],
)  # fmt: skip
def test_what_mail_cannot_be_sent_to_is_refused_with_a_reason(typed):
    with pytest.raises(InvalidAddress) as refused:
        normalize(typed)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("email", "wire"),
    [
        ("Ada+x@example.org", "Ada+x@example.org"),
        ("ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("ada@BÜCHER.example.org", "ada@xn--bcher-kva.example.org"),
        ("ada@straße.example.org", "ada@xn--strae-oqa.example.org"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_on_the_wire_a_domain_is_ascii(email, wire):
    assert on_the_wire(email) == wire


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("zoë@example.org", "not ASCII"),
        ("ada@-ü-.org", "is not a domain"),
        ("ada@ü..org", "is not a domain"),
        ("ada@example.org\r\nBcc: eve@example.org", "is not an address"),
        ("ada", "is not an address"),
    ],
)
def test_what_has_no_form_on_the_wire_is_refused_with_the_reason(email, reason):
    with pytest.raises(InvalidAddress, match=reason):
        on_the_wire(email)
