"""What is counted in the background: when, how it is read again, and who the readers' mailboxes are with."""

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.models import Message, Rollup, Sign
from newsletter.models.counting import LARGE, by_state
from newsletter.track.report import cohorts_of, report, roll_up, shares_of
from newsletter.track.report.cohorts import count as cohorts
from newsletter.track.report.cohorts import read, rows
from newsletter.track.report.providers import own_domains, provider_of
from subscribers.models import Subscriber, Subscription
from tests.factories import NOW, make_event, make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
MANY = 1_000_000


@pytest.fixture
def issue():
    return make_sent_issue()


def reader(domain, state="delivered", issue=None, opened=()):
    message = make_message(issue, state=state)
    Subscriber.objects.filter(pk=message.subscriber_id).update(domain=domain)
    for judged in opened:
        make_event(message, judged=judged)
    return message


@pytest.mark.parametrize(
    ("domain", "provider"),
    [
        ("gmail.com", "Gmail"), ("googlemail.com", "Gmail"), ("outlook.com", "Outlook"), ("hotmail.co.uk", "Outlook"),
        ("live.fr", "Outlook"), ("yahoo.co.jp", "Yahoo"), ("aol.com", "Yahoo"), ("me.com", "Apple"),
        ("icloud.com", "Apple"), ("example.org", "Others"), ("live.example.org", "Others"),
        ("gmail.com.test", "Others"), ("notgmail.com", "Others"), ("news.example.test", "Our own"),
        ("staff.news.example.test", "Our own"),
        ("othernews.example.test", "Others"), (None, "(erased)"), ("", "Others"),
    ],
)  # fmt: skip
def test_a_domain_tells_its_provider(domain, provider):
    assert provider_of(domain, {"news.example.test"}) == provider


def test_the_senders_domain_is_our_own(config):
    assert own_domains(config, "weekly") == {"news.example.org"}
    assert own_domains(config, "gone") == set()


def test_providers_have_their_part_of_the_messages_and_of_what_came_back(issue, config):
    reader("gmail.com", issue=issue, opened=("human", "prefetch"))
    reader("gmail.com", "bounced", issue=issue)
    reader("me.com", issue=issue, opened=("prefetch",))
    reader("gmail.com", "excluded", issue=issue)
    make_message(issue).subscriber.delete()
    shares, as_of = shares_of(config, issue, 5)
    told = {one.provider: (one.messages, one.sent, one.bounced, one.opened, one.opened_adjusted) for one in shares}
    assert told == {"Gmail": (2, 1, 1, 1, 1), "Apple": (1, 1, 0, 1, 0), "(erased)": (1, 1, 0, 0, 0)}
    assert as_of is None


def test_of_a_large_issue_they_are_as_they_were_counted_last(issue, config):
    assert shares_of(config, issue, MANY) == (None, None)
    reader("gmail.com", issue=issue)
    roll_up(config, lambda: NOW)
    reader("gmail.com", issue=issue)
    shares, as_of = shares_of(config, issue, MANY)
    assert ([one.messages for one in shares], as_of) == ([1], NOW)


def test_an_issue_is_counted_soon_while_it_is_new_and_seldom_later(issue, config):
    make_message(issue)
    assert roll_up(config, lambda: NOW + timedelta(minutes=5)) == 2
    assert roll_up(config, lambda: NOW + timedelta(minutes=6)) == 0
    assert roll_up(config, lambda: NOW + timedelta(minutes=8)) == 1
    assert roll_up(config, lambda: NOW + timedelta(days=20)) == 2
    assert roll_up(config, lambda: NOW + timedelta(days=20, hours=23)) == 0
    assert roll_up(config, lambda: NOW + timedelta(days=20, hours=26)) == 2


def test_what_takes_long_is_counted_less_often(issue, config):
    make_message(issue)
    roll_up(config, lambda: NOW)
    Rollup.objects.update(seconds=60)
    assert roll_up(config, lambda: NOW + timedelta(minutes=19)) == 0
    assert roll_up(config, lambda: NOW + timedelta(minutes=21)) == 1


def test_a_wish_to_stop_ends_between_two_issues(issue, config):
    make_message(issue)
    assert roll_up(config, lambda: NOW, lambda: True) == 0


def test_messages_that_are_gone_leave_what_was_counted(issue, config):
    make_message(issue)
    roll_up(config, lambda: NOW)
    Message.objects.all().delete()
    roll_up(config, lambda: NOW, anew=True)
    assert issue.rollups.get(of="messages").rows == [["submitted", 1]]


def test_of_a_large_issue_the_state_that_had_most_has_the_rest(issue):
    for state in ("bounced", "bounced", "uncertain", "delivered"):
        make_message(issue, state=state)
    Rollup.keep("messages", [["delivered", LARGE], ["bounced", 1]], NOW, 0, issue=issue)
    assert by_state(issue) == {"bounced": 2, "delivered": LARGE - 2, "uncertain": 1}


def test_a_small_issue_is_counted_whatever_was_counted_before(issue):
    make_message(issue)
    Rollup.keep("messages", [["delivered", 3]], NOW, 0, issue=issue)
    assert by_state(issue) == {"submitted": 1}


def test_why_very_many_were_left_out_is_told_as_it_was_counted(issue):
    Rollup.keep("messages", [["delivered", LARGE], ["excluded", 3000]], NOW, 0, issue=issue)
    Message.objects.bulk_create(
        Message(issue=issue, subscriber=one, state="excluded", reason="suppressed")
        for one in Subscriber.objects.bulk_create(
            Subscriber(email=f"x{n}@example.org", key=f"x{n}@example.org") for n in range(2001)
        )
    )
    assert report(issue).excluded == {"(being counted)": 2001}
    Rollup.keep("excluded", [["suppressed", 2001]], NOW, 0, issue=issue)
    assert report(issue).excluded == {"suppressed": 2001}


# ── who stays ────────────────────────────────────────────────────────────────────────────────────────────────────────


def joined(at, left=None, status="active"):
    person = make_subscriber()
    changes = {"joined_at": at, "status": "unsubscribed" if left else status, "changed_at": left or at}
    Subscription.objects.filter(subscriber=person).update(**changes)


def test_cohorts_say_who_is_still_there_after_so_many_months(config):
    september = datetime(2026, 9, 10, tzinfo=UTC)
    joined(september)
    joined(september, left=datetime(2026, 9, 28, tzinfo=UTC))
    joined(september, left=datetime(2026, 11, 2, tzinfo=UTC))
    joined(september, status="pending")
    joined(datetime(2026, 11, 1, tzinfo=UTC))
    november, before = cohorts(config, "weekly", NOW)
    assert (november.month, november.joined, november.shares[:2]) == (date(2026, 11, 1), 1, [1.0, None])
    assert (before.month, before.joined) == (date(2026, 9, 1), 3)
    assert [round(share, 2) for share in before.shares[:3]] == [0.67, 0.67, 0.33]
    assert read(rows([november, before])) == [november, before]


def test_months_are_those_of_the_newsletters_zone(config):
    joined(datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    assert [one.month.month for one in cohorts(config, "weekly", NOW)] == [11]


def test_a_small_newsletter_is_counted_when_somebody_looks(config):
    joined(NOW)
    found, as_of = cohorts_of(config, "weekly", NOW)
    assert ([one.joined for one in found], as_of) == ([1], None)


def test_signs_are_left_alone(issue, config):
    reader("gmail.com", issue=issue, opened=("human",))
    roll_up(config, lambda: NOW)
    assert Sign.objects.count() == 1
