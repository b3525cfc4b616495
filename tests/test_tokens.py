"""Tokens open the door they were made for, and no other."""

from datetime import timedelta

import pytest

from newsletter import tokens
from newsletter.tokens import BadToken, read, sign

KEY = "a key for tests alone"


def test_a_token_gives_back_its_number():
    assert read(sign(2**40 + 7, "key"), ["key"]) == 2**40 + 7


def test_a_token_of_an_earlier_key_is_read_while_that_key_is_listed():
    token = sign(5, "old")
    assert read(token, ["new", "old"]) == 5
    with pytest.raises(BadToken):
        read(token, ["new"])


def test_a_token_for_one_purpose_opens_no_other():
    with pytest.raises(BadToken):
        read(sign(5, "key", purpose="erase"), ["key"])


@pytest.mark.parametrize("cut", [1, 5, 26])
def test_a_token_cut_short_is_refused(cut):
    with pytest.raises(BadToken):
        read(sign(5, "key")[:-cut], ["key"])


def test_every_single_changed_character_is_noticed():
    token = sign(123456, "key")
    for index, letter in enumerate(token):
        forged = token[:index] + ("A" if letter != "A" else "B") + token[index + 1 :]
        with pytest.raises(BadToken):
            read(forged, ["key"])


@pytest.mark.parametrize("text", ["", "ü", "a b", "%%%", "A" * 5000, "AAAA=", "\n"])
def test_text_that_is_no_token_is_refused(text):
    with pytest.raises(BadToken):
        read(text, ["key"])


def test_white_space_around_a_token_makes_it_another_spelling():
    with pytest.raises(BadToken):
        read(sign(5, "key") + "\n", ["key"])


def test_a_token_that_ends_is_read_in_any_case_until_it_ends(now):
    token = tokens.sign_until(41, now, KEY, tokens.REPLY)
    assert (len(token), token.lower()) == (32, token)
    for spelling in (token, token.upper(), token.title()):
        assert tokens.read_until(spelling, [KEY], tokens.REPLY, now) == 41
    with pytest.raises(tokens.Expired):
        tokens.read_until(token, [KEY], tokens.REPLY, now + timedelta(seconds=1))


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1], lambda t: "b" + t[1:], lambda t: t + "a", lambda t: "", lambda t: "ü" * 32, lambda t: "1" * 32],
)
def test_a_changed_token_that_ends_is_none(now, change):
    token = tokens.sign_until(41, now, KEY, tokens.REPLY)
    with pytest.raises(tokens.BadToken):
        tokens.read_until(change(token), [KEY], tokens.REPLY, now)


def test_a_token_that_ends_opens_one_door_and_knows_earlier_keys(now):
    token = tokens.sign_until(41, now, KEY, tokens.REPLY)
    assert tokens.read_until(token, ["another key, of today", KEY], tokens.REPLY, now) == 41
    for purpose in (tokens.THREAD, tokens.SIGN_IN, tokens.SIGNED_IN):
        with pytest.raises(tokens.BadToken):
            tokens.read_until(token, [KEY], purpose, now)
