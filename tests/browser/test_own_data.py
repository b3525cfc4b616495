"""A reader gets their data and is erased, in a real browser and from a real mail; and staff do it at the desk."""

import email
import email.policy
import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("own_data")]
ADA, BEN = "ada@readers.example.org", "ben@readers.example.org"


def mails(shared, to):
    """The service mails in the outbox, to one address."""
    found = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
             for file in sorted(shared.folder.glob("var/outbox/*/notices/*.eml"))]  # fmt: skip
    return [mail for mail in found if to in mail["To"]]


def link_in(shared, to, part):
    def found():
        for mail in mails(shared, to):
            if hit := re.search(rf"http\S+/preferences/{part}/\S+", mail.get_body(("plain",)).get_content()):
                return hit[0]
        return None

    return shared.wait_for(found, f"a mail to {to}")


def ask(shared, page, address, button):
    page.goto(f"{shared.url}/privacy/")
    page.get_by_role("link", name="get a copy", exact=False).click()
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Now look into your mailbox")


def test_a_reader_takes_their_data_and_goes(shared, page, tmp_path):
    before = shared.facts("lists")[0]["active"]
    ask(shared, page, ADA, "Mail me a link to my data")
    page.goto(link_in(shared, ADA, "data"))
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download my data").click()
    coming.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        facts = json.loads(archive.read("your-data.json"))
        (tmp_path / "mine.html").write_bytes(archive.read("your-data.html"))
    assert facts["person"][0]["address"] == ADA
    page.goto((tmp_path / "mine.html").as_uri())
    expect(page.get_by_role("heading", name="What you get")).to_be_visible()

    ask(shared, page, ADA, "Mail me a link to erase me")
    page.goto(link_in(shared, ADA, "erase"))
    expect(page.get_by_text("a•••@readers.example.org")).to_be_visible()
    assert shared.command("subscribers", "show", ADA).returncode == 0, "looking erases nobody"
    page.get_by_role("button", name="Erase me for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are erased")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are erased")
    assert shared.command("subscribers", "show", ADA).returncode == 1
    assert shared.facts("lists")[0]["active"] == before - 1
    assert len(mails(shared, ADA)) == 2, "nothing is mailed afterwards"


def test_staff_erase_somebody_who_has_written_a_letter(shared, page):
    sign_in(shared, page)
    page.get_by_role("link", name="Subscribers").click()
    page.get_by_role("link", name=BEN).first.click()
    page.get_by_role("link", name="Their data").first.click()
    expect(page.get_by_role("heading", name=f"A copy for {BEN}")).to_be_visible()
    page.get_by_role("link", name="Erase …").click()
    page.get_by_label("Address").fill("ada@readers.example.org")
    page.get_by_role("button", name="Erase this person").click()
    expect(page.get_by_text("This is not the address")).to_be_visible()
    page.get_by_label("Address").fill(BEN)
    page.get_by_role("button", name="Erase this person").click()
    expect(page.get_by_text("The person is erased.")).to_be_visible()
    expect(page.get_by_role("link", name=BEN)).to_have_count(0)
    assert shared.command("subscribers", "erase", BEN, "--yes").returncode == 0, "a second time it is done already"
