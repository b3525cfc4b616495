"""What opens and clicks come to once everything around them is known."""

import time
from itertools import count

import pytest

from newsletter.track.judging.evidence import MEANING, Reason
from newsletter.track.judging.review import CROWD, Seen, review, visits

SENT = 100_000.0
TRAP = 99
number = count(1)


def click(after, link=1, message=1, **fields):
    """A click so many seconds after the message went, from somebody's home."""
    return happened("click", after, message, link=link, trap=link == TRAP, **fields)


def opened(after, message=1, **fields):
    return happened("open", after, message, **fields)


def happened(kind, after, message, **fields):
    facts = frozenset(map(Reason, fields.pop("facts", ())))
    given = {"sent_at": SENT, "agent": "Chrome", "network": "203.0.113.0/24", **fields}
    return Seen(next(number), message, kind, SENT + after, facts=facts, **given)


def judged(events, **given):
    """Of each event, in the order given, what it is taken for."""
    verdicts = review(events, **given)
    return [str(verdicts[one.event].judged) for one in events]


def reasons(events, **given):
    return [verdict.reasons for verdict in review(events, **given).values()]


def test_somebody_who_opens_and_follows_two_links_is_a_person():
    events = [opened(600), click(640, 1), click(700, 2)]
    assert judged(events) == ["human"] * 3
    assert reasons(events) == ["", "", ""]


def test_a_program_that_follows_every_link_at_once_is_a_bot():
    events = [click(900 + at / 10, link) for at, link in enumerate(range(1, 9))]
    assert judged(events) == ["bot"] * 8
    assert set(reasons(events)) == {"burst"}


def test_it_is_a_bot_through_as_many_networks_as_links():
    events = [click(900 + at, link, network=f"198.51.{link}.0/24") for at, link in enumerate(range(1, 5))]
    assert judged(events) == ["bot"] * 4


def test_one_link_over_and_over_is_no_burst():
    assert judged([opened(890), *(click(900 + at / 10, 1) for at in range(9))]) == ["human"] * 10


def test_three_tabs_opened_side_by_side_are_somebodys():
    assert judged([opened(890), click(900, 1), click(901.5, 2), click(903, 3)]) == ["human"] * 4


def test_three_links_at_once_from_a_rented_machine_are_a_bots():
    assert judged([click(900 + at, at, facts=["hosting"]) for at in range(3)]) == ["bot"] * 3


def test_the_image_that_a_bot_loads_on_its_visit_is_the_bots():
    events = [opened(30), *(click(31 + at / 5, at) for at in range(6))]
    assert judged(events) == ["bot"] * 7


def test_a_person_who_comes_after_the_bot_stays_a_person():
    scan = [click(3 + at / 5, at) for at in range(6)]
    person = [opened(1800), click(1830, 4)]
    assert judged([*scan, *person]) == ["bot"] * 6 + ["human"] * 2


def test_a_person_in_the_same_office_as_its_filter_is_told_apart_half_a_minute_later():
    scan = [click(3 + at / 5, at) for at in range(6)]
    assert judged([*scan, opened(40), click(65, 1)]) == ["bot"] * 6 + ["human"] * 2


def test_the_hidden_link_gives_away_all_that_is_done_to_the_message_then():
    events = [click(900, TRAP), click(902, 1, network="198.51.100.0/24", agent="Edge"), opened(896), click(906, 2)]
    assert judged(events) == ["bot"] * 4
    assert judged([click(900, TRAP), opened(950), click(960, 1)]) == ["bot", "human", "human"]


def test_a_head_gives_away_the_visit_it_belongs_to():
    assert judged([click(900, 1, facts=["head"]), click(904, 1)]) == ["bot", "bot"]
    assert judged([click(900, 1, facts=["head"]), opened(930), click(940, 1)]) == ["bot", "human", "human"]


def test_a_link_followed_early_from_a_rented_machine_without_an_image_is_a_bots():
    early = click(250, 1, facts=["hosting"])
    assert judged([early]) == ["bot"]
    assert reasons([early]) == ["hosting,no_pixel"]


def test_somebody_without_images_behind_a_rented_gateway_is_a_person_later():
    assert judged([click(3600, 1, facts=["hosting"])]) == ["human"]


def test_somebody_who_never_loads_images_is_a_person():
    assert judged([click(61, 1)]) == ["human"]
    assert judged([click(59, 1)]) == ["bot"], "but nobody without images is that fast"


def test_nothing_is_made_of_missing_images_where_mails_hold_none():
    assert judged([click(250, 1, facts=["hosting"])], pixels=False) == ["human"]


def test_an_image_that_was_only_asked_after_was_not_loaded():
    assert judged([opened(100, facts=["head"]), click(120, 1, facts=["hosting"], agent="Edge")]) == ["bot", "bot"]


def test_a_network_that_follows_one_link_of_each_mail_as_it_comes_is_a_filter():
    events = [opened(24, m) for m in range(CROWD)] + [click(25 + m, 1, m, agent="Edge") for m in range(CROWD)]
    assert judged(events)[CROWD:] == ["bot"] * CROWD
    assert judged(events[: CROWD - 1] + events[CROWD:-1])[CROWD - 1 :] == ["human"] * (CROWD - 1)


def test_what_the_network_did_to_other_messages_is_heard_and_not_judged():
    around = [click(25 + m, 1, m) for m in range(2, 2 + CROWD)]
    mine = [opened(20), click(30, 1, agent="Edge")]
    assert judged(mine, around=around)[1] == "bot"
    assert judged(mine)[1] == "human"
    assert set(review(mine, around=around)) == {one.event for one in mine}


def test_an_office_whose_people_share_an_address_is_full_of_people():
    events = [one for m in range(200) for one in (opened(200 + 4 * m, m), click(220 + 4 * m, m % 5, m))]
    assert set(judged(events)) == {"human"}


def test_many_who_load_images_behind_one_carrier_as_the_mail_comes_are_people():
    assert set(judged([opened(20 + m / 50, m) for m in range(500)])) == {"human"}


def test_an_image_fetched_ahead_says_nothing_and_the_click_after_it_does():
    events = [opened(5, facts=["proxy"], agent="Apple privacy proxy", network="172.225.1.0/24"), click(900, 1)]
    assert judged(events) == ["prefetch", "human"]
    assert reasons(events) == ["proxy", ""]


def test_a_visit_ends_with_a_pause():
    found = list(visits([click(0), click(9), click(18), click(29)]))
    assert [len(one) for one in found] == [3, 1]


def test_the_order_in_which_events_are_given_changes_nothing():
    events = [opened(30), *(click(31 + at / 5, at) for at in range(6)), click(1800, 3), opened(1790)]
    assert review(events) == dict(
        sorted(review(events[::-1]).items(), key=lambda one: list(review(events)).index(one[0]))
    )


def test_events_that_bear_no_time_of_the_mail_are_judged_by_the_rest():
    assert judged([click(1, 1, sent_at=None)]) == ["human"]
    assert judged([click(at / 5, at, sent_at=None) for at in range(6)]) == ["bot"] * 6


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told_in_plain_words(reason):
    assert MEANING[reason]


def test_a_flood_on_one_message_is_judged_in_time():

    events = [click(900 + at / 10_000, TRAP if at % 2 else at % 50) for at in range(20_000)]
    began = time.process_time()
    assert set(judged(events)) == {"bot"}
    assert time.process_time() - began < 5
