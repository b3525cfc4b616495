"""The week of an issue in a real browser, by those who make it: an admin, an editor, an approver, and a writer."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import blank_page
from tests.processes.conftest import Mailbox, Publication

pytestmark = [pytest.mark.browser, pytest.mark.processes]
PASSWORD = "a password of some length"
PEOPLE = {"lena": "List admin", "ed": "Editor", "ana": "Approver", "wren": "Writer"}
STORIES = ("Whales sing a new song", "The bridge opens", "Buy our mattress", "A bakery turns 300")
ADDRESSES = [f"reader{number}@import.example.org" for number in range(5)]
STATUS = "SELECT status FROM newsletter_issue"
FORBIDDEN = ("approve", "refuse", "schedule", "unschedule", "send", "pause", "resume", "cancel", "stop", "go_on")


@pytest.fixture
def house(tmp_path, request):
    """A publication with posts and staff, and neither people nor an issue; its mail server is a real one."""
    mailbox, made = Mailbox(), Publication(tmp_path / "daily", "")
    # Weekly, and in four days: its cut-off does not come while it is looked at.
    schedule = {"cron": f"0 8 * * {datetime.now(UTC) + timedelta(days=4):%a}".upper(), "time_zone": "UTC"}
    made.configure(
        send={"transport": "smtp", "smtp": {"host": "127.0.0.1", "port": mailbox.port}, "undo": "10s"},
        newsletter={
            "approval": "required",
            "approval_by": "another",
            "first_issue": "on_schedule",
            "schedule": schedule,
        },
    )
    made.readers(0)
    for number, title in enumerate(STORIES):
        day = datetime.now(UTC) - timedelta(hours=number + 1)
        text = f"---\ntitle: {title}\ndate: {day:%Y-%m-%dT%H:%M:%SZ}\n---\nWhat there is to say about it: {title}.\n"
        made.post(f"{number}.md", text)
    made.begin_migrated(request.config)
    made.start("run")
    try:
        made.wait_for(lambda: "is running" in made.log(), "the start")
        # One hash for all of them: each takes the processor a while, as it should.
        made.python(
            "from django.contrib.auth.hashers import make_password; from django.contrib.auth.models import Group, User;"
            f" secret = make_password('{PASSWORD}'); [User.objects.create(username=name, email=name + '@example.org',"
            " password=secret, is_staff=True).groups.add(Group.objects.get(name=role))"
            f" for name, role in {PEOPLE!r}.items()]"
        )
        yield made, mailbox
    finally:
        made.stop_all()
        mailbox.close()


@pytest.fixture
def staff(house, browser):
    """Each member of staff signed in, in a browser of their own."""
    made, _ = house
    pages, open_ones = {}, []
    for name in PEOPLE:
        blank = blank_page(browser, viewport={"width": 1400, "height": 900})
        page = pages[name] = blank.__enter__()
        open_ones.append(blank)
        page.goto(f"{made.url}/desk/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Today")).to_be_visible()
    yield pages
    for blank in open_ones:
        blank.__exit__(None, None, None)


def brings_people_in(made, page, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("name,email\n" + "".join(f"Reader,{one}\n" for one in ADDRESSES))
    page.goto(f"{made.url}/desk/import/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("List", exact=False).first.select_option(index=1)
    page.get_by_label("How they agreed").fill("asked for it at the fair")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("This was a trial", exact=False)).to_be_visible()
    page.get_by_role("button", name="Import for good").click()
    expect(page.get_by_text(re.compile(f"^Done: {len(ADDRESSES)} rows"))).to_be_visible()


def sorts_the_inbox(made, page):
    page.get_by_role("link", name="Inbox").click()
    expect(page.locator("[data-story]")).to_have_text(list(STORIES))
    page.get_by_role("button", name=f"Star {STORIES[0]}").click()
    expect(page.locator(".desk-toast").filter(has_text=f"“{STORIES[0]}” is starred.")).to_be_visible()
    page.get_by_role("button", name=f"Reject {STORIES[2]}").click()
    page.get_by_label("Why").fill("An advertisement")
    page.get_by_label("Why").press("Enter")
    expect(page.locator(".desk-toast").filter(has_text="An advertisement")).to_be_visible()


def draws_up_an_issue(made, page):
    page.goto(f"{made.url}/desk/calendar/?week={datetime.now(UTC) + timedelta(days=4):%G-W%V}")
    page.locator(".calendar-entry a").first.click()
    page.get_by_role("button", name="Draw it up now").click()
    made.wait_for(lambda: made.row(STATUS) == ("in_review",), "the issue to be in review")
    (issue,) = made.row("SELECT id FROM newsletter_issue")
    return issue


def writes(page, address, **fields):
    page.goto(address)
    expect(page.locator("html[data-editor=ready]")).to_be_attached()
    for label, words in fields.items():
        page.get_by_label(label, exact=True).fill(words)
    expect(page.locator("#saved")).to_have_text(re.compile(r"Saved .*\d\d:\d\d:\d\d UTC"))


def test_from_an_empty_database_to_a_sent_issue(house, staff, tmp_path):
    made, mailbox = house
    lena, ed, ana, wren = (staff[name] for name in PEOPLE)
    brings_people_in(made, lena, tmp_path)
    sorts_the_inbox(made, ed)
    issue = draws_up_an_issue(made, ed)
    desk, edit = f"{made.url}/desk/newsletter/issue/{issue}", f"{made.url}/desk/issue/{issue}/edit/"

    # The writer writes, and publishes nothing, whatever they try.
    writes(wren, edit, Preheader="A bridge, a bakery")
    for verb in FORBIDDEN:
        assert wren.goto(f"{desk}/{verb}/").status == 403, verb
        assert wren.request.post(f"{desk}/{verb}/").status == 403, verb

    # The approver refuses once, with a reason; the editor mends it and hands it in again.
    ana.goto(f"{made.url}/desk/")
    ana.get_by_role("link", name="Look it over").click()
    ana.get_by_role("link", name="Send it back").click()
    ana.get_by_label("What is to be mended").fill("The subject says nothing")
    ana.get_by_role("button", name="Send back").click()
    expect(ana.get_by_text("is sent back, with what you wrote")).to_be_visible()
    ed.goto(f"{made.url}/desk/")
    expect(ed.get_by_text("The subject says nothing")).to_be_visible()
    ed.get_by_role("link", name="Mend it").click()
    writes(ed, edit, Subject="🐋 Whales sing, a bridge opens")
    ed.goto(f"{desk}/hand_in/")
    ed.get_by_role("button", name="Hand in again").click()
    assert ed.goto(f"{desk}/approve/").status == 403

    # Who approves gets what they saw: an edit voids it, and says so.
    approves(ana, desk)
    writes(ed, edit, Preheader="A bridge, a bakery, and a song")
    ed.goto(f"{desk}/change/")
    expect(ed.get_by_text("edited after it was approved; approve it again").first).to_be_visible()
    approves(ana, desk)

    # Scheduled for another day, stopped, and let go on; then sent now, undone, and sent for good.
    ed.goto(f"{desk}/schedule/")
    ed.get_by_label("Send at").fill("2099-12-03T18:00")
    ed.get_by_role("button", name="Schedule").click()
    expect(ed.locator("#presses")).to_contain_text("2099")
    ed.locator("#presses").get_by_role("link", name="Stop the presses").click()
    ed.get_by_role("button", name="Stop the presses").click()
    assert made.row(STATUS) == ("approved",)
    ed.goto(f"{desk}/send/")
    ed.get_by_role("button", name="Send now").click()
    ed.locator("#presses").get_by_role("button", name="Undo").click()
    expect(ed.locator("#presses").get_by_role("button", name="Go on")).to_be_visible()
    assert (made.row(STATUS), readers_mail(mailbox)) == (("approved",), [])
    ed.goto(f"{desk}/send/")
    ed.get_by_role("button", name="Send now").dblclick()
    made.wait_for(lambda: made.row(STATUS) == ("sent",), "the issue to be sent")
    mails = readers_mail(mailbox)
    assert sorted(address for address, _ in mails) == ADDRESSES
    assert {mail["Subject"] for _, mail in mails} == {"🐋 Whales sing, a bridge opens"}

    # Going back to the form sends nothing twice, and says so.
    ed.goto(f"{desk}/send/")
    expect(ed.get_by_text("sent already", exact=False)).to_be_visible()
    ed.goto(f"{made.url}/desk/issue/{issue}/report/")
    expect(ed.get_by_text("Submitted").first).to_be_visible()
    assert len(readers_mail(mailbox)) == len(ADDRESSES)
    text = mails[0][1].get_body(("plain",)).get_content()
    assert STORIES[0] in text
    assert STORIES[2] not in text


def readers_mail(mailbox):
    """What has gone to readers; staff are told by mail too."""
    to = (address for address, _ in mailbox.received)
    return [(address, mail) for address, mail in zip(to, mailbox.messages(), strict=True) if address in ADDRESSES]


def approves(page, desk):
    page.goto(f"{desk}/approve/")
    expect(page.locator("#checks-line")).not_to_contain_text("being looked at")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("is approved.")).to_be_visible()
