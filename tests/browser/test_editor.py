"""An issue is made in a real browser: by keyboard, by mouse, by two people at once, and back to what it said."""

import re
from datetime import UTC, datetime
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import blank_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("editor")]
SAVED = re.compile(r"Saved .*\d\d:\d\d:\d\d UTC")
WORD = "<p class=MsoNormal><b>Bold</b> and <a href='https://example.org/x'>a link</a><o:p></o:p></p>"
YEARS = count(2031)


@pytest.fixture
def running(shared):
    """One for all tests here: each makes an issue of its own."""
    return shared


@pytest.fixture
def address(running):
    """The editor of a new issue of four stories that nobody else touches; it is due in years."""
    day = f"{next(YEARS)}-01-04"
    for title in ("Alpha", "Beta", "Gamma", "Delta"):
        post = f"---\ntitle: {title}\n---\nA story of {day} that says a little.\n"
        file = f"{datetime.now(UTC):%Y-%m-%d}-{title.lower()}-{day}.md"
        (running.folder / "posts" / file).write_text(post, encoding="utf-8")
    assert running.command("collect").returncode == 0
    made = running.command("compose", "weekly", "--on", f"{day} 08:00")
    assert made.returncode == 0, made.stderr
    return f"{running.url}/desk/issue/{max(one['id'] for one in running.facts('issues'))}/edit/"


@pytest.fixture
def desk(running, page, address):
    sign_in(running, page)
    opened(page, address)
    return page


def opened(page, address):
    page.goto(address)
    expect(page.locator("html[data-editor=ready]")).to_be_attached()


def titles(page):
    return page.locator(".desk-piece-title")


def saved(page, subject):
    """Type a subject, and wait until the page says that it is kept."""
    page.get_by_label("Subject", exact=True).fill(subject)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    expect(page.locator("#saved")).to_have_text(SAVED)


def drag(page, start, end):
    """Take a story by its handle and let go of it above another, as a hand does: in small steps."""
    page.locator(".desk-pieces").scroll_into_view_if_needed()
    (x, y), (to_x, to_y) = (middle(page.locator(".desk-handle").nth(one)) for one in (start, end))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20, steps=5)
    page.mouse.move(to_x, to_y - 8, steps=20)
    page.mouse.move(to_x, to_y - 10, steps=5)
    page.mouse.up()


def middle(place):
    box = place.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_stories_are_ordered_by_keyboard_and_it_is_said_where_they_are(desk):
    before = titles(desk).all_text_contents()
    last = desk.get_by_role("button", name=f"Move up: {before[-1]}")
    last.focus()
    desk.keyboard.press("Enter")
    wanted = [*before[:-2], before[-1], before[-2]]
    expect(titles(desk)).to_have_text(wanted)
    expect(desk.locator("#live")).to_contain_text(f"“{before[-1]}” is now")
    expect(desk.get_by_role("button", name=f"Move up: {before[-1]}")).to_be_focused()
    desk.reload()
    expect(titles(desk)).to_have_text(wanted)


def test_stories_are_ordered_by_mouse(desk):
    before = titles(desk).all_text_contents()
    drag(desk, len(before) - 1, 0)
    wanted = [before[-1], *before[:-1]]
    expect(titles(desk)).to_have_text(wanted)
    expect(desk.locator("#live")).to_contain_text(f"“{before[-1]}” is now 1 of")
    desk.reload()
    expect(titles(desk)).to_have_text(wanted)


def test_what_is_typed_is_saved_by_itself_and_survives_a_move(desk):
    first = titles(desk).first.text_content()
    desk.get_by_text(f"Edit: {first}").click()
    form = desk.locator("form[data-save]").nth(1)
    form.get_by_label("Note", exact=True).fill("Why it matters")
    desk.get_by_role("button", name=f"Move down: {first}").click()
    expect(desk.locator("#live")).to_contain_text("is now")
    saved(desk, "🐋 Whales")
    expect(desk.locator(".desk-line-phone [data-subject]")).to_have_text("🐋 Whales")
    desk.reload()
    expect(desk.get_by_label("Subject", exact=True)).to_have_value("🐋 Whales")
    expect(desk.locator(".desk-note-line")).to_have_text("Why it matters")


def test_taken_out_by_mistake_and_put_back(desk):
    before = titles(desk).all_text_contents()
    desk.get_by_role("button", name=f"Take out: {before[1]}").click()
    expect(titles(desk)).to_have_text([before[0], *before[2:]])
    desk.get_by_role("button", name=f"Put back “{before[1]}”").click()
    expect(titles(desk)).to_have_text(before)


def test_of_two_who_write_at_once_both_texts_are_shown_and_one_chooses(desk, browser, running, address):
    with blank_page(browser) as other:
        sign_in(running, other)
        opened(other, address)
        saved(other, "By the other")
        desk.get_by_label("Subject", exact=True).fill("By me")
        expect(desk.locator("#trouble")).to_contain_text("Somebody else changed the same words")
        desk.get_by_role("button", name="Compare and choose").click()
        expect(desk.get_by_text("By the other")).to_be_visible()
        mine = desk.get_by_label("What you wrote")
        expect(mine).to_have_value("By me")
        mine.fill("By both of us")
        desk.get_by_role("button", name="Save what I wrote").click()
        expect(desk.get_by_label("Subject", exact=True)).to_have_value("By both of us")


def test_an_issue_goes_back_to_what_it_said(desk):
    saved(desk, "A mistake")
    desk.get_by_role("link", name="History", exact=True).click()
    desk.get_by_role("link", name="Revision 0", exact=True).click()
    desk.get_by_role("button", name="Make the issue say this again").click()
    expect(desk.get_by_label("Subject", exact=True)).to_have_value("")


def test_a_block_is_written_with_the_toolbar_pasted_into_and_put_between_stories(desk):
    first = titles(desk).first.text_content()
    desk.get_by_text(f"Edit: {first}").click()
    desk.get_by_role("link", name="Add a block below").first.click()
    field = desk.get_by_label("Block", exact=True)
    expect(field).to_be_focused()
    paste = """(field, html) => { const carried = new DataTransfer(); carried.setData("text/html", html);
      carried.setData("text/plain", "plain"); field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried,
      bubbles: true, cancelable: true})); }"""
    field.evaluate(paste, WORD)
    expect(field).to_have_value("**Bold** and [a link](https://example.org/x)")
    desk.locator("#add").get_by_role("button", name="Poll").click()
    expect(field).to_have_value(re.compile(r"::: poll Your question\?\n- First answer\n- Second answer\n:::"))
    expect(desk.locator("#add .desk-look")).to_contain_text("Second answer")
    desk.get_by_role("button", name="Add the block").click()
    expect(titles(desk).nth(1)).to_contain_text("Bold")
