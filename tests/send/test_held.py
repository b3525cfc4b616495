"""Held messages: each waits for its hour or for a decision, and until then nothing lets it go."""

from collections import Counter
from datetime import timedelta
from threading import Event
from uuid import uuid4

import pytest
from django.db.models import DateTimeField, Value

from newsletter.models import Edition, Hold, Issue, Message, TransitionRefused
from newsletter.models.freezing import Split
from newsletter.send import Lane, finish, send_issue
from newsletter.send.routes import Routes
from subscribers.audience import Audience
from subscribers.erasing import erase
from subscribers.joining import leave
from subscribers.models import Subscriber
from subscribers.traces import Person
from tests.factories import make_edition, make_issue, make_subscriber, make_suppression, occasion
from tests.send.conftest import KEY, FakeTransport, send_all, states

pytestmark = pytest.mark.django_db
State = Message.State
LISTS = Audience(("readers",))
HOUR = timedelta(hours=1)


class Told(FakeTransport):
    """Keeps by which subject each was written to, sheet by sheet."""

    def __init__(self):
        super().__init__(at_once=1)
        self.sheets = []

    def submit(self, mailing, readers, journal):
        before = len(self.taken)
        super().submit(mailing, readers, journal)
        self.sheets.append((mailing.subject, self.taken[before:]))

    @property
    def subjects(self):
        return {email: subject for subject, emails in self.sheets for email in emails}


@pytest.fixture
def tried(now):
    """An issue on its way to so many people with variants a and b of its subject, and the rest held."""

    def make(readers=10, share=40):
        for _ in range(readers):
            make_subscriber()
        issue = make_issue(status=Issue.Status.SENDING, started_at=now)
        editions = {letter: make_edition(issue, subject=f"Subject {letter}", variant=letter) for letter in "ab"}
        issue.edition, issue.variants = editions["a"], {letter: one.pk for letter, one in editions.items()}
        issue.save()
        Message.freeze(issue, LISTS, now, split=Split("ab", share, "seed"))
        return issue

    return make


@pytest.fixture
def local(now):
    """An issue on its way, one of its readers at once and so many an hour from now."""

    def make(late=2):
        issue = make_issue(status=Issue.Status.SENDING, started_at=now, local_time=True)
        issue.edition = make_edition(issue)
        issue.save()
        make_subscriber("early@example.org")
        Message.freeze(issue, LISTS, now)
        for number in range(late):
            make_subscriber(f"late{number}@example.org")
        Message.freeze(issue, LISTS, now, hour=Value(now + HOUR, DateTimeField()))
        return issue

    return make


# ── who gets what ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("people", "letters", "share", "expected"),
    [
        (100, "ab", 20, {"a": 10, "b": 10, "": 80}),
        (7, "abc", 50, {"a": 2, "b": 1, "c": 1, "": 3}),
        (10, "ab", 100, {"a": 5, "b": 5}),
        (3, "abcde", 10, {"": 3}),
    ],
)
def test_shares_are_right_to_one_person(now, people, letters, share, expected):
    for _ in range(people):
        make_subscriber()
    issue = make_issue()
    Message.freeze(issue, LISTS, now, split=Split(letters, share, "seed"))
    assert Counter(issue.messages.values_list("variant", flat=True)) == expected
    assert states(issue) == {
        name: number
        for name, number in (("held", expected.get("", 0)), ("pending", people - expected.get("", 0)))
        if number
    }


def test_who_is_left_out_takes_nobodys_place(now):
    for number in range(20):
        make_subscriber(f"r{number}@example.org")
        make_suppression(f"r{number}@example.org") if number % 2 else None
    issue = make_issue()
    Message.freeze(issue, LISTS, now, split=Split("ab", 40, "seed"))
    assert states(issue) == {"excluded": 10, "held": 6, "pending": 4}
    assert set(issue.messages.filter(state="excluded").values_list("variant", "retry_at")) == {("", None)}
    assert Counter(issue.messages.filter(state="pending").values_list("variant", flat=True)) == {"a": 2, "b": 2}


def test_who_gets_what_follows_from_the_seed_and_a_second_call_changes_nothing(now):
    for _ in range(40):
        make_subscriber()
    first, second, other = make_issue(), make_issue(), make_issue()
    for issue, seed in ((first, "1"), (second, "1"), (other, "2"), (first, "3")):
        Message.freeze(issue, LISTS, now, split=Split("ab", 50, seed))
    shares = [dict(issue.messages.values_list("subscriber", "variant")) for issue in (first, second, other)]
    assert shares[0] == shares[1] != shares[2]


@pytest.mark.parametrize(("letters", "share"), [("a'", 10), ("", 10), ("ab", 0), ("ab", 101)])
def test_what_is_no_share_is_refused(letters, share):
    with pytest.raises(ValueError, match="not a share"):
        Split(letters, share, "seed")


def test_an_hour_and_a_decision_are_not_waited_for_together(now):
    hour = Value(now, DateTimeField())
    with pytest.raises(ValueError, match="not both"):
        Message.freeze(make_issue(), LISTS, now, hour=hour, split=Split("ab", 10, "seed"))


# ── until it is decided ──────────────────────────────────────────────────────────────────────────────────────────────


def test_each_gets_the_edition_of_their_variant_and_no_sheet_holds_two(config, tried, clock):
    issue, transport = tried(), Told()
    send_all(config, issue, clock, transport)
    expected = {
        email: f"Subject {letter}"
        for email, letter in issue.messages.exclude(variant="").values_list("subscriber__email", "variant")
    }
    assert transport.subjects == expected
    assert len(expected) == 4
    assert states(issue) == {"held": 6, "submitted": 4}
    issue.refresh_from_db()
    assert issue.status == Issue.Status.SENDING


def test_variants_take_turns_so_that_none_goes_earlier_in_the_day(make_config, tried, clock):
    issue, transport = tried(12, 100), Told()
    send_all(make_config(send={"batch": 2}), issue, clock, transport)
    assert [subject for subject, _ in transport.sheets] == ["Subject a", "Subject b"] * 3


def test_once_it_is_decided_the_rest_get_what_was_decided_and_the_issue_ends(config, tried, clock):
    issue, transport = tried(), Told()
    send_all(config, issue, clock, transport)
    assert issue.decide("b", clock())
    transport.sheets.clear()
    send_all(config, issue, clock, transport)
    assert Counter(transport.subjects.values()) == {"Subject b": 6}
    issue.refresh_from_db()
    assert (issue.status, issue.edition.subject) == (Issue.Status.SENT, "Subject b")


def test_it_is_decided_once_whoever_says_so_and_not_of_an_issue_that_was_given_up(tried, clock):
    issue = tried()
    assert issue.decide("b", clock())
    assert not Issue.objects.get(pk=issue.pk).decide("a", clock())
    assert issue.edition.subject == "Subject b"
    given_up = tried()
    given_up.go(Issue.Status.CANCELLED)
    assert not given_up.decide("b", clock())


def test_a_lane_that_has_the_edition_of_before_sends_nobody_the_wrong_one(config, tried, clock):
    issue, transport = tried(), Told()
    stale = Issue.objects.get(pk=issue.pk)
    with Lane(config, KEY, clock, Event(), transport) as lane:
        send_issue(lane, stale)
        transport.sheets.clear()
        assert issue.decide("b", clock())
        stale.decided_at = clock()  # as if it knew that much and no more
        send_issue(lane, stale)
        assert transport.sheets == []
        assert states(issue)["held"] == 6
        send_issue(lane, Issue.objects.get(pk=issue.pk))
    assert Counter(transport.subjects.values()) == {"Subject b": 6}


def test_what_is_put_back_or_retried_stays_what_it_was(config, tried, clock):
    issue, transport = tried(), Told()
    transport.answers.extend([State.DEFERRED, State.FAILED])
    send_all(config, issue, clock, transport)
    issue.decide("b", clock())
    Message.objects.filter(issue=issue, state=State.FAILED).update(state=State.PENDING)
    clock.forward(hours=1)
    send_all(config, issue, clock, transport)
    letters = dict(issue.messages.values_list("subscriber__email", "variant"))
    assert len(transport.subjects) == 10
    assert {transport.subjects[email][-1] == (letter or "b") for email, letter in letters.items()} == {True}


def test_an_edit_takes_back_every_edition_that_was_approved(now):
    issue = make_issue(status=Issue.Status.IN_REVIEW)
    editions = {letter: make_edition(issue, subject=f"Subject {letter}", variant=letter) for letter in "ab"}
    issue.approve(editions["a"], None, now, editions)
    assert [Edition.of(issue, letter) for letter in ("", "a", "b")] == [*[editions["a"]] * 2, editions["b"]]
    issue.edited()
    assert (issue.variants, Edition.of(issue)) == ({}, None)


# ── until its hour ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_gets_it_before_their_hour_and_then_each_once(config, local, clock):
    issue, transport = local(), FakeTransport()
    send_all(config, issue, clock, transport)
    assert transport.taken == ["early@example.org"]
    clock.forward(minutes=59)
    send_all(config, issue, clock, transport)
    assert states(issue) == {"held": 2, "submitted": 1}
    issue.refresh_from_db()
    assert issue.status == Issue.Status.SENDING
    clock.forward(minutes=1)
    send_all(config, issue, clock, transport)
    assert sorted(transport.taken) == ["early@example.org", "late0@example.org", "late1@example.org"]
    issue.refresh_from_db()
    assert issue.status == Issue.Status.SENT


def test_a_lane_goes_on_among_those_whose_hour_has_come(local, now):
    issue, reached, taken = local(5), {}, []
    for _ in range(4):
        hold = Hold(uuid4(), "fake", now + HOUR, now + 2 * HOUR)
        taken.append(len(Message.take(issue, [""], 2, hold, LISTS, reached=reached)))
    assert taken == [2, 2, 2, 0]
    assert states(issue) == {"submitting": 6}


def test_what_was_taken_and_not_begun_is_not_held_again(config, local, clock):
    issue, stop = local(1), Event()
    clock.forward(hours=1)
    send_all(config, issue, clock, FakeTransport(stop.set), stop)
    assert states(issue) == {"pending": 1, "submitted": 1}
    send_all(config, issue, clock, FakeTransport())
    assert states(issue) == {"submitted": 2}


# ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_issue_is_not_over_while_anything_is_held(local, now):
    issue = local()
    Message.objects.filter(issue=issue, state=State.PENDING).update(state=State.SUBMITTED)
    assert Message.any_open(issue)
    assert not finish(issue, now)
    assert Message.open_of(issue).count() == 2


@pytest.mark.parametrize("kind", ["local", "tried"])
def test_pausing_keeps_them_and_cancelling_keeps_them_for_good(config, kind, request, clock):
    issue, transport = request.getfixturevalue(kind)(), FakeTransport()
    send_all(config, issue, clock, transport)
    held, before = states(issue)["held"], len(transport.taken)
    issue.go(Issue.Status.PAUSED)
    if kind == "tried":
        assert issue.decide("b", clock())
    clock.forward(hours=2)
    send_all(config, issue, clock, transport)
    assert (states(issue)["held"], len(transport.taken)) == (held, before)
    issue.go(Issue.Status.CANCELLED)
    send_all(config, issue, clock, transport)
    assert (states(issue)["held"], len(transport.taken)) == (held, before)
    with pytest.raises(TransitionRefused):
        issue.go(Issue.Status.SENDING)


def test_who_left_is_suppressed_or_erased_meanwhile_gets_nothing(config, local, clock):
    issue, transport = local(4), FakeTransport()
    send_all(config, issue, clock, transport)
    people = [Subscriber.objects.get(email=f"late{number}@example.org") for number in range(3)]
    leave(people[0], ["readers"], occasion("asked to", clock()))
    make_suppression(people[1].email)
    erase(Person.of(people[2]), occasion("asked to", clock()))
    clock.forward(hours=1)
    send_all(config, issue, clock, transport)
    assert sorted(transport.taken) == ["early@example.org", "late3@example.org"]
    assert states(issue) == {"submitted": 2, "withheld": 3}


def test_hours_far_ahead_are_no_sign_of_a_wrong_clock(local, now):
    issue = local()
    Message.objects.filter(state=State.HELD).update(retry_at=now + timedelta(hours=20))
    assert Message.bring_back(issue, now, timedelta(minutes=1), HOUR) == 0
    assert set(issue.messages.filter(state=State.HELD).values_list("retry_at", flat=True)) == {
        now + timedelta(hours=20)
    }


def test_those_of_a_transport_that_config_yaml_has_no_more_are_adopted(config, local, clock):
    issue, transport = local(), FakeTransport()
    Message.objects.filter(state=State.HELD).update(route="gone")
    assert Message.routes_of(issue) == {"", "gone"}
    assert Routes.of(config, "weekly").adopt(issue) == 2
    clock.forward(hours=1)
    send_all(config, issue, clock, transport)
    assert states(issue) == {"submitted": 3}


def test_an_issue_that_holds_nobody_is_asked_no_more_than_before(sending, now, django_assert_num_queries):
    issue = sending(3)
    hold = Hold(uuid4(), "fake", now, now + HOUR)
    with django_assert_num_queries(6):  # what was put off, what is pending, the people, the claim, and a transaction
        assert len(Message.take(issue, [""], 10, hold, LISTS)) == 3
