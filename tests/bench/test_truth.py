"""Invented readers: the same each time for a seed, and told from what checks their mail."""

from dataclasses import replace

import pytest

from newsletter.bench.crowd import Crowd
from newsletter.bench.mix import Mix
from newsletter.bench.truth import MIXES, Compared, mixes, row
from newsletter.track.judging import agents, networks
from newsletter.track.judging.estimate import FEW, extrapolated
from newsletter.track.judging.evidence import facts
from newsletter.track.judging.review import Seen, review

BEGAN = 1_000_000_000.0


def seen(number, hit, sent):
    """A hit as it is kept."""
    agent = agents.family(hit.agent)
    noted = facts(hit.kind, hit.method, agent, hit.purpose, networks.load().find(networks.parsed(hit.address)))
    click = hit.kind == "click"
    return Seen(
        number, hit.message, hit.kind, hit.at, sent[hit.message], hit.link if click else None, click and hit.link == 0,
        agent, networks.truncated(hit.address), frozenset(noted),
    )  # fmt: skip


def people(crowd):
    """The messages that a person is taken to have followed a link of, and to have opened."""
    events = [seen(number, hit, crowd.sent) for number, hit in enumerate(crowd.hits)]
    verdicts = review(events)
    human = [one for one in events if verdicts[one.event].judged == "human"]
    clicked = {one.message for one in human if one.kind == "click"}
    return clicked, clicked | {one.message for one in human if one.kind == "open"}


def test_a_seed_makes_the_same_readers_and_another_one_others():
    mix = Mix("usual", people=200)
    assert Crowd(mix, BEGAN).hits == Crowd(mix, BEGAN).hits
    assert Crowd(mix, BEGAN).hits != Crowd(replace(mix, seed=2), BEGAN).hits


@pytest.mark.parametrize("name", ["usual", "mostly Apple", "few carriers", "drawn 1", "drawn 2"])
def test_who_is_taken_for_a_person_is_nearly_who_is_one(name):
    (mix,) = [one for one in mixes(seed=7) if one.name == name]
    crowd = Crowd(replace(mix, people=4000), BEGAN)
    clicked, opened = people(crowd)
    assert len(clicked ^ crowd.truth.clicked) <= 0.06 * len(crowd.truth.clicked)
    assert len(opened ^ crowd.truth.known) <= 0.03 * len(crowd.truth.known)


def test_a_plain_count_is_far_off():
    crowd = Crowd(replace(MIXES[0], people=2000), BEGAN)
    raw = {hit.message for hit in crowd.hits if hit.kind == "click"}
    assert len(raw) > 2 * len(crowd.truth.clicked)
    raw = {hit.message for hit in crowd.hits if hit.kind == "open"}
    assert len(raw) > 2 * len(crowd.truth.known)


def test_people_alone_are_all_taken_for_people():
    crowd = Crowd(replace(MIXES[0], people=2000, scanned=0, shared=0), BEGAN)
    clicked, opened = people(crowd)
    assert len(crowd.truth.clicked - clicked) <= 1
    assert len(crowd.truth.known - opened) <= 2


def test_a_mix_that_is_too_far_off_is_not_close_and_its_row_says_how_far():
    figures = {"raw_clicks": 300, "clicks": 106, "true_clicks": 100, "raw_opens": 900, "opens": 100, "true_opens": 100,
               "raw_by_link": 200, "by_link": 100, "true_by_link": 100, "looked": 200, "likely": None}  # fmt: skip
    assert not Compared("usual", 1, 1000, False, figures).close
    assert Compared("usual", 1, 1000, False, {**figures, "clicks": 95}).close
    assert Compared("beyond telling", 1, 1000, True, figures).close
    assert "| 100 | 300 (+200.0 %) | 106 (+6.0 %) |" in row(Compared("usual", 1, 1000, False, figures))


def test_whose_images_tell_nothing_are_taken_to_follow_links_as_often_as_all_others():
    told, silent = set(range(400)), set(range(1000, 2000))
    clicked = set(range(100)) | set(range(1000, 1050))
    assert extrapolated(told | clicked, clicked, silent) == (450, 600)


def test_too_few_clicks_say_nothing_of_the_silent():
    assert extrapolated(set(range(400)), set(range(FEW - 1)), set()).likely is None
