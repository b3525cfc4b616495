"""What editors decide about a post: one verdict at a time, with who, when and why, taken back press by press."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from newsletter.models import Decision, Standing, Triage
from tests.factories import NOW, make_post, make_staff

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=1)


def decide(post, standing, seen="", **more):
    return Triage.decide("weekly", {post.pk: seen}, standing, **{"now": NOW, **more})


def stands(post, newsletter="weekly"):
    row = Triage.of(newsletter, [post.pk]).get(post.pk)
    return row and (row.standing, row.reason)


def log(post):
    return [(one.was, one.became, one.reason) for one in Decision.about("weekly", post)]


def test_a_verdict_is_kept_with_who_when_and_why_for_one_newsletter():
    post, ada = make_post(), make_staff()
    told = decide(post, "rejected", by=ada, reason="told last week")
    row = Triage.objects.get()
    assert (row.standing, row.reason, row.by, row.at, row.read_at) == ("rejected", "told last week", ada, NOW, NOW)
    assert told.changed == [post.pk]
    assert log(post) == [("", "rejected", "told last week")]
    assert stands(post, "daily") is None


def test_what_stands_already_keeps_who_was_first():
    post, ada, ben = make_post(), make_staff(), make_staff("ben")
    decide(post, "starred", by=ada)
    told = decide(post, "starred", by=ben, now=LATER)
    assert (told.act, told.changed, told.others) == (None, [], [])
    assert Triage.objects.get().by == ada
    assert len(log(post)) == 1


def test_whoever_decides_by_an_older_page_undoes_nothing_and_is_told():
    post, ada = make_post(), make_staff()
    decide(post, "rejected", by=ada, reason="an advertisement")
    told = decide(post, "starred", seen="", now=LATER)
    assert told.changed == []
    assert [(one.post, one.by, one.reason) for one in told.others] == [(post, ada, "an advertisement")]
    assert stands(post) == ("rejected", "an advertisement")


def test_a_verdict_is_taken_back_to_what_stood_before_it():
    post, ada, ben = make_post(), make_staff(), make_staff("ben")
    decide(post, "starred", by=ada)
    act = decide(post, "rejected", seen="starred", by=ben, now=LATER, reason="no").act
    assert Triage.undo("weekly", act, LATER).changed == [post.pk]
    row = Triage.objects.get()
    assert (row.standing, row.reason, row.by, row.at) == ("starred", "", ada, NOW)
    assert log(post) == [("rejected", "starred", "undone"), ("starred", "rejected", "no"), ("", "starred", "")]


def test_undoing_a_first_verdict_leaves_the_post_unread():
    post = make_post()
    act = decide(post, "rejected").act
    Triage.undo("weekly", act, LATER)
    row = Triage.objects.get()
    assert (row.standing, row.read_at, row.at) == ("", None, None)


def test_undoing_twice_does_nothing_more():
    post = make_post()
    act = decide(post, "rejected").act
    Triage.undo("weekly", act, LATER)
    decide(post, "starred", now=LATER)
    assert Triage.undo("weekly", act, LATER).changed == []
    assert stands(post) == ("starred", "")


def test_undoing_leaves_alone_what_somebody_has_decided_since():
    mine, theirs = make_post(), make_post()
    act = Triage.decide("weekly", {mine.pk: "", theirs.pk: ""}, "rejected", NOW).act
    decide(theirs, "starred", seen="rejected", now=LATER)
    told = Triage.undo("weekly", act, LATER)
    assert (told.changed, [row.post for row in told.others]) == ([mine.pk], [theirs])
    assert (stands(mine), stands(theirs)) == (("", ""), ("starred", ""))


def test_why_can_be_said_afterwards_as_long_as_the_verdict_stands():
    post = make_post()
    act = decide(post, "rejected").act
    assert Triage.explain("weekly", act, "too old").changed == [post.pk]
    assert (stands(post), log(post)) == (("rejected", "too old"), [("", "rejected", "too old")])
    Triage.undo("weekly", act, LATER)
    assert Triage.explain("weekly", act, "another word").changed == []


def test_reading_and_unreading_tell_what_they_changed():
    one, two = make_post(), make_post()
    assert Triage.read("weekly", [one.pk], NOW) == [one.pk]
    assert Triage.read("weekly", [one.pk, two.pk], LATER) == [two.pk]
    assert Triage.read("weekly", [one.pk, two.pk], None) == [one.pk, two.pk]
    assert Triage.read("weekly", [one.pk], None) == []


def test_a_post_that_is_not_there_is_passed_over():
    post = make_post()
    told = Triage.decide("weekly", {post.pk: "", 10**9: ""}, "starred", NOW)
    assert told.changed == [post.pk]


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_leave_one_verdict_and_one_of_them_is_told():
    posts = [make_post() for _ in range(10)]
    seen = dict.fromkeys([post.pk for post in posts], "")
    backwards = dict(reversed(seen.items()))
    start, told = threading.Barrier(2), {}

    def press(standing, wanted):
        start.wait()
        told[standing] = Triage.decide("weekly", wanted, standing, NOW)
        connections.close_all()

    threads = [threading.Thread(target=press, args=args) for args in (("starred", seen), ("rejected", backwards))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(standing for standing, one in told.items() if one.changed)
    loser = told["rejected" if winner == "starred" else "starred"]
    assert (len(told[winner].changed), len(loser.changed), len(loser.others)) == (10, 0, 10)
    assert set(Triage.objects.values_list("standing", flat=True)) == {winner}
    assert Decision.objects.count() == 10


def test_adding_brings_in_and_stars_and_takes_a_rejection_back():
    post = make_post()
    decide(post, "rejected")
    Triage.add("weekly", post, LATER)
    row = Triage.objects.get()
    assert (row.standing, row.added_at) == (Standing.STARRED, LATER)
    assert Triage.add("weekly", post, LATER).changed == []
