"""An issue's checks in a real browser: they run by themselves, a blocker stops approval, a reason overrides it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.processes.conftest import Publication

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def reviewing(tmp_path):
    """A publication with an issue in review that holds what nobody meant to send."""
    made = Publication(tmp_path / "daily", "")
    made.configure(newsletter={"approval": "required"})
    made.readers(3)
    made.post("one.md", "---\ntitle: One\ndate: 2026-11-01\n---\nLorem ipsum dolor sit amet.\n")
    made.start("run")
    try:
        made.wait_for(lambda: "is running" in made.log(), "the start")
        made.wait_for(lambda: made.row("SELECT 1 FROM newsletter_issue"), "an issue")
        yield made
    finally:
        made.stop_all()


def test_a_blocker_is_found_stops_approval_and_is_overridden(reviewing, page):
    sign_in(reviewing, page)
    (issue,) = reviewing.row("SELECT id FROM newsletter_issue")
    page.goto(f"{reviewing.url}/desk/issue/{issue}/checks/")
    # Nobody asks for them, and nobody reloads the page.
    expect(page.locator("#checks h2").first).to_contain_text("1 blocker")
    expect(page.get_by_text("“Lorem ipsum” looks like something still to be filled in", exact=False)).to_be_visible()

    page.goto(f"{reviewing.url}/desk/newsletter/issue/{issue}/approve/")
    expect(page.locator("#checks-line")).to_contain_text("1 blocker")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("was not approved, because of a blocker", exact=False)).to_be_visible()

    page.goto(f"{reviewing.url}/desk/issue/{issue}/checks/")
    page.get_by_label("Let it go out all the same, because").fill("It is a story about typesetting")
    page.get_by_role("button", name="Override 1 blocker").click()
    expect(page.get_by_text("It can be approved now", exact=False)).to_be_visible()
    expect(page.get_by_text("“It is a story about typesetting”", exact=False)).to_be_visible()
    page.goto(f"{reviewing.url}/desk/newsletter/issue/{issue}/approve/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("is approved", exact=False)).to_be_visible()
