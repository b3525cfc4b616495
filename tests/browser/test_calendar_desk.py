"""An editor moves a date in a real browser: by dragging it, back, and by keys alone; and tries a recurrence out."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("calendar")]


def test_a_date_is_dragged_put_back_and_moved_by_keys_and_the_series_shows_what_would_be(shared, page):
    sign_in(shared, page)
    # A week that lies ahead as a whole, so that each of its days can be moved to.
    ahead = datetime.now(UTC) + timedelta(weeks=3)
    page.goto(f"{shared.url}/desk/calendar/?week={ahead:%G-W%V}")
    entry = page.locator(".calendar-entry")
    expect(entry).to_have_count(1)
    days = page.locator("td[data-day]")
    here = entry.locator("xpath=ancestor::td").get_attribute("data-day")
    other = next(day for day in days.evaluate_all("all => all.map(one => one.dataset.day)") if day != here)
    entry.drag_to(page.locator(f'td[data-day="{other}"]'))
    expect(page.locator("#calendar-said")).to_contain_text("is due on")
    expect(page.locator(f'td[data-day="{other}"] .calendar-entry')).to_contain_text("moved from")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'td[data-day="{here}"] .calendar-entry')).to_be_visible()
    # The same without a mouse.
    page.locator(".calendar-entry a").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Day").fill(other)
    page.get_by_label("Time", exact=True).fill("10:30")
    page.get_by_role("button", name="Move", exact=True).press("Enter")
    expect(page.locator(f'td[data-day="{other}"] .calendar-entry')).to_contain_text("10:30")
    page.get_by_role("link", name="Series of").first.click()
    expect(page.locator(".calendar-dates li")).to_have_count(10)
    page.get_by_label("On a day of each month").check()
    expect(page.get_by_text("As they would be")).to_be_visible()
    expect(page.locator(".calendar-part[data-for=weekly]")).to_be_hidden()
