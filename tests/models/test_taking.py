"""What comes back is taken in once, and is counted at once: after any storm the counts are what the rows say."""

import random
from datetime import timedelta

import pytest

from newsletter.models import Event, Message, Sign, Tally
from newsletter.models.folding import fold
from newsletter.models.rejudging import Judgement, rejudge
from newsletter.models.taking import Happening, take_in
from newsletter.models.verifying import drifts
from tests.factories import NOW, make_link, make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db

Kind, State = Event.Kind, Message.State
LATER = NOW + timedelta(days=3)


@pytest.fixture
def issue():
    return make_sent_issue()


def opened(message, at=NOW, judged="human", **more):
    return Happening(message.pk, Kind.OPEN, at, judged=judged, **more)


def clicked(message, link, at=NOW, judged="human", **more):
    return Happening(message.pk, Kind.CLICK, at, link.pk, judged=judged, **more)


def total(issue, kind, name, link=None):
    return sum(issue.tallies.filter(kind=kind, link=link).values_list(name, flat=True))


def test_events_are_counted_by_hour_and_messages_once(issue):
    one, other = make_message(issue), make_message(issue)
    take_in([opened(one), opened(one, NOW + timedelta(hours=2)), opened(other, judged="prefetch")], LATER)
    rows = issue.tallies.order_by("hour").values_list("hour", "events", "human", "prefetch", "messages", "readers")
    assert list(rows) == [(NOW, 2, 1, 1, 2, 1), (NOW + timedelta(hours=2), 1, 1, 0, 0, 0)]


def test_a_click_counts_for_the_issue_and_for_its_link(issue):
    message, link, other = (
        make_message(issue),
        make_link(issue, "https://a.example"),
        make_link(issue, "https://b.example"),
    )
    take_in([clicked(message, link), clicked(message, link), clicked(message, other)], LATER)
    assert [total(issue, "click", name) for name in ("events", "messages", "readers")] == [3, 1, 1]
    assert [total(issue, "click", name, link) for name in ("events", "messages", "readers")] == [2, 1, 1]
    assert Sign.objects.count() == 3


def test_what_was_told_before_counts_once_in_one_batch_and_over_batches(issue):
    message = make_message(issue)
    told = Happening(message.pk, Kind.DELIVERED, NOW, source="sendgrid", key="k1")
    first, second = take_in([told, told], LATER), take_in([told], LATER)
    assert (len(first.new), first.known, len(second.new), second.known) == (1, 1, 0, 1)
    assert total(issue, "delivered", "events") == 1


def test_the_same_key_of_another_source_is_another_event(issue):
    message = make_message(issue)
    told = [Happening(message.pk, Kind.DELIVERED, NOW, source=name, key="k1") for name in ("sendgrid", "postmark")]
    assert len(take_in(told, LATER).new) == 2


def test_of_unknown_messages_foreign_links_and_erased_people_nothing_is_kept(issue):
    message, erased = make_message(issue), make_message(issue)
    erased.subscriber.delete()
    foreign = make_link(make_sent_issue())
    told = [opened(erased), clicked(message, foreign), Happening(999_999, Kind.OPEN, NOW)]
    assert (take_in(told, LATER).strange, Event.objects.count(), Tally.objects.count()) == (3, 0, 0)


def test_a_reader_who_is_not_watched_is_counted_and_nowhere_named(issue):
    message, link = make_message(issue), make_link(issue)
    take_in([clicked(message, link, anonymous=True)], LATER)
    assert (Event.objects.count(), Sign.objects.count()) == (0, 0)
    assert [total(issue, "click", name, link) for name in ("events", "human", "folded", "messages")] == [1, 1, 1, 0]
    assert list(drifts(issue)) == []


@pytest.mark.parametrize(("mode", "events", "counted"), [("individual", 1, 1), ("aggregate", 0, 1), ("off", 0, 0)])
def test_a_newsletter_decides_how_closely_readers_are_watched(issue, mode, events, counted):
    taken = take_in([opened(make_message(issue))], LATER, lambda newsletter: mode)
    assert (Event.objects.count(), total(issue, "open", "events"), len(taken.new)) == (events, counted, counted)


def test_a_bounce_is_told_of_the_reader_however_little_they_are_watched(issue):
    take_in([Happening(make_message(issue).pk, Kind.BOUNCED, NOW)], LATER, lambda newsletter: "off")
    assert (Event.objects.get().kind, issue.messages.get().state) == ("bounced", "bounced")


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Kind.ACCEPTED, State.SUBMITTED), (Kind.DELIVERED, State.DELIVERED), (Kind.BOUNCED, State.BOUNCED),
        (Kind.SOFT_BOUNCED, State.BOUNCED), (Kind.BLOCKED, State.FAILED), (Kind.DROPPED, State.FAILED),
        (Kind.COMPLAINED, State.COMPLAINED), (Kind.DEFERRED, State.UNCERTAIN), (Kind.OPEN, State.UNCERTAIN),
    ],
)  # fmt: skip
def test_what_an_event_says_of_its_message_settles_it(issue, kind, state):
    message = make_message(issue, state=State.UNCERTAIN)
    take_in([Happening(message.pk, kind, NOW, source="sendgrid", key="1", detail="words")], LATER)
    message.refresh_from_db()
    assert message.state == state


def test_a_moment_that_lies_in_the_future_counts_as_now(issue):
    take_in([opened(make_message(issue), NOW + timedelta(days=400))], LATER)
    assert Event.objects.get().at == LATER


def test_an_earlier_open_that_is_told_late_moves_who_was_first(issue):
    message = make_message(issue)
    take_in([opened(message, NOW + timedelta(hours=5))], LATER)
    take_in([opened(message, NOW)], LATER)
    assert list(issue.tallies.order_by("hour").values_list("messages", "readers")) == [(1, 1), (0, 0)]


def test_a_second_look_moves_the_counts_with_it(issue):
    message, link = make_message(issue), make_link(issue)
    take_in([clicked(message, link, provisional=True), clicked(message, link, NOW + timedelta(hours=2))], LATER)
    first = Event.objects.earliest("at")
    assert rejudge([Judgement(first.pk, "bot", "burst")]) == 1
    first.refresh_from_db()
    assert (first.judged, first.reasons, first.provisional) == ("bot", "burst", False)
    assert [total(issue, "click", name, link) for name in ("events", "human", "bot", "readers")] == [2, 1, 1, 1]
    sign = Sign.objects.get(link=link)
    assert (sign.human, sign.first_human_at) == (1, NOW + timedelta(hours=2))
    assert list(drifts(issue)) == []


def test_what_was_looked_at_twice_stays_as_it_is(issue):
    take_in([opened(make_message(issue))], LATER)
    assert rejudge([Judgement(Event.objects.get().pk, "bot", "burst")]) == 0
    assert Event.objects.get().judged == "human"


def test_after_the_last_human_event_nobody_is_a_reader(issue):
    take_in([opened(make_message(issue), provisional=True)], LATER)
    rejudge([Judgement(Event.objects.get().pk, "prefetch", "network")])
    assert (Sign.objects.get().first_human_at, total(issue, "open", "readers"), total(issue, "open", "messages")) == (
        None,
        0,
        1,
    )


def test_dropping_events_leaves_the_counts(issue):
    message, link = make_message(issue), make_link(issue)
    take_in([clicked(message, link), opened(message), opened(message, NOW + timedelta(days=2))], LATER)
    assert (fold(NOW + timedelta(days=1)), Event.objects.count()) == (2, 1)
    assert [total(issue, "click", name, link) for name in ("events", "folded", "folded_human", "readers")] == [
        1,
        1,
        1,
        1,
    ]
    assert list(drifts(issue)) == []


def test_a_drift_is_named(issue):
    take_in([opened(make_message(issue))], LATER)
    issue.tallies.update(human=7)
    Sign.objects.update(events=3)
    assert [(one.counted, one.rows) for one in drifts(issue)] == [(7, 1), (3, 1)]


def test_after_a_storm_the_counts_are_what_the_rows_say(issue):
    chance = random.Random(2026)
    messages = [make_message(issue, make_subscriber()) for _ in range(12)]
    links = [make_link(issue, f"https://example.org/{number}") for number in range(4)]

    def one():
        message, at = chance.choice(messages), NOW + timedelta(minutes=chance.randrange(600))
        judged, provisional = chance.choice(["human", "prefetch", "bot"]), chance.random() < 0.6
        link = chance.choice([None, *links])
        made = clicked(message, link, at, judged) if link else opened(message, at, judged)
        if chance.random() < 0.2:
            return Happening(
                message.pk, chance.choice(list(Kind)), at, source="sendgrid", key=str(chance.randrange(40))
            )
        return made._replace(provisional=provisional, anonymous=chance.random() < 0.1)

    for _ in range(40):
        take_in([one() for _ in range(chance.randrange(1, 25))], LATER)
        waiting = list(Event.objects.filter(provisional=True).values_list("pk", flat=True))
        some = chance.sample(waiting, len(waiting) // 2)
        rejudge(Judgement(pk, chance.choice(["human", "prefetch", "bot"])) for pk in some)
        fold(NOW + timedelta(minutes=chance.randrange(300)), most=5)
    assert Event.objects.exists()
    assert list(drifts(issue)) == []
