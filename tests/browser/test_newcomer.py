"""A newcomer's first quarter of an hour, in a real browser: sign in, read a mail, leave a list, see it counted."""

import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.processes.conftest import Publication, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture
def page():
    """A page of Debian's Chromium, which fails the test on any error in its console."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium is installed")
    errors = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert errors == []


@pytest.fixture
def running(tmp_path):
    """A publication made by `newsletter init`, and running."""
    made = Publication(tmp_path / "mine", "")
    assert made.command("init", str(made.folder), cwd=tmp_path).returncode == 0
    made.listen_by_environment()
    made.start("run")
    wait_for(lambda: "is running" in made.log(), 60, f"the start\n{made.log()}")
    yield made
    made.stop_all()


def test_from_signing_in_to_a_reader_who_leaves(running, page):
    sign_in(running, page)
    page.get_by_role("link", name="Outbox").click()
    page.get_by_role("link", name="2026", exact=False).first.click()
    page.get_by_role("link", name="ada@readers.example.org", exact=False).first.click()
    mail = page.frame_locator("iframe").first
    expect(mail.get_by_role("heading", name="Hello, and welcome", exact=False)).to_be_visible()
    way_out = mail.get_by_role("link", name="Unsubscribe").get_attribute("href")

    page.goto(way_out)
    expect(page.get_by_text("a•••@readers.example.org")).to_be_visible()
    assert running.facts("lists")[0]["active"] == 2
    page.get_by_role("button", name=re.compile("unsubscribe", re.I)).click()
    expect(page.get_by_role("heading")).to_contain_text(re.compile("unsubscribed|left|no longer", re.I))
    assert running.facts("lists")[0]["active"] == 1

    page.goto(f"{running.url}/desk/issue/1/report/")
    expect(page.get_by_text("Unsubscribed")).to_be_visible()
    expect(page.get_by_text("50.0% of sent").last).to_be_visible()


def test_the_archive_leads_from_home_to_an_issue_to_a_post(running, page):
    page.goto(running.url)
    page.get_by_role("link", name="Hello, and welcome", exact=False).click()
    page.get_by_role("link", name="How a post becomes a mail").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How a post becomes a mail")


def sign_in(running, page):
    """With the name and password that the first start has printed."""
    password = re.search(r"password +(\S+)", running.log())[1]
    page.goto(f"{running.url}/desk/")
    page.get_by_label("Username").fill("editor")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Latest issues")).to_be_visible()
