"""An editor goes through the inbox in a real browser: by keys, by mouse, and by the address of a page."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import blank_page, publication, sign_in
from tests.collect.test_page import html, meta
from tests.processes.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("inbox")]
TITLES = ("Fourth", "Third", "Second", "First")
STANDING = "SELECT standing FROM newsletter_triage t JOIN newsletter_post p ON p.id = t.post_id WHERE p.title = '{}'"


@pytest.fixture(scope="module")
def site():
    """A site on the web, as far as this machine has one: a feed of the publication lies on it."""
    made = Site()
    told = meta(og__title="A whale falls", article__published_time="2026-11-18T08:00:00Z", article__tag="news")
    made.pages["/whale"] = ("text/html; charset=utf-8", html(told).encode())
    made.pages["/report.pdf"] = ("application/pdf", b"%PDF-1.7")
    made.pages["/feed"] = ("application/rss+xml", b"<rss version='2.0'><channel><title>Site</title></channel></rss>")
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory, site):
    """A publication with four posts that nobody has read; each test brings them back to that."""
    feed = {"NEWSLETTER_COLLECT__SOURCES__SITE__LOCATION": f"{site.url}/feed",
            "NEWSLETTER_COLLECT__SOURCES__SITE__ALLOW_PRIVATE": "true",
            "NEWSLETTER_NEWSLETTERS__WEEKLY__SOURCES": "[posts, site]"}  # fmt: skip
    with publication(tmp_path_factory.mktemp("inbox"), **feed) as made:
        for number, title in enumerate(reversed(TITLES)):
            post = f"---\ntitle: {title}\ndate: 2026-11-{20 + number}\ntags: [news]\n---\nThe text of {title}.\n"
            (made.folder / "posts" / f"{title}.md").write_text(post, encoding="utf-8")
        assert made.command("collect").returncode == 0
        yield made


@pytest.fixture
def inbox(running, page):
    running.python(
        "from newsletter.models import Triage; Triage.objects.all().delete();"
        " from newsletter.models import Post; Post.objects.filter(source__name='by hand', items=None).delete()"
    )
    sign_in(running, page)
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_role("link", name="Fourth")).to_be_visible()
    return page


def title(page, name):
    return page.get_by_role("link", name=name, exact=True)


def said(page, words):
    expect(page.locator(".desk-toast").filter(has_text=words)).to_be_visible()


def test_an_editor_goes_through_the_inbox_by_keys_alone(running, inbox):
    expect(inbox.locator("[data-story]")).to_have_text(list(TITLES))
    inbox.keyboard.press("j")
    expect(title(inbox, "Fourth")).to_be_focused()
    expect(inbox.locator("#inbox-preview")).to_contain_text("Fourth")
    expect(inbox.frame_locator("#inbox-preview iframe").get_by_text("The text of Fourth.")).to_be_visible()
    inbox.keyboard.press("j")
    expect(title(inbox, "Third")).to_be_focused()
    inbox.keyboard.press("s")
    said(inbox, "“Third” is starred.")
    # The next one has come in its place, and is the one that the keys are about.
    expect(title(inbox, "Second")).to_be_focused()
    inbox.keyboard.press("x")
    said(inbox, "“Second” is rejected.")
    expect(title(inbox, "First")).to_be_focused()
    inbox.keyboard.press("k")
    expect(title(inbox, "Fourth")).to_be_focused()
    inbox.keyboard.press("u")
    said(inbox, "“Fourth” is marked as read.")
    expect(inbox.locator("[data-story]")).to_have_text(["First"])
    inbox.keyboard.press("z")
    expect(inbox.locator("[data-story]")).to_have_text(["Fourth", "First"])
    assert running.row(STANDING.format("Third")) == ("starred",)
    inbox.keyboard.press("?")
    expect(inbox.get_by_role("dialog", name="Keys")).to_be_visible()
    inbox.keyboard.press("?")
    expect(inbox.get_by_role("dialog", name="Keys")).to_be_hidden()
    inbox.keyboard.press("/")
    inbox.keyboard.type("jsx")  # in an input, keys are letters
    expect(inbox.get_by_label("Words")).to_have_value("jsx")
    inbox.keyboard.press("Enter")
    expect(inbox.get_by_text("Nothing matches.")).to_be_visible()


def test_a_rejection_gets_its_reason_is_found_in_the_log_and_undone(running, inbox):
    inbox.get_by_role("button", name="Reject Third").click()
    inbox.get_by_label("Why").fill("Told last week")
    inbox.get_by_label("Why").press("Enter")
    said(inbox, "The log says why now: Told last week")
    inbox.locator(".desk-tabs").get_by_role("link", name="Rejected").click()
    expect(inbox.get_by_text("Rejected by editor")).to_contain_text("Told last week")
    title(inbox, "Third").click()
    expect(inbox.get_by_role("row").filter(has_text="Told last week")).to_contain_text("editor")
    inbox.get_by_role("button", name="Take the rejection of Third back").click()
    said(inbox, "“Third” is undecided again.")
    assert running.row(STANDING.format("Third")) == ("",)


def test_many_are_ticked_and_rejected_and_brought_back_at_once(inbox):
    inbox.get_by_label("All on this page").check()
    inbox.get_by_label("Tick Second").uncheck()
    expect(inbox.locator("#inbox-ticked")).to_have_text("3 ticked:")
    inbox.get_by_role("button", name="Reject", exact=True).click()
    said(inbox, "3 posts are rejected.")
    expect(inbox.locator("[data-story]")).to_have_text(["Second"])
    inbox.get_by_role("button", name="Undo").click()
    expect(inbox.locator("[data-story]")).to_have_text(list(TITLES))


def test_somebody_who_was_signed_out_loses_nothing_and_is_told(inbox):
    inbox.context.clear_cookies(name="sessionid")
    inbox.get_by_role("button", name="Reject Third").click()
    expect(inbox.get_by_role("alert").filter(has_text="You are signed out")).to_be_visible()
    expect(inbox.locator("[data-story]")).to_have_text(list(TITLES))


def test_a_post_is_added_by_its_address_from_the_bookmark_and_waits_for_the_issue(running, site, inbox):
    inbox.get_by_role("link", name="Add a post").click()
    bookmark = inbox.get_by_role("link", name="Add to My Newsletter")
    code = bookmark.get_attribute("href")
    inbox.goto(f"{site.url}/whale")
    inbox.evaluate(f"setTimeout(() => {{ {code.removeprefix('javascript:')} }})")  # as a click on the bookmark does
    expect(inbox.get_by_label("Address of the page")).to_have_value(f"{site.url}/whale")
    inbox.get_by_role("button", name="Fetch the page").click()
    expect(inbox.get_by_label("Title")).to_have_value("A whale falls")
    expect(inbox.frame_locator("iframe").get_by_text("Paragraph 0.")).to_be_visible()
    inbox.get_by_label("Title").fill("A whale falls, mended")
    inbox.get_by_role("button", name="Add it").click()
    said(inbox, "“A whale falls, mended” is added, and starred.")
    assert running.row(STANDING.format("A whale falls, mended")) == ("starred",)


def test_what_cannot_be_added_is_told_and_the_address_stays(site, inbox):
    inbox.get_by_role("link", name="Add a post").click()
    address = inbox.get_by_label("Address of the page")
    for path, told in (("/report.pdf", "This is a PDF"), ("/nowhere", "The server answered 404")):
        address.fill(f"{site.url}{path}")
        inbox.get_by_role("button", name="Fetch the page").click()
        expect(inbox.get_by_text(told, exact=False)).to_be_visible()
        expect(address).to_have_value(f"{site.url}{path}")


def test_the_inbox_is_the_same_without_script_and_on_a_phone(running, browser, inbox):
    known = inbox.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=known) as context:
        plain = context.new_page()
        plain.goto(f"{running.url}/desk/inbox/weekly/")
        plain.get_by_role("button", name="Reject Third").click()
        assert "“Third” is rejected." in plain.content()
        plain.get_by_role("button", name="Undo").click()
        assert "“Third” is as before." in plain.content()
    with blank_page(browser, storage_state=known, viewport={"width": 375, "height": 700}) as phone:
        phone.goto(f"{running.url}/desk/inbox/weekly/")
        expect(title(phone, "Third")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375
        title(phone, "Third").click()
        expect(phone.get_by_role("heading", name=re.compile("What was decided"))).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375
