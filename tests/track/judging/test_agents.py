"""Of a user agent a family is kept, and nothing else."""

import pytest

from newsletter.models import Event
from newsletter.track.judging.agents import FAMILIES, family, is_machine

AGENTS = {
    "Mozilla/5.0": "Apple privacy proxy",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)": "Gmail proxy",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0": "Gmail, ahead of time",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": "Yahoo proxy",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)": "Apple Mail",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148":
        "Apple Mail",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.1.0": "Thunderbird",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)": "Outlook",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)": "Outlook",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36":
        "Chrome",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36 "
    "Edg/129.0.0.0": "Edge",
    "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 40) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile "
    "Safari/537.36": "Chrome",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Safari/605.1.15": "Safari",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/129.0 "
    "Mobile/15E148 Safari/604.1": "Chrome",
    "Barracuda Sentinel (EE)": "Barracuda",
    "python-requests/2.31": "script",
    "curl/8.5.0": "script",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "link preview",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/129.0.0.0 Safari/537.36":
        "driven browser",
    "something of their own": "other",
    "  ": "none given",
}  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "name"), AGENTS.items(), ids=[f"{at} {name}" for at, name in enumerate(AGENTS.values())]
)
def test_a_program_is_known_by_its_family(agent, name):
    assert family(agent) == name


def test_every_family_fits_its_column():
    assert max(map(len, FAMILIES)) <= Event._meta.get_field("agent").max_length


def test_a_browser_is_no_machine_and_a_script_is():
    assert is_machine("script")
    assert not any(map(is_machine, ("Chrome", "Gmail proxy", "Apple privacy proxy", "other", "none given")))


def test_an_agent_made_to_take_long_does_not():
    assert family("Macintosh " * 50) == "other"
