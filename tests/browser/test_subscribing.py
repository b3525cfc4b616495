"""What readers do, in a real browser, without a script and with one: subscribe, choose, pause, leave, undo."""

import email
import email.policy
import re
import time
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import blank_page, publication
from tests.processes.conftest import Site

_number = count(1)
pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("subscribing")]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, request):
    captcha = {"NEWSLETTER_AUDIENCE__SUBSCRIBE__CAPTCHA": "altcha", "NEWSLETTER_AUDIENCE__SUBSCRIBE__EFFORT": "2000"}
    with publication(tmp_path_factory.mktemp("guarded"), request.config, **captcha) as made:
        yield made


@pytest.fixture
def who():
    """An address that nothing has gone to yet, for the publication is one for all tests."""
    return f"robin{next(_number)}@readers.example.org"


@pytest.fixture(params=[False, True], ids=["without a script", "with scripts"])
def page(request, browser):
    with blank_page(browser, java_script_enabled=request.param) as blank:
        yield blank


@pytest.fixture
def scripted(browser):
    with blank_page(browser) as blank:
        yield blank


@pytest.fixture
def unscripted(browser):
    with blank_page(browser, java_script_enabled=False) as blank:
        yield blank


def mailed(shared, who, part):
    """The newest address with this part in the service mails to somebody, once it is in the outbox."""

    def found():
        files = sorted(shared.folder.glob("var/outbox/*/notices/*.eml"), key=lambda one: one.stat().st_mtime)
        for file in reversed(files):
            mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            link = re.search(rf"http\S+{part}\S+", mail.get_body(("plain",)).get_content())
            if link and who in mail["To"]:
                return link[0]
        return None

    return shared.wait_for(found, f"a mail with {part}")


def subscribe(shared, page, who, name=""):
    page.goto(f"{shared.url}/subscribe/")
    page.get_by_label("Your email address").first.fill(who)
    page.get_by_label("Your name", exact=True).fill(name)
    time.sleep(2.1)  # what comes back sooner than a person can type is a program's
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")


def test_from_the_form_to_the_list_and_out_and_back(shared, page, who):
    subscribe(shared, page, who, name="Robin Reader")
    page.goto(mailed(shared, who, "/confirm/"))
    expect(page.get_by_label("Your name", exact=True)).to_have_value("Robin Reader")
    page.get_by_role("button", name="Yes, subscribe me").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome!")
    active = shared.facts("lists")[0]["active"]

    page.goto(mailed(shared, who, "/p/"))
    expect(page.get_by_text("r•••@readers.example.org")).to_be_visible()
    page.get_by_label("A monthly summary").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label("A monthly summary")).to_be_checked()
    page.get_by_label("Send nothing for").select_option("8 weeks")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing comes before")
    page.get_by_role("button", name="Go on now").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    page.locator("input[name=list]").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("no mail will come from us")
    assert shared.facts("lists")[0]["active"] == active - 1


def test_signed_in_there_is_more_to_choose(shared, page, who):
    subscribe(shared, page, who)
    page.goto(mailed(shared, who, "/confirm/"))
    page.get_by_role("button", name="Yes, subscribe me").click()
    page.goto(mailed(shared, who, "/p/"))
    page.get_by_role("link", name="have a link mailed to you").click()
    page.get_by_label("Email").fill(who)
    page.get_by_role("button", name="Mail me the link").click()
    page.goto(mailed(shared, who, "/sign-in/"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Your name", exact=True).fill("Robin")
    page.get_by_label("Time zone").fill("Atlantis")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("We know no time zone “Atlantis”")).to_be_visible()
    expect(page.get_by_label("Your name", exact=True)).to_have_value("Robin")
    page.get_by_label("Time zone").fill("Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{shared.url}/preferences/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_slip_is_undone_and_a_reason_is_heard(shared, page, request):
    shared.wait_for(lambda: len(list(shared.folder.glob("var/outbox/*/2*/*.eml"))) == 2, "an issue")
    file = sorted(shared.folder.glob("var/outbox/*/2*/*.eml"))["with scripts" in request.node.name]
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    page.goto(re.search(r"<(http[^>]+)>", mail["List-Unsubscribe"])[1])
    before = shared.facts("lists")[0]["active"]
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert shared.facts("lists")[0]["active"] == before - 1
    page.get_by_label("It is too much mail").check()
    page.get_by_label("In your own words").fill("Too long, too.")
    page.get_by_role("button", name="Tell them").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    page.get_by_role("button", name="Undo it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    assert shared.facts("lists")[0]["active"] == before
    page.get_by_role("button", name="Only a monthly summary").click()
    expect(page.get_by_label("A monthly summary")).to_be_checked()


def test_a_form_on_another_site_leads_to_ours_and_works(shared, page, who):
    page.goto(f"{shared.url}/subscribe/")
    page.get_by_role("link", name="Put this form on your own site").click()
    copied = page.locator("pre").inner_text()
    other = Site()
    try:
        html = f"<!DOCTYPE html><title>A blog</title>{copied}"
        other.pages["/"] = ("text/html; charset=utf-8", html.encode())
        page.goto(f"{other.url}/")
        page.get_by_label("Your email address").fill(who)
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("One more click")
        assert page.url.startswith(shared.url)
        time.sleep(0.6)  # a button takes a quarter of that
        page.get_by_role("button", name="Subscribe").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
        page.goto(mailed(shared, who, "/confirm/"))
        page.get_by_role("button", name="Yes, subscribe me").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome!")
    finally:
        other.close()


def test_the_captcha_solves_itself_and_is_asked_for_once_more_where_it_is_not(guarded, scripted, who):
    page = scripted
    page.goto(f"{guarded.url}/subscribe/")
    page.get_by_label("Your email address").first.fill(who)
    expect(page.locator("altcha-widget input[type=checkbox]")).to_be_checked()
    expect(page.locator("input[name=altcha]")).to_have_count(1)
    time.sleep(2.1)  # as above
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    assert mailed(guarded, who, "/confirm/")


def test_without_a_script_the_captcha_says_what_to_do(guarded, unscripted):
    unscripted.goto(f"{guarded.url}/subscribe/")
    expect(unscripted.get_by_text("Without JavaScript that cannot be done")).to_be_visible()
