"""What follows from what came back: each consequence once, and only for what is the reader's own doing."""

from datetime import timedelta

import pytest

from newsletter.models import Alarm, Event, Message, Notice
from newsletter.models.taking import Happening
from newsletter.track.intake import ingest
from subscribers import joining
from subscribers.models import Consent, Subscription, Suppression
from subscribers.suppressing import lift
from tests.factories import NOW, make_message, make_sent_issue, make_staff, make_subscriber, occasion

pytestmark = pytest.mark.django_db
Kind = Event.Kind
DAY = timedelta(days=1)


@pytest.fixture
def happen(config):
    """Let something happen to a message; each time it is another event unless a key is given."""
    keys = iter(range(1000))

    def go(message, kind, at=NOW, key="", **more):
        told = Happening(message.pk, kind, at, source="sendgrid", key=key or f"k{next(keys)}", **more)
        return ingest([told], config, max(at, NOW))

    return go


def person(**fields):
    return make_subscriber("ada@example.org", **fields)


def held():
    return list(Suppression.objects.values_list("key", "kind"))


# ── who is not written to any more ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "why"), [(Kind.BOUNCED, "bounced"), (Kind.COMPLAINED, "complained")])
def test_a_bounce_for_good_and_a_complaint_suppress_the_address_and_leave_a_trail(happen, kind, why):
    reader = person()
    message = make_message(make_sent_issue(), reader)
    happen(message, kind, detail="SendGrid: 5.1.1 no such user")
    assert held() == [("ada@example.org", why)]
    consent = Consent.objects.get(action="suppressed")
    assert (consent.subscriber, consent.source, consent.issue) == (reader, "provider", str(message.issue))
    assert "5.1.1 no such user" in consent.note
    assert "5.1.1 no such user" in Suppression.objects.get().reason


@pytest.mark.parametrize("kind", [Kind.BLOCKED, Kind.DROPPED, Kind.DEFERRED, Kind.SOFT_BOUNCED, Kind.AUTO_REPLY])
def test_nothing_else_suppresses_anybody_at_once(happen, kind):
    happen(make_message(), kind)
    assert held() == []


def test_what_is_told_twice_has_its_consequence_once_even_after_staff_have_lifted_it(happen):
    message = make_message(subscriber=person())
    happen(message, Kind.BOUNCED, key="same")
    lift(list(Suppression.objects.values_list("pk", flat=True)), "it was a mistake", occasion())
    happen(message, Kind.BOUNCED, key="same")
    assert held() == []
    assert Consent.objects.filter(action="suppressed").count() == 1


def test_a_second_bounce_of_somebody_suppressed_adds_nothing(happen):
    message = make_message(subscriber=person())
    happen(message, Kind.BOUNCED)
    happen(message, Kind.COMPLAINED)
    assert held() == [("ada@example.org", "bounced")]


def test_whoever_has_another_address_by_now_does_not_answer_for_the_old_one(happen):
    message = make_message(subscriber=person())
    happen(message, Kind.BOUNCED, address="old@example.org")
    assert held() == []
    happen(message, Kind.BOUNCED, address="Ada@Example.org")
    assert held() == [("ada@example.org", "bounced")]


def test_of_somebody_erased_nothing_follows_but_the_message_is_settled(happen):
    message = make_message(state=Message.State.UNCERTAIN)
    message.subscriber.delete()
    happen(message, Kind.BOUNCED)
    message.refresh_from_db()
    assert (held(), message.state, Event.objects.count()) == ([], "bounced", 0)


# ── bounces for now ──────────────────────────────────────────────────────────────────────────────────────────────────


def bounce_softly(happen, reader, *days):
    for day in days:
        message = make_message(make_sent_issue(), reader, submitted_at=NOW + day * DAY)
        happen(message, Kind.SOFT_BOUNCED, NOW + day * DAY, detail="452 4.2.2 mailbox full")


def test_a_series_of_bounces_for_now_suppresses(happen):
    reader = person()
    bounce_softly(happen, reader, 0, 7, 14)
    assert held() == []
    bounce_softly(happen, reader, 21)
    assert held() == [("ada@example.org", "bounced")]
    assert "one after another" in Suppression.objects.get().reason


def test_bounces_fade(happen):
    bounce_softly(happen, person(), 0, 120, 240, 360, 480)
    assert held() == []


def test_one_issue_counts_once_however_often_it_comes_back(happen):
    message = make_message(subscriber=person())
    for day in range(20):
        happen(message, Kind.SOFT_BOUNCED, NOW + day * DAY)
    assert held() == []


def test_a_mailbox_that_is_full_for_some_days_is_not_given_up(happen):
    reader = person()
    bounce_softly(happen, reader, 0, 1, 2, 3, 4, 5)
    assert held() == []
    bounce_softly(happen, reader, 7)
    assert held() == [("ada@example.org", "bounced")]


@pytest.mark.parametrize("sign", ["delivered", "opened_at", "clicked_at"])
def test_whoever_was_reached_meanwhile_begins_anew(happen, sign):
    reader = person()
    bounce_softly(happen, reader, 0, 7, 14)
    if sign == "delivered":
        make_message(make_sent_issue(), reader, state=Message.State.DELIVERED, submitted_at=NOW + 17 * DAY)
    else:
        setattr(reader, sign, NOW + 17 * DAY)
        reader.save()
    bounce_softly(happen, reader, 21, 28)
    assert held() == []


def test_how_long_a_series_is_can_be_configured(make_config, settings):
    config = make_config(track={"bounces": {"soft": {"score": 1, "over": "0s"}}})
    reader = person()
    ingest([Happening(make_message(subscriber=reader).pk, Kind.SOFT_BOUNCED, NOW)], config, NOW)
    assert held() == [("ada@example.org", "bounced")]


# ── what staff hear ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_refusals_for_what_we_are_suppress_nobody_and_alarm_staff_once(happen):
    make_staff("ada")
    issue = make_sent_issue()
    for _ in range(3):
        happen(make_message(issue), Kind.BLOCKED, detail="550 5.7.515 does not meet the requirements")
    assert held() == []
    alarm = Alarm.objects.get()
    assert (alarm.issue, alarm.cause) == (issue, "blocked")
    assert "5.7.515" in alarm.words
    notice = Notice.objects.get()
    assert (notice.kind, notice.to) == ("warning", "ada@example.org")
    assert "5.7.515" in notice.facts["reason"]


def test_a_message_that_went_out_twice_alarms_staff(happen):
    issue = make_sent_issue()
    message, other = make_message(issue), make_message(issue)
    happen(message, Kind.ACCEPTED)
    happen(message, Kind.DELIVERED)
    happen(other, Kind.ACCEPTED)
    assert not Alarm.objects.exists()
    happen(message, Kind.ACCEPTED)
    assert Alarm.objects.get().cause == "twice"
    happen(message, Kind.ACCEPTED)
    assert Alarm.objects.count() == 1


# ── who has left ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_providers_unsubscribe_leaves_the_lists_that_brought_the_message(happen):
    reader = make_subscriber(lists=("readers", "other"))
    message = make_message(subscriber=reader)
    happen(message, Kind.UNSUBSCRIBE)
    status = dict(Subscription.objects.values_list("list__name", "status"))
    assert status == {"readers": "unsubscribed", "other": "active"}
    consent = Consent.objects.get(action="left")
    assert (consent.list_name, consent.source, consent.issue) == ("readers", "provider", str(message.issue))


def test_told_again_it_does_not_take_back_that_somebody_came_back(happen):
    reader = make_subscriber()
    message = make_message(subscriber=reader)
    happen(message, Kind.UNSUBSCRIBE, key="same")
    joining.come_back(reader, ["readers"], occasion())
    happen(message, Kind.UNSUBSCRIBE, key="same")
    assert Subscription.objects.get().status == "active"


def test_a_providers_resubscribe_is_recorded_and_changes_nothing(happen):
    reader = make_subscriber()
    message = make_message(subscriber=reader)
    happen(message, Kind.UNSUBSCRIBE)
    happen(message, Kind.RESUBSCRIBE)
    assert Subscription.objects.get().status == "unsubscribed"
    assert Event.objects.filter(kind="resubscribe").exists()


# ── who is alive ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "column"), [(Kind.OPEN, "opened_at"), (Kind.CLICK, "clicked_at")])
@pytest.mark.parametrize(("judged", "counts"), [("human", True), ("prefetch", False), ("bot", False)])
def test_only_what_a_person_did_is_a_sign_of_life(happen, kind, column, judged, counts):
    reader = make_subscriber()
    happen(make_message(subscriber=reader), kind, judged=judged)
    reader.refresh_from_db()
    assert getattr(reader, column) == (NOW if counts else None)


def test_a_sign_of_life_is_written_once_an_hour_and_never_back(happen):
    reader = make_subscriber()
    message = make_message(subscriber=reader)
    for minutes, wanted in ((0, 0), (40, 0), (90, 90), (-300, 90)):
        happen(message, Kind.OPEN, NOW + timedelta(minutes=minutes), judged="human")
        reader.refresh_from_db()
        assert reader.opened_at == NOW + timedelta(minutes=wanted)
