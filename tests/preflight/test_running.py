"""The job: it looks at what is wanted, keeps each step, and does nothing twice."""

import threading
from datetime import timedelta

import dns.resolver
import pytest

from newsletter import preflight
from newsletter.models import Issue, LinkCheck, Preflight
from newsletter.preflight import Means, running
from tests.factories import NOW, make_issue, make_item, make_post
from tests.preflight.conftest import KEY, PUBLIC, codes

pytestmark = pytest.mark.django_db
URL = "https://iana.org/x"


class World:
    """What answers to looks at links: all is well, but for what `broken` names. `asked` is what was looked at."""

    def __init__(self):
        self.broken, self.asked = set(), []

    def __call__(self, urls, settings, clock):
        self.asked += urls
        return [LinkCheck.of(url, "broken" if url in self.broken else "fine", clock(), fault="gone") for url in urls]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def config(make_config):
    return make_config(site={"url": "http://127.0.0.1:8000"})


@pytest.fixture
def issue():
    issue = make_issue(status=Issue.Status.IN_REVIEW, due_at=NOW + timedelta(days=1))
    make_item(issue, make_post(title="A whale falls", url=URL))
    return issue


def carry_on(config, world, now=NOW, stop=None):
    nobody = dns.resolver.Resolver(configure=False)
    running.carry_on(config, KEY, lambda: now, stop or threading.Event(), world, Means(nobody))


def test_an_issue_in_review_is_looked_at_by_itself_once_for_each_state(config, issue, world):
    for _ in range(3):
        running.want_for_review(config, KEY, NOW)
        carry_on(config, world)
    row = Preflight.objects.get()
    assert (row.is_done, row.checked_at, row.looked, world.asked) == (True, NOW, 1, [URL])
    Issue.objects.update(opening="Something new")
    running.want_for_review(config, KEY, NOW)
    carry_on(config, world)
    assert Preflight.objects.count() == 2
    assert world.asked == [URL]  # known already


@pytest.mark.parametrize("status", [Issue.Status.SENT, Issue.Status.SKIPPED, Issue.Status.SCHEDULED])
def test_issues_that_nobody_has_to_approve_are_left_alone(config, issue, world, status):
    Issue.objects.update(status=status)
    running.want_for_review(config, KEY, NOW)
    assert not Preflight.objects.exists()


def test_an_issue_that_cannot_be_rendered_is_passed_over_and_says_so_when_asked(config, issue, world):
    row = preflight.want(issue, config, KEY, NOW)
    issue.items.all().delete()
    running.want_for_review(config, KEY, NOW)
    carry_on(config, world)
    row.refresh_from_db()
    assert (row.is_done, [one["code"] for one in row.findings]) == (True, ["render"])
    told = preflight.standing(issue, config, KEY, NOW)
    assert [(one.code, one.level) for one in told.findings] == [("render", "blocker")]


def test_what_is_broken_is_looked_at_again_and_what_was_well_is_not(config, issue, world):
    make_item(issue, make_post(url="https://iana.org/y"))
    world.broken = {URL}
    preflight.want(issue, config, KEY, NOW)
    carry_on(config, world)
    assert codes(preflight.standing(issue, config, KEY, NOW).blockers) == ["link-broken"]
    world.asked.clear()
    world.broken = set()
    later = NOW + timedelta(minutes=5)
    preflight.want(issue, config, KEY, later)
    carry_on(config, world, later)
    assert world.asked == [URL]
    assert preflight.standing(issue, config, KEY, later).blockers == []


def test_two_wishes_are_one_and_a_worker_takes_what_no_other_has(config, issue, world):
    row = preflight.want(issue, config, KEY, NOW)
    assert preflight.want(issue, config, KEY, NOW) == row
    assert row.take(NOW)
    carry_on(config, world)
    assert world.asked == []
    carry_on(config, world, NOW + timedelta(minutes=6))  # the other one has died
    assert world.asked == [URL]


def test_a_worker_that_is_stopped_leaves_the_rest_to_the_next(config, issue, world):
    for number in range(running.AT_A_TIME + 5):
        make_item(issue, make_post(url=f"https://iana.org/{number}"))
    stop = threading.Event()

    def stopping(urls, settings, clock):
        stop.set()
        return world(urls, settings, clock)

    preflight.want(issue, config, KEY, NOW)
    carry_on(config, stopping, stop=stop)
    row = Preflight.objects.get()
    assert (row.is_done, row.looked) == (False, running.AT_A_TIME)
    carry_on(config, world, NOW + timedelta(minutes=6))
    row.refresh_from_db()
    assert (row.is_done, row.looked, len(world.asked)) == (True, running.AT_A_TIME + 6, running.AT_A_TIME + 6)


def test_a_fault_in_one_issue_is_no_other_ones(config, issue, world, caplog):
    other = make_issue(status=Issue.Status.IN_REVIEW, due_at=NOW + timedelta(days=2))
    make_item(other, make_post(url="https://iana.org/other"))
    preflight.want(issue, config, KEY, NOW)
    preflight.want(other, config, KEY, NOW)

    def failing(urls, settings, clock):
        if URL in urls:
            raise RuntimeError("the roof is on fire")
        return world(urls, settings, clock)

    carry_on(config, failing)
    assert {row.issue_id: row.is_done for row in Preflight.objects.all()} == {issue.pk: False, other.pk: True}
    assert "the roof is on fire" in caplog.text


def test_an_issue_that_changed_since_it_was_asked_for_is_looked_at_as_it_is(config, issue, world):
    preflight.want(issue, config, KEY, NOW)
    Issue.objects.update(opening="Something new")
    carry_on(config, world)
    carry_on(config, world)
    told = preflight.standing(Issue.objects.get(), config, KEY, NOW)
    assert (told.current, told.running, Preflight.objects.count()) == (True, False, 1)


def test_results_of_states_long_gone_are_dropped_but_not_those_of_what_was_approved(config, issue, world):
    for number in range(9):
        Issue.objects.update(opening=f"State {number}")
        preflight.want(Issue.objects.get(), config, KEY, at := NOW + timedelta(minutes=number))
        carry_on(config, world, at)
    assert Preflight.objects.count() == 5


def test_nobody_is_asked_where_links_are_off(make_config, issue, world):
    config = make_config(compose={"preflight": {"links": False}}, **PUBLIC)
    preflight.want(issue, config, KEY, NOW)
    carry_on(config, world)
    row = Preflight.objects.get()
    assert (row.is_done, row.links, row.outside, world.asked) == (True, [], [], [])


def test_what_is_kept_is_shown_until_there_is_something_new(config, issue, world):
    told = preflight.standing(issue, config, KEY, NOW)
    assert (told.row, told.current, told.findings, told.summary) == (None, False, [], "")
    preflight.want(issue, config, KEY, NOW)
    assert preflight.standing(issue, config, KEY, NOW).running
    carry_on(config, world)
    Issue.objects.update(opening="Lorem ipsum")
    changed = preflight.standing(Issue.objects.get(), config, KEY, NOW)
    assert (changed.current, changed.row is not None, "placeholder" in codes(changed.findings)) == (False, True, False)


def test_a_code_that_is_no_more_is_left_out_of_what_was_kept(config, issue, world):
    preflight.want(issue, config, KEY, NOW)
    carry_on(config, world)
    Preflight.objects.update(findings=[{"code": "of-yesterday", "what": "", "do": "", "where": "", "item": None,
                                        "about": "", "level": None}])  # fmt: skip
    assert "of-yesterday" not in codes(preflight.standing(issue, config, KEY, NOW).findings)
