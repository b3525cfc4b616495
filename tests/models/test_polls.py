"""Polls, votes and likes: once each, and changed rather than added to."""

import pytest
from django.db import IntegrityError, transaction

from newsletter.models import Like, Poll, Vote
from newsletter.models.poll import shares
from tests.factories import make_issue, make_poll, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
TEA = ("Tea or coffee?", ("Tea", "Coffee"))
CAT = ("Cat or dog?", ("Cat", "Dog", "🦜"))


def kept(issue):
    return [(poll.number, poll.question, poll.answers) for poll in issue.polls.order_by("number")]


def test_polls_are_kept_by_number_and_replaced_until_the_issue_is_sent(now):
    issue = make_issue()
    Poll.keep(issue, {0: TEA, 1: CAT})
    assert kept(issue) == [(0, TEA[0], list(TEA[1])), (1, CAT[0], list(CAT[1]))]
    Poll.keep(issue, {0: CAT})
    assert kept(issue) == [(0, CAT[0], list(CAT[1]))]
    before = issue.polls.get().pk
    Poll.keep(issue, {0: CAT})
    assert issue.polls.get().pk == before
    issue.started_at = now
    issue.save()
    Poll.keep(issue, {0: TEA})
    assert kept(issue) == [(0, CAT[0], list(CAT[1]))]


def test_a_second_vote_takes_the_firsts_place(now):
    poll, reader = make_poll(make_sent_issue()), make_subscriber()
    poll.vote(reader, 0, now)
    poll.vote(reader, 1, now)
    assert [(bar.votes, bar.mine) for bar in poll.bars(reader)] == [(0, False), (1, True)]
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(poll=poll, subscriber=reader, answer=0, at=now)


@pytest.mark.parametrize("answer", [-1, 2, 99])
def test_an_answer_that_the_poll_does_not_have_is_refused(now, answer):
    with pytest.raises(ValueError, match="no answer"):
        make_poll(make_sent_issue()).vote(make_subscriber(), answer, now)


def test_votes_and_likes_of_the_erased_still_count(now):
    issue = make_sent_issue()
    poll = make_poll(issue)
    for _ in range(2):
        reader = make_subscriber()
        poll.vote(reader, 0, now)
        Like.keep(issue, reader, now)
        Like.keep(issue, reader, now)
        reader.delete()
    assert poll.bars()[0].votes == issue.likes.count() == 2


@pytest.mark.parametrize(
    ("votes", "expected"),
    [([], []), ([0, 0], [0, 0]), ([1, 1, 1], [34, 33, 33]), ([1, 0], [100, 0]), ([2, 1], [67, 33]), ([1] * 7, [15, 15]
     + [14] * 5), ([999, 1], [100, 0])],
)  # fmt: skip
def test_shares_are_whole_and_add_up(votes, expected):
    assert shares(votes) == expected
    assert sum(shares(votes)) in (0, 100)
