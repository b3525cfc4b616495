"""An issue on its way, in a real browser: it is watched, paused and resumed, and what went wrong is seen to."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.processes.conftest import Mailbox, Publication

pytestmark = [pytest.mark.browser, pytest.mark.processes]
READERS = 400
SENDING = "SELECT id FROM newsletter_issue WHERE status = 'sending'"


@pytest.fixture
def sending(tmp_path):
    """A publication whose mail server takes its time, with an issue that is being sent."""
    mailbox, made = Mailbox(), Publication(tmp_path / "daily", "")
    mailbox.delay = 1
    smtp = {"host": "127.0.0.1", "port": mailbox.port}
    made.configure(send={"transport": "smtp", "batch": 5, "smtp": smtp}, newsletter={"approval": "required"})
    made.readers(READERS)
    made.post("one.md", "---\ntitle: One\ndate: 2026-11-01\n---\nWhat happened.\n")
    made.start("run")
    try:
        made.wait_for(lambda: "is running" in made.log(), "the start")
        made.wait_for(lambda: made.row("SELECT 1 FROM newsletter_issue"), "an issue")
        for verb in ("approve", "send"):
            done = made.command(verb, "1")
            assert done.returncode == 0, done.stderr
        made.wait_for(lambda: made.row(SENDING), "sending")
        yield made, mailbox
    finally:
        made.stop_all()
        mailbox.close()


def test_an_issue_is_watched_paused_resumed_and_seen_to(sending, page):
    slow, mailbox = sending
    sign_in(slow, page)
    expect(page.locator("#being-sent").get_by_role("progressbar")).to_be_visible()
    page.locator("#being-sent a").first.click()
    panel = page.locator("#sending")
    expect(panel.get_by_text("It is being sent")).to_be_visible()
    before = int(panel.get_by_role("progressbar").get_attribute("aria-valuenow"))
    # Nobody reloads the page.
    expect(panel.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", str(before))

    page.get_by_role("button", name="Pause").click()
    expect(panel.get_by_text("It is paused")).to_be_visible()
    expect(panel.get_by_text("paused by editor")).to_be_visible()
    slow.wait_for(lambda: slow.row("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM newsletter_message"
                                   " WHERE state = 'submitting')"), "the wire to be empty")  # fmt: skip
    left = slow.row("SELECT count(*) FROM newsletter_message WHERE state = 'pending'")[0]
    assert left > 3
    slow.python(
        "from newsletter.models import Message; rows = Message.objects.filter(state='pending');"
        " ids = list(rows.values_list('pk', flat=True)[:3]);"
        " Message.objects.filter(pk=ids[0]).update(state='uncertain', reason='the answer was lost');"
        " Message.objects.filter(pk__in=ids[1:]).update(state='failed', reason='552 5.2.2 mailbox full')"
    )
    page.reload()
    page.get_by_role("link", name="Retry 2 failed").click()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("are sent again once the issue is resumed", exact=False)).to_be_visible()

    page.get_by_role("link", name="Settle 1 uncertain").click()
    page.get_by_label("Send again").check()
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_role("heading", name="Send 1 message a second time?")).to_be_visible()
    page.get_by_role("button", name="Send again all the same").click()
    expect(page.get_by_text("is sent again once the issue is resumed", exact=False)).to_be_visible()

    mailbox.delay = 0
    page.get_by_role("button", name="Resume").click()
    # The page finds out by itself that it is over.
    expect(page.get_by_text(re.compile(r"^Sent$", re.I)).first).to_be_visible()
    expect(page.locator("#sending")).to_have_count(0)
    assert slow.row("SELECT count(*) FROM newsletter_message WHERE state = 'submitted'") == (READERS,)
    page.goto(f"{slow.url}/desk/admin/logentry/")
    expect(page.get_by_text("2 messages of", exact=False).first).to_be_visible()


def test_the_panel_is_the_same_without_script(sending, browser, page):
    slow, _ = sending
    sign_in(slow, page)
    known = page.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=known) as context:
        plain = context.new_page()
        plain.goto(f"{slow.url}/desk/issue/{slow.row(SENDING)[0]}/sending/")
        assert plain.locator("#sending").get_by_role("progressbar").count() == 1
        plain.get_by_role("button", name="Pause").click()
        assert "It is paused" in plain.content()
        plain.get_by_role("link", name="Cancel for good").click()
        plain.get_by_role("button", name=re.compile("Cancel issue")).click()
        assert "is cancelled" in plain.content()
    assert slow.row("SELECT status FROM newsletter_issue") == ("cancelled",)
