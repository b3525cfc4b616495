"""A report in a real browser: its charts are drawn, told anew while it stays open, and follow light and dark."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("report_desk")]

OPENED = (
    "from django.utils import timezone; from newsletter.models import Event, Message;"
    " from newsletter.models.taking import Happening, take_in; now = timezone.now();"
    " message = Message.objects.order_by('pk')[{}];"
    " take_in([Happening(message.pk, Event.Kind.OPEN, now, judged='human')], now)"
)
POINTS = "() => Chart.getChart(document.querySelector('#chart-opened canvas')).data.datasets[0].data"
INK = "() => Chart.getChart(document.querySelector('#chart-opened canvas')).data.datasets[0].borderColor"


def test_a_report_is_drawn_and_stays_up_to_date(shared, page):
    sign_in(shared, page)
    page.locator(".desk-today-of").get_by_role("link").click()
    expect(page.get_by_text("Nothing has come back yet", exact=False).first).to_be_visible()
    shared.python(OPENED.format(0))
    # Nobody reloads the page: the chart comes with the part that was empty before.
    expect(page.locator("#chart-opened canvas")).to_be_visible()
    page.wait_for_function("() => Chart.getChart(document.querySelector('#chart-opened canvas'))")
    before = page.evaluate(POINTS)
    assert before[-1] > 0

    page.evaluate("document.querySelector('#chart-opened canvas').dataset.mark = 'same'")
    shared.python(OPENED.format(1))
    page.wait_for_function(f"before => ({POINTS})().at(-1) > before", arg=before[-1])
    assert page.evaluate("document.querySelector('#chart-opened canvas').dataset.mark") == "same"

    light = page.evaluate(INK)
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_function(f"light => ({INK})() !== light", arg=light)

    page.get_by_text("The same as a table").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Opened, adjusted").first).to_be_visible()


def test_the_link_map_shows_the_mail_and_leads_back(shared, page):
    sign_in(shared, page)
    page.locator(".desk-today-of").get_by_role("link").click()
    page.get_by_role("link", name="Link map").click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("a span[title*='clicks']").first).to_be_visible()
    expect(page.get_by_role("heading", name="The same as a table")).to_be_visible()
    page.get_by_role("link", name="All issues", exact=True).click()
    expect(page.get_by_text("Issue by issue")).to_be_visible()
