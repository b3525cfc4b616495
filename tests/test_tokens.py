"""Tokens open the door they were made for, and no other."""

import pytest

from newsletter.tokens import BadToken, read, sign


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
