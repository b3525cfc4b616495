"""An A/B test in a real browser: made, approved, a share of it sent, judged by clicks, and the rest sent the winner."""

from collections import Counter
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.processes.conftest import Publication

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CLICKED = (
    "from datetime import timedelta; from django.utils import timezone;"
    " from newsletter.models import Event, Message, Trial;"
    " from newsletter.models.taking import Happening, take_in; now = timezone.now();"
    " got = Message.objects.filter(variant='b', state='submitted').order_by('pk')[:9];"
    " take_in([Happening(one.pk, Event.Kind.CLICK, now, judged='human') for one in got], now);"
    " Trial.objects.update(ends_at=now - timedelta(seconds=1))"
)


@pytest.fixture
def reviewing(tmp_path):
    """A publication with an issue in review and forty readers."""
    made = Publication(tmp_path / "daily", "")
    made.configure(newsletter={"approval": "required"}, send={"transport": "outbox", "undo": "0s"})
    made.readers(40)
    made.post("one.md", "---\ntitle: One\ndate: 2026-11-01\n---\nA story.\n")
    made.start("run")
    try:
        made.wait_for(lambda: "is running" in made.log(), "the start")
        made.wait_for(lambda: made.row("SELECT 1 FROM newsletter_issue WHERE status = 'in_review'"), "an issue")
        yield made
    finally:
        made.stop_all()


def subjects(made):
    files = made.folder.rglob("*.eml")
    return Counter(message_from_bytes(one.read_bytes(), policy=policy.default)["Subject"] for one in files)


def verb(made, page, issue, name, button):
    page.goto(f"{made.url}/desk/newsletter/issue/{issue}/{name}/")
    page.get_by_role("button", name=button).click()


def test_the_variant_that_was_clicked_goes_to_the_rest(reviewing, page):
    sign_in(reviewing, page)
    (issue,) = reviewing.row("SELECT id FROM newsletter_issue")
    test = f"{reviewing.url}/desk/issue/{issue}/ab/"
    page.goto(test)
    page.get_by_role("button", name="Make an A/B test").click()
    expect(page.locator("#ab-faults")).to_contain_text("say the same")
    page.locator("#ab-b-subject").fill("Another subject")
    expect(page.locator("[data-ab-card=b] [data-show=subject]")).to_have_text("Another subject")
    page.get_by_label("Share of the audience").fill("50")
    expect(page.locator("#ab-people")).to_have_text("10 of 40 readers get each variant; 20 wait for the winner.")
    # It is saved by itself, and then nothing is in its way.
    expect(page.locator("#ab-saved")).to_contain_text("Saved ")
    expect(page.locator("#ab-faults")).to_be_hidden()

    verb(reviewing, page, issue, "approve", "Approve")
    expect(page.get_by_text("is approved", exact=False)).to_be_visible()
    verb(reviewing, page, issue, "send", "Send now")
    sending = "SELECT 1 FROM newsletter_issue WHERE status = 'sending'"
    reviewing.wait_for(lambda: reviewing.row(sending), "sending")
    page.goto(test)
    expect(page.get_by_role("heading", name="Waiting until", exact=False)).to_be_visible()
    assert subjects(reviewing)["Another subject"] == 10
    assert sum(subjects(reviewing).values()) == 20

    reviewing.python(CLICKED)
    # Nobody reloads the page, and nobody presses anything.
    expect(page.get_by_role("heading", name="Variant B goes to the rest")).to_be_visible()
    expect(page.get_by_text("B is more than 99 % likely to be the best", exact=False)).to_be_visible()
    reviewing.wait_for(lambda: subjects(reviewing)["Another subject"] == 30, "the rest")
    page.goto(f"{reviewing.url}/desk/issue/{issue}/report/")
    expect(page.get_by_text("Variant B went to the rest", exact=False)).to_be_visible()
    expect(page.get_by_role("row", name="B Winner", exact=False)).to_contain_text("90.0 %")
