"""The job settles what was judged at a glance, with everything around it, on rows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter import links
from newsletter.models import Event, Sign, Tally
from newsletter.models.taking import take_in
from newsletter.models.verifying import drifts
from newsletter.track.hits import Hit
from newsletter.track.judging import job
from newsletter.track.judging.intake import happenings
from tests.factories import NOW, make_link, make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36"
)
HOME, RENTED, RELAY = "203.0.113.7", "20.70.1.2", "172.225.1.1"


@pytest.fixture
def issue():
    return make_sent_issue()


@pytest.fixture
def message(issue):
    return make_message(issue)


@pytest.fixture
def story(issue):
    return [make_link(issue, f"https://example.org/{at}") for at in range(6)]


def hit(message, after, link=None, agent=CHROME, address=HOME, method="GET"):
    kind = "click" if link else "open"
    return Hit(kind, message.pk, link.pk if link else 0, NOW.timestamp() + after, method, agent, address)


def come_in(config, *hits, later=60.0):
    """Take hits in as they come, and have them looked at again so many seconds after the last."""
    last = NOW + timedelta(seconds=max(one.at for one in hits) - NOW.timestamp())
    take_in(happenings(hits, config), last, config.closely)
    return look(config, last + timedelta(seconds=later))


def look(config, now, **given):
    return job.judge(config, lambda: now, lambda: False, **given)


def judged(**of):
    return list(Event.objects.filter(source="", **of).order_by("pk").values_list("judged", flat=True))


def test_of_a_hit_the_family_the_network_and_the_reasons_are_kept_and_no_more(config, message):
    take_in(happenings([hit(message, 7200, agent="curl/8.5.0", address=RENTED)], config), NOW + timedelta(hours=3))
    event = Event.objects.get()
    assert (event.agent, event.network, event.reasons) == ("script", "20.70.1.0/24", "agent,hosting")
    assert (event.judged, event.provisional) == ("bot", True)


def test_what_a_glance_took_for_a_person_is_a_bot_once_the_burst_is_seen(config, message, story):
    hits = [hit(message, 900 + at / 5, link) for at, link in enumerate(story)]
    take_in(happenings(hits, config), NOW + timedelta(hours=1))
    assert judged() == ["human"] * 6
    assert look(config, NOW + timedelta(hours=1)) == 6
    assert judged() == ["bot"] * 6
    assert set(Event.objects.values_list("reasons", "provisional")) == {("burst", False)}


def test_counts_and_signs_change_with_it(config, message, story):
    come_in(config, *(hit(message, 900 + at / 5, link) for at, link in enumerate(story)))
    whole = Tally.objects.get(kind="click", link=None)
    assert (whole.events, whole.human, whole.bot, whole.messages, whole.readers) == (6, 0, 6, 1, 0)
    assert Sign.objects.get(message=message, kind="click", link=None).first_human_at is None


def test_what_came_less_than_a_minute_ago_waits(config, message, story):
    assert come_in(config, hit(message, 900, story[0]), later=59) == 0
    assert Event.objects.get().provisional
    assert look(config, NOW + timedelta(seconds=960)) == 1


def test_a_second_run_changes_nothing(config, message, story):
    come_in(config, hit(message, 890), *(hit(message, 900 + at / 5, link) for at, link in enumerate(story)))
    before = list(Event.objects.order_by("pk").values()), list(Tally.objects.order_by("pk").values())
    assert look(config, NOW + timedelta(days=1)) == 0
    assert (list(Event.objects.order_by("pk").values()), list(Tally.objects.order_by("pk").values())) == before


def test_batches_cut_anywhere_come_to_the_same(config, message, story):
    hits = [hit(message, 890), *(hit(message, 900 + at / 5, link) for at, link in enumerate(story))]
    take_in(happenings(hits, config), NOW + timedelta(hours=1))
    assert look(config, NOW + timedelta(hours=1), batch=2) == 7
    assert judged() == ["bot"] * 7


def test_a_network_that_follows_one_link_of_each_mail_is_seen_across_messages_and_batches(config, issue, story):
    readers = [make_message(issue) for _ in range(6)]
    hits = [one for at, m in enumerate(readers) for one in (hit(m, 22 + at), hit(m, 28 + at, story[0]))]
    take_in(happenings(hits, config), NOW + timedelta(hours=1))
    look(config, NOW + timedelta(hours=1), batch=3)
    assert judged(kind="click") == ["bot"] * 6
    assert "shared_network" in Event.objects.filter(kind="click").values_list("reasons", flat=True)[0]


def test_the_hidden_link_is_known_by_its_address(config, message, issue, story):
    hidden = make_link(issue, links.unseen(config, issue.newsletter, issue.slug))
    come_in(config, hit(message, 900, hidden), hit(message, 903, story[0]))
    assert judged() == ["bot", "bot"]


def test_a_person_who_follows_a_link_has_opened_the_mail(config, message, story):
    come_in(config, hit(message, 4, agent="Mozilla/5.0", address=RELAY), hit(message, 900, story[0]))
    assert judged() == ["prefetch", "human"]
    told = Event.objects.get(source="implied")
    assert (told.kind, told.judged, told.reasons, told.at) == ("open", "human", "implied", NOW + timedelta(seconds=900))
    opens = Tally.objects.get(kind="open")
    assert (opens.readers, opens.messages) == (1, 1)


def test_an_open_is_implied_once_however_often_a_person_comes_back(config, message, story):
    come_in(config, hit(message, 900, story[0]))
    come_in(config, hit(message, 5000, story[1]))
    assert Event.objects.filter(source="implied").count() == 1


def test_nothing_is_implied_where_somebody_was_seen_to_open_it(config, message, story):
    come_in(config, hit(message, 890), hit(message, 900, story[0]))
    assert not Event.objects.filter(source="implied").exists()


def test_nothing_is_implied_by_a_bot(config, message, story):
    come_in(config, hit(message, 1, story[0]))
    assert judged() == ["bot"]
    assert Event.objects.count() == 1


def test_nothing_is_implied_where_opens_are_not_counted(make_config, message, story):
    come_in(make_config(track={"opens": False}), hit(message, 900, story[0]))
    assert Event.objects.count() == 1


def test_of_somebody_who_does_not_want_to_be_followed_only_the_counts_know(config, issue, story):
    quiet = make_message(issue, make_subscriber(untracked=True))
    come_in(config, hit(quiet, 900), hit(quiet, 930, story[0]), hit(quiet, 1, story[0]))
    assert not Event.objects.exists()
    assert not Sign.objects.exists()
    clicks = Tally.objects.get(kind="click", link=None)
    assert (clicks.events, clicks.human, clicks.bot, clicks.folded) == (2, 1, 1, 2)


def test_in_aggregate_only_the_counts_know_of_anybody(make_config, message, story):
    config = make_config(newsletters={"weekly": {"track": "aggregate"}})
    come_in(config, hit(message, 900), hit(message, 930, story[0]))
    assert not Event.objects.exists()
    assert Tally.objects.get(kind="open").human == 1


def test_where_nothing_is_tracked_nothing_is_counted(make_config, message, story):
    config = make_config(newsletters={"weekly": {"track": "off"}})
    come_in(config, hit(message, 900), hit(message, 930, story[0]))
    assert not Event.objects.exists()
    assert not Tally.objects.exists()


def test_a_hit_of_no_message_or_of_another_issues_link_is_left_out(config, message, story):
    other = make_link(make_sent_issue(), "https://example.org/elsewhere")
    taken = take_in(happenings([hit(message, 9, other), hit(message, 9)._replace(message=10**9)], config), NOW)
    assert (len(taken.new), taken.strange) == (0, 2)


def test_a_clock_that_stepped_back_makes_nobody_a_bot(config, message, story):
    come_in(config, hit(message, -7200), hit(message, -7190, story[0]))
    assert judged() == ["human", "human"]


def test_an_operators_own_networks_count(make_config, tmp_path, message, story):
    (tmp_path / "mine.yaml").write_text(
        "date: 2026-11-30\nnetworks:\n  - {name: Ours, kind: scanner, source: us, ranges: [203.0.113.0/24]}\n"
    )
    come_in(make_config(track={"networks": "mine.yaml"}), hit(message, 3600, story[0]))
    assert judged() == ["bot"]


def test_what_one_turn_changes_of_counts_is_written_in_one_order(config, issue, message, story):
    """Whoever writes them twice locks some out of their order, and could wait in a circle with who brings hits in."""
    other = make_message(issue)
    hits = [hit(other, 7200 + at, link) for at, link in enumerate(story[:4])]
    take_in(happenings([hit(message, 3600, story[0]), *hits], config), NOW + timedelta(hours=3), config.closely)
    with CaptureQueriesContext(connection) as asked:
        look(config, NOW + timedelta(hours=3))
    assert judged() == ["human", *["bot"] * 4]
    assert Event.objects.filter(source="implied").count() == 1
    written = [one["sql"] for one in asked if one["sql"].strip().startswith('INSERT INTO "newsletter_tally"')]
    assert ["WHERE link_id IS NULL" in one for one in written] == [True, False]
    assert list(drifts(issue)) == []
