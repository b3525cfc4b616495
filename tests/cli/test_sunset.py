"""`newsletter subscribers sunset`: how many would be asked, and asking them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscribers.models import Subscriber, Subscription
from tests.factories import make_event, make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def quiet(settings, config, make_config):
    """A rule of three issues, three of them, and four readers of whom one reads nothing."""
    audience = config.audience.model_copy(
        update={"sunset": make_config(audience={"sunset": {"issues": 3}}).audience.sunset}
    )
    settings.NEWSLETTER = config.model_copy(update={"audience": audience})
    now = timezone.now()
    people = [make_subscriber(f"r{n}@example.org", opened_at=now if n else None) for n in range(4)]
    Subscriber.objects.update(created_at=now - 90 * DAY)
    Subscription.objects.update(joined_at=now - 90 * DAY)
    for days in (30, 20, 10):
        at = now - days * DAY
        issue = make_sent_issue(due_at=at, slug=f"{at:%Y-%m-%d}", started_at=at, finished_at=at)
        messages = [make_message(issue, person, submitted_at=at) for person in people]
    make_event(messages[1])
    return people[0]


def test_a_dry_run_counts_and_changes_nothing(call, quiet):
    facts = call("subscribers", "sunset", "--dry-run", "--json").facts
    assert facts == {"readers": 4, "to_ask": 1, "waiting": 0, "to_stop": 0, "hindrance": ""}
    quiet.refresh_from_db()
    assert (quiet.status, quiet.notices.count()) == ("active", 0)


def test_without_it_they_are_asked(call, quiet):
    assert call("subscribers", "sunset", "--json").facts["to_ask"] == 1
    quiet.refresh_from_db()
    assert (quiet.status, quiet.notices.get().kind) == ("asked", "win_back")
    assert call("subscribers", "sunset", "--dry-run", "--json").facts["waiting"] == 1


def test_it_says_what_is_in_the_way(call, quiet):
    Subscriber.objects.update(opened_at=None)
    said = call("subscribers", "sunset")
    assert "nobody is asked or let go: 3 of 4 readers seem to read nothing" in " ".join(said.err.split())
    quiet.refresh_from_db()
    assert quiet.status == "active"


def test_without_a_rule_it_says_where_to_write_one(call):
    said = call("subscribers", "sunset")
    assert (said.code, "audience.sunset.issues" in said.err) == (1, True)
