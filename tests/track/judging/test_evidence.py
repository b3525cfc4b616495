"""What one open or click tells by itself, and what it must not be taken for."""

import pytest

from newsletter.track.hits import Hit
from newsletter.track.judging.glance import glance

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
APPLE = "Mozilla/5.0"
HOME, RENTED, FILTER, RELAY, GOOGLE = "203.0.113.7", "20.70.1.2", "209.222.82.3", "172.225.1.1", "66.249.84.1"


def seen(kind="click", after=3600.0, method="GET", agent=CHROME, address=HOME, purpose="", trap=False, sent=1000.0):
    """The verdict on one hit so many seconds after its message."""
    hit = Hit(kind, 1, 2 if kind == "click" else 0, 1000.0 + after, method, agent, address, purpose)
    judged, reasons = glance(hit, sent, trap)
    return str(judged), reasons


@pytest.mark.parametrize("kind", ["open", "click"])
def test_somebody_at_home_with_a_browser_an_hour_later_is_a_person(kind):
    assert seen(kind) == ("human", "")


@pytest.mark.parametrize("kind", ["open", "click"])
def test_a_head_is_no_persons(kind):
    assert seen(kind, method="HEAD") == ("bot", "head")


def test_the_link_that_no_person_sees_is_followed_by_none():
    assert seen(trap=True) == ("bot", "honeypot")


@pytest.mark.parametrize("kind", ["open", "click"])
def test_a_company_that_checks_mail_is_no_reader(kind):
    assert seen(kind, address=FILTER) == ("bot", "network")


@pytest.mark.parametrize("agent", ["python-requests/2.31", "Barracuda Sentinel (EE)", "Slackbot-LinkExpanding 1.0"])
def test_what_a_program_calls_itself_is_never_enough(agent):
    assert seen(agent=agent) == ("human", "agent")
    assert seen("open", agent=agent) == ("human", "agent")


def test_a_program_that_says_so_on_a_rented_machine_is_a_bot():
    assert seen(agent="curl/8.5.0", address=RENTED) == ("bot", "agent,hosting")


def test_a_browser_on_a_rented_machine_may_be_somebodys_vpn():
    assert seen(address=RENTED) == ("human", "hosting")
    assert seen(address=RENTED, after=179) == ("bot", "timing,hosting")


@pytest.mark.parametrize(("after", "judged"), [(0, "bot"), (4.9, "bot"), (5.1, "human"), (30, "human"), (-1, "human")])
def test_nobody_gets_a_mail_reads_it_and_follows_a_link_within_five_seconds(after, judged):
    assert seen(after=after) == (judged, "timing")


def test_a_mail_may_be_opened_the_moment_it_comes():
    assert seen("open", after=1) == ("human", "timing")
    assert seen("open", after=61) == ("human", "")


@pytest.mark.parametrize("after", [-86_400, -601])
def test_what_seems_to_come_long_before_its_mail_tells_of_a_clock_alone(after):
    assert seen(after=after) == ("human", "")


def test_a_mail_of_which_nobody_knows_when_it_went_has_no_timing():
    assert seen(after=1, sent=None) == ("human", "")


@pytest.mark.parametrize(
    ("agent", "address"), [(APPLE, RELAY), (APPLE, HOME), ("", RELAY), (GMAIL_AHEAD, GOOGLE)]
)  # fmt: skip
@pytest.mark.parametrize("after", [0.5, 3600])
def test_an_image_that_a_mail_service_fetches_ahead_says_nothing(agent, address, after):
    assert seen("open", after=after, agent=agent, address=address)[0] == "prefetch"


def test_an_image_that_gmail_fetches_for_somebody_who_looks_is_an_open_however_soon():
    assert seen("open", after=1, agent=GMAIL, address=GOOGLE) == ("human", "")


def test_people_who_surf_through_apples_relay_are_people():
    assert seen("click", agent=SAFARI, address=RELAY) == ("human", "")
    assert seen("open", agent=SAFARI, address=RELAY) == ("human", "")


def test_a_browser_that_says_it_fetches_in_advance_has_not_been_looked_at():
    assert seen("click", purpose="prefetch") == ("prefetch", "prefetch")


def test_a_head_through_a_proxy_is_still_a_head():
    assert seen("open", method="HEAD", agent=APPLE, address=RELAY)[0] == "bot"


def test_an_address_that_is_none_tells_nothing():
    assert seen(address="unknown") == ("human", "")
