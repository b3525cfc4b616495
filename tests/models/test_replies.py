"""Replies, blocked readers, turns and mailbox marks: guarded by the stored row, whoever holds a copy."""

from datetime import timedelta

import pytest

from newsletter.models import MailboxMark, Muted, Reply, SignIn, Turn
from newsletter.models.sign_in import STAY
from tests.factories import NOW, make_issue, make_reply, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
State = Reply.State


def state_of(reply):
    reply.refresh_from_db()
    return reply.state


def test_approving_and_hiding_undo_each_other(now):
    reply = make_reply(state=State.HELD, published_at=None)
    one = Reply.objects.filter(pk=reply.pk)
    assert (Reply.move(one, State.PUBLISHED, now), state_of(reply), reply.published_at) == (1, "published", now)
    assert (Reply.move(one, State.HIDDEN, now), state_of(reply)) == (1, "hidden")
    assert (Reply.move(one, State.PUBLISHED, now), state_of(reply)) == (1, "published")


@pytest.mark.parametrize(("state", "wish"), [("published", "published"), ("private", "published"),
                                             ("unconfirmed", "published"), ("hidden", "hidden")])  # fmt: skip
def test_a_move_that_the_stored_state_does_not_allow_moves_nothing(now, state, wish):
    reply = make_reply(state=state)
    assert Reply.move(Reply.objects.filter(pk=reply.pk), State(wish), now) == 0
    assert state_of(reply) == state


def test_the_same_key_is_the_same_reply():
    first = make_reply()
    again, made = Reply.take(first.key, issue=first.issue, text="other", via="mail", state="held", received_at=NOW)
    assert (again.pk, made, again.text) == (first.pk, False, first.text)


@pytest.mark.parametrize(
    ("moderation", "known", "state"),
    [("all", True, "held"), ("first", False, "held"), ("first", True, "published"), ("none", False, "published")],
)
def test_where_a_new_reply_begins(moderation, known, state):
    reader = make_subscriber()
    make_reply(subscriber=reader, state=State.PUBLISHED if known else State.HIDDEN)
    found, reason = Reply.standing(make_sent_issue(), reader, moderation)
    assert found == state
    assert bool(reason) == (state == "held")


def test_a_blocked_readers_replies_are_kept_and_hidden(now):
    reader = make_subscriber()
    old, other = make_reply(subscriber=reader), make_reply()
    assert Muted.block(Reply.objects.filter(pk=old.pk), "rude") == 1
    assert (state_of(old), state_of(other)) == ("hidden", "published")
    assert Reply.standing(make_sent_issue(), reader, "none") == (State.HIDDEN, "the reader is blocked")
    assert Muted.block(Reply.objects.filter(pk=old.pk), "rude again") == 1
    assert Muted.objects.count() == 1


def test_replies_to_a_cancelled_issue_or_of_somebody_erased_are_held():
    reader = make_subscriber()
    assert Reply.standing(make_issue(status="cancelled"), reader, "none")[0] == State.HELD
    assert Reply.standing(make_sent_issue(), None, "none")[0] == State.HELD


def test_erasing_a_reader_leaves_the_reply_without_them():
    reply = make_reply()
    reply.subscriber.delete()
    assert state_of(reply) == "published"
    assert reply.subscriber is None


def test_the_page_shows_newest_first_and_answers_under_what_they_answer():
    issue = make_sent_issue()
    first = make_reply(issue)
    second = make_reply(issue, received_at=NOW + timedelta(hours=1))
    answers = [make_reply(issue, parent=first, received_at=NOW + timedelta(hours=at)) for at in (2, 3)]
    make_reply(issue, parent=first, state=State.PRIVATE)
    for state in (State.HELD, State.HIDDEN, State.UNCONFIRMED):
        make_reply(issue, state=state)
    shown = list(Reply.shown(issue))
    assert shown == [second, first]
    assert shown[1].thread == answers
    assert not shown[0].thread


def test_a_reader_sees_their_own_held_reply_and_nobody_elses():
    issue, reader = make_sent_issue(), make_subscriber()
    mine = make_reply(issue, subscriber=reader, state=State.HELD)
    make_reply(issue, state=State.HELD)
    assert list(Reply.shown(issue, reader)) == [mine]
    assert not list(Reply.shown(issue))


def test_confirming_works_once(now):
    reply = make_reply(state=State.UNCONFIRMED, published_at=None)
    assert reply.confirm(State.PUBLISHED, "", now)
    assert not reply.confirm(State.HIDDEN, "", now)
    assert state_of(reply) == "published"


def test_what_nobody_confirmed_is_forgotten(now):
    old = make_reply(state=State.UNCONFIRMED)
    kept = make_reply(state=State.HELD)
    Reply.forget_unconfirmed(now + timedelta(days=1))
    assert list(Reply.objects.all()) == [kept]
    assert old.pk != kept.pk


def test_turns_are_as_many_as_there_are_within_the_span_and_come_back_one_by_one(now):
    hour = timedelta(hours=1)
    for at in range(3):
        assert Turn.take("x", 3, hour, now + timedelta(minutes=10 * at)) is None
    late = now + timedelta(minutes=50)
    assert Turn.take("x", 3, hour, late) == now + hour
    assert Turn.take("y", 3, hour, late) is None
    assert Turn.take("x", 3, hour, now + hour) is None
    assert Turn.take("x", 3, hour, now + hour) == now + timedelta(minutes=70)
    assert Turn.objects.filter(number__gte=3).count() == 0


def test_a_sign_in_lets_one_browser_in_and_ends(now):
    made = SignIn.objects.create(subscriber=make_subscriber(), created_at=now)
    assert SignIn.current(made.pk, now) is None
    assert made.use(now)
    assert not made.use(now)
    assert SignIn.current(made.pk, now + STAY - timedelta(seconds=1)) == made
    assert SignIn.current(made.pk, now + STAY + timedelta(seconds=1)) is None
    SignIn.end(made.pk, now)
    assert SignIn.current(made.pk, now) is None


def test_sign_ins_that_are_over_are_forgotten(now):
    reader = make_subscriber()
    SignIn.objects.create(subscriber=reader, created_at=now - timedelta(days=2))
    SignIn.objects.create(subscriber=reader, created_at=now - STAY * 2, used_at=now - STAY * 2)
    kept = SignIn.objects.create(subscriber=reader, created_at=now - timedelta(days=9), used_at=now - timedelta(days=9))
    SignIn.forget(now)
    assert list(SignIn.objects.all()) == [kept]


def test_a_mailbox_mark_only_goes_forward_until_the_server_numbers_anew():
    mark = MailboxMark.of("here", 7)
    mark.forward(12)
    mark.forward(3)
    assert MailboxMark.of("here", 7).last_uid == 12
    assert MailboxMark.of("there", 7).last_uid == 0
    assert MailboxMark.of("here", 8).last_uid == 0
    mark.forward(20)  # by somebody who still reads the old numbers
    assert MailboxMark.of("here", 8).last_uid == 0
