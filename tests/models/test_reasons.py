"""What is common to the answers of servers is found quickly, whatever they answer."""

import time

import pytest

from newsletter.models.reasons import gist

SECONDS = 2
"""Of the processor, for what took eight and more."""


@pytest.mark.parametrize(
    "answer",
    [
        "550 <ada@example.org>: no such user",
        "550 ada+news@example.org: no such user",
        "550 <ada@b@example.org>: no such user",
    ],
)
def test_answers_that_differ_by_an_address_are_of_one_kind(answer):
    assert gist(answer) == "550 …: no such user"


def test_answers_of_endless_words_keep_nobody_waiting():
    began = time.thread_time()
    for number in range(200):
        gist(f"550 {number} {'a' * 3000}")
    assert time.thread_time() - began < SECONDS
