"""An admin at work on the audience, in a real browser: a file with bad rows, a search, tags, suppression, a person."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]

GOOD = "".join(f"Reader {n},reader{n}@import.example.org,Berlin\n" for n in range(30))
BAD = "Nobody,not an address,Rome\nMissing,,Oslo\nAgain,reader1@import.example.org,Bonn\n"
ROWS = f"Name,E-mail address,City\n{GOOD}{BAD}"


def test_an_admin_brings_people_in_and_sees_to_them(running, page, tmp_path):
    sign_in(running, page)
    file = tmp_path / "people.csv"
    file.write_text(ROWS)

    page.goto(f"{running.url}/desk/import/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("people.csv", exact=False).first).to_be_visible()
    expect(page.get_by_label("What “E-mail address” is")).to_have_value("email")
    expect(page.get_by_label("What “City” is")).to_have_value("field")

    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Say how they agreed", exact=False)).to_be_visible()
    page.get_by_label("List", exact=False).first.select_option(index=1)
    page.get_by_label("How they agreed").fill("ticked the box at the fair")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("This was a trial", exact=False)).to_be_visible()
    expect(page.get_by_role("cell", name="not an address")).to_be_visible()

    page.get_by_role("button", name="Import for good").click()
    expect(page.get_by_text(re.compile("^Done: 33 rows"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download")).click()
    assert "not an address" in download.value.path().read_text()

    page.goto(f"{running.url}/desk/subscribers/subscriber/?q=import.example")
    expect(page.get_by_text("30 people")).to_be_visible()
    page.get_by_label("Select all", exact=False).first.check()
    page.locator("select[name=action]").select_option(label="Add a tag …")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="Add a tag: 30 people")).to_be_visible()
    page.get_by_label("Or a new tag").fill("fair")
    page.get_by_role("button", name="Add a tag").click()
    expect(page.get_by_text("Done: 30 people changed")).to_be_visible()

    page.goto(f"{running.url}/desk/subscribers/subscriber/?q=reader7@import.example.org&tag=fair")
    page.get_by_role("link", name="reader7@import.example.org").click()
    page.get_by_role("link", name="Suppress", exact=True).click()
    page.get_by_label("Why").fill("asked on the phone")
    page.get_by_role("button", name="Suppress").click()
    page.get_by_role("link", name="Back to the person").click()
    expect(page.get_by_text("Nothing is sent, whatever the lists say", exact=False)).to_be_visible()
    expect(page.get_by_text("ticked the box at the fair").first).to_be_visible()

    page.get_by_role("link", name="Lift suppression").click()
    page.get_by_label("Why").fill("wants it after all")
    page.get_by_role("button", name="Lift suppressions").click()
    page.get_by_role("link", name="Back to the person").click()
    expect(page.get_by_text("wants it after all").first).to_be_visible()
    expect(page.get_by_text("Nothing is sent", exact=False)).to_have_count(0)
    assert running.facts("lists")[0]["active"] == 32
