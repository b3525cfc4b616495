"""An editor thinks better of sending, and stops the presses, in a real browser and from whatever page is open."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.processes.conftest import Publication

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def reviewing(tmp_path):
    """A publication with an issue in review that nothing stops."""
    made = Publication(tmp_path / "daily", "")
    berlin = {"cron": "0 8 * * *", "time_zone": "Europe/Berlin"}
    made.configure(newsletter={"approval": "required", "schedule": berlin}, send={"undo": "5m"})
    made.readers(3)
    made.post("one.md", "---\ntitle: One\ndate: 2026-11-01\n---\nA story.\n")
    made.start("run")
    try:
        made.wait_for(lambda: "is running" in made.log(), "the start")
        made.wait_for(lambda: made.row("SELECT 1 FROM newsletter_issue WHERE status = 'in_review'"), "a review")
        yield made
    finally:
        made.stop_all()


def test_an_issue_is_sent_back_approved_sent_off_and_stopped_before_it_goes(reviewing, page):
    sign_in(reviewing, page)
    (issue,) = reviewing.row("SELECT id FROM newsletter_issue")
    desk = f"{reviewing.url}/desk/newsletter/issue/{issue}"
    page.get_by_role("link", name="Look it over").click()
    page.get_by_role("link", name="Send it back").click()
    page.get_by_label("What is to be mended").fill("It has no source")
    page.get_by_role("button", name="Send back").click()
    expect(page.get_by_text("is sent back, with what you wrote")).to_be_visible()
    page.goto(f"{reviewing.url}/desk/")
    expect(page.get_by_text("It has no source")).to_be_visible()
    page.goto(f"{desk}/hand_in/")
    page.get_by_role("button", name="Hand in again").click()
    page.goto(f"{desk}/approve/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("is approved.")).to_be_visible()

    page.goto(f"{desk}/schedule/")
    page.get_by_label("Send at").fill("2099-03-29T02:30")
    expect(page.locator("#when")).to_contain_text("02:30 does not exist")
    page.get_by_label("Send at").fill("2099-10-25T02:30")
    page.get_by_label("The second").check()
    expect(page.locator("#when")).to_contain_text("Sunday 25 October 2099, 02:30")

    page.goto(f"{desk}/send/")
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#presses-said")).to_contain_text("goes out")
    page.goto(f"{reviewing.url}/desk/growth/")
    presses = page.locator("#presses")
    expect(presses).to_contain_text("goes out in")
    presses.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(f"{reviewing.url}/desk/growth/")
    expect(presses.get_by_role("button", name="Go on")).to_be_visible()
    assert reviewing.row("SELECT status FROM newsletter_issue") == ("approved",)
    page.go_back()
    expect(presses).not_to_contain_text("goes out in")
