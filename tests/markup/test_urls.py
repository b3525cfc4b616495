"""Addresses: which are the same, and how they are shown."""

import pytest

from newsletter.markup.urls import absolute, canonical, key


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("HTTPS://Example.ORG:443/Path?utm_source=a&id=1&fbclid=x#part", "https://example.org/Path?id=1"),
        ("https://example.org/?gclid=1&mc_cid=2&mc_eid=3&igshid=4&ref_src=5&UTM_Campaign=6", "https://example.org/"),
        ("https://example.org/#!/story", "https://example.org/#!/story"),
        ("https://example.org/100%/a%2Fb?q=50%25", "https://example.org/100%25/a%2Fb?q=50%25"),
        ("https://müller.example/ä?ö=ü", "https://xn--mller-kva.example/%C3%A4?%C3%B6=%C3%BC"),
        ("https://i❤.example/🎉", "https://xn--i-7iq.example/%F0%9F%8E%89"),
        ("https://example.org/a?b=1&a=2&a=1", "https://example.org/a?b=1&a=2&a=1"),
        ("https://example.org/a?flag", "https://example.org/a?flag"),
        (" https://example.org/a b ", "https://example.org/a%20b"),
        ("http://[2606:4700::1]:8080/x", "http://[2606:4700::1]:8080/x"),
    ],
)
def test_the_shown_address(url: str, shown: str) -> None:
    assert canonical(url) == shown
    assert canonical(shown) == shown


@pytest.mark.parametrize(
    "url", ["", "x", "/x", "mailto:a@b.c", "javascript:x", "https://", "http://[x", "https://a\x00b/", "urn:isbn:1"]
)
def test_what_is_no_web_address(url: str) -> None:
    assert canonical(url) == ""


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a?x=1&y=2",
        "https://www.example.org/a?x=1&y=2",
        "https://example.org/a/?x=1&y=2",
        "https://example.org/a?y=2&x=1",
        "https://EXAMPLE.org:443/a?y=2&x=1&utm_medium=mail#top",
    ],
)
def test_spellings_of_one_address_have_one_key(other: str) -> None:
    assert key(canonical(other)) == key("https://example.org/a?x=1&y=2")


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/A",
        "https://example.org/a?x=1",
        "https://example.org:8443/a",
        "https://m.example.org/a",
        "https://example.org/#!/a",
    ],
)
def test_other_addresses_have_other_keys(other: str) -> None:
    assert key(canonical(other)) != key("https://example.org/a")


def test_what_cannot_be_joined_is_no_address() -> None:
    assert absolute("https://example.org/", "http://[bad") == ""
    assert absolute("https://example.org/", " ") == ""
    assert absolute("", "relative") == ""
