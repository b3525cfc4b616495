"""A newcomer's first quarter of an hour, in a real browser: sign in, read a mail, leave a list, see it counted."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import publication, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("newcomer")]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Begun with nothing: no file but those of `newsletter init`."""
    with publication(tmp_path_factory.mktemp("new")) as made:
        yield made


def test_from_signing_in_to_a_reader_who_leaves(shared, page):
    sign_in(shared, page)
    page.get_by_role("link", name="Outbox").click()
    page.get_by_role("link", name="2026", exact=False).first.click()
    page.get_by_role("link", name="ada@readers.example.org", exact=False).first.click()
    mail = page.frame_locator("iframe").first
    expect(mail.get_by_role("heading", name="Hello, and welcome", exact=False)).to_be_visible()
    way_out = mail.get_by_role("link", name="Unsubscribe").get_attribute("href")

    page.goto(way_out)
    expect(page.get_by_text("a•••@readers.example.org")).to_be_visible()
    assert shared.facts("lists")[0]["active"] == 2
    page.get_by_role("button", name=re.compile("unsubscribe", re.I)).click()
    expect(page.get_by_role("heading")).to_contain_text(re.compile("unsubscribed|left|no longer", re.I))
    assert shared.facts("lists")[0]["active"] == 1

    page.goto(f"{shared.url}/desk/issue/1/report/")
    step = page.locator(".desk-funnel > *").filter(has=page.get_by_text("Unsubscribed", exact=True))
    expect(step).to_contain_text(re.compile(r"1\s+50\.0\s?%"))


def test_the_archive_leads_from_home_to_an_issue_to_a_post(shared, page):
    page.goto(shared.url)
    page.get_by_role("link", name="Hello, and welcome", exact=False).click()
    page.get_by_role("link", name="How a post becomes a mail").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How a post becomes a mail")
