"""What readers do, in a real browser, without a script and with one: subscribe, choose, pause, leave, undo."""

import email
import email.policy
import re
import shutil
import time
from itertools import count

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.test_newcomer import FLAGS
from tests.processes.conftest import Publication, Site, wait_for

_number = count(1)
pytestmark = [pytest.mark.browser, pytest.mark.processes]


def publication(tmp_path, **environment):
    """A publication made by `newsletter init`, and running."""
    made = Publication(tmp_path / "mine", "")
    assert made.command("init", str(made.folder), cwd=tmp_path).returncode == 0
    made.listen_by_environment()
    made.environment |= environment
    made.start("run")
    wait_for(lambda: "is running" in made.log(), 60, f"the start\n{made.log()}")
    return made


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = publication(tmp_path_factory.mktemp("running"))
    yield made
    made.stop_all()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    made = publication(
        tmp_path_factory.mktemp("guarded"),
        NEWSLETTER_AUDIENCE__SUBSCRIBE__CAPTCHA="altcha",
        NEWSLETTER_AUDIENCE__SUBSCRIBE__EFFORT="2000",
    )
    yield made
    made.stop_all()


@pytest.fixture
def who():
    """An address that nothing has gone to yet, for the publication is one for all tests."""
    return f"robin{next(_number)}@readers.example.org"


@pytest.fixture(params=[False, True], ids=["without a script", "with scripts"])
def page(request):
    """A page of Debian's Chromium, which fails the test on any error in its console."""
    yield from pages(request.param)


@pytest.fixture
def scripted():
    yield from pages(True)


def pages(script):
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium is installed")
    errors = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_context(java_script_enabled=script).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        yield page
        browser.close()
    assert errors == []


def mailed(running, who, part):
    """The newest address with this part in the service mails to somebody, once it is in the outbox."""

    def found():
        files = sorted(running.folder.glob("var/outbox/*/notices/*.eml"), key=lambda one: one.stat().st_mtime)
        for file in reversed(files):
            mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            link = re.search(rf"http\S+{part}\S+", mail.get_body(("plain",)).get_content())
            if link and who in mail["To"]:
                return link[0]
        return None

    return wait_for(found, 30, f"a mail with {part}\n{running.log()}")


def subscribe(running, page, who, name=""):
    page.goto(f"{running.url}/subscribe/")
    page.get_by_label("Your email address").first.fill(who)
    page.get_by_label("Your name").fill(name)
    time.sleep(2.1)  # as long as a person takes
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")


def test_from_the_form_to_the_list_and_out_and_back(running, page, who):
    subscribe(running, page, who, name="Robin Reader")
    page.goto(mailed(running, who, "/confirm/"))
    expect(page.get_by_label("Your name")).to_have_value("Robin Reader")
    page.get_by_role("button", name="Yes, subscribe me").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome!")
    active = running.facts("lists")[0]["active"]

    page.goto(mailed(running, who, "/p/"))
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
    assert running.facts("lists")[0]["active"] == active - 1


def test_signed_in_there_is_more_to_choose(running, page, who):
    subscribe(running, page, who)
    page.goto(mailed(running, who, "/confirm/"))
    page.get_by_role("button", name="Yes, subscribe me").click()
    page.goto(mailed(running, who, "/p/"))
    page.get_by_role("link", name="have a link mailed to you").click()
    page.get_by_label("Email").fill(who)
    page.get_by_role("button", name="Mail me the link").click()
    page.goto(mailed(running, who, "/sign-in/"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Your name").fill("Robin")
    page.get_by_label("Time zone").fill("Atlantis")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("We know no time zone “Atlantis”")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Robin")
    page.get_by_label("Time zone").fill("Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{running.url}/preferences/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_slip_is_undone_and_a_reason_is_heard(running, page, request):
    wait_for(lambda: len(list(running.folder.glob("var/outbox/*/2*/*.eml"))) == 2, 60, f"an issue\n{running.log()}")
    file = sorted(running.folder.glob("var/outbox/*/2*/*.eml"))["with scripts" in request.node.name]
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    page.goto(re.search(r"<(http[^>]+)>", mail["List-Unsubscribe"])[1])
    before = running.facts("lists")[0]["active"]
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert running.facts("lists")[0]["active"] == before - 1
    page.get_by_label("It is too much mail").check()
    page.get_by_label("In your own words").fill("Too long, too.")
    page.get_by_role("button", name="Tell them").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    page.get_by_role("button", name="Undo it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    assert running.facts("lists")[0]["active"] == before
    page.get_by_role("button", name="Only a monthly summary").click()
    expect(page.get_by_label("A monthly summary")).to_be_checked()


def test_a_form_on_another_site_leads_to_ours_and_works(running, page, who):
    page.goto(f"{running.url}/subscribe/")
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
        assert page.url.startswith(running.url)
        time.sleep(0.6)
        page.get_by_role("button", name="Subscribe").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
        page.goto(mailed(running, who, "/confirm/"))
        page.get_by_role("button", name="Yes, subscribe me").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome!")
    finally:
        other.close()


def test_the_captcha_solves_itself_and_is_asked_for_once_more_where_it_is_not(guarded, scripted, who):
    page = scripted
    page.goto(f"{guarded.url}/subscribe/")
    page.get_by_label("Your email address").first.fill(who)
    expect(page.locator("altcha-widget input[type=checkbox]")).to_be_checked(timeout=30_000)
    expect(page.locator("input[name=altcha]")).to_have_count(1)
    time.sleep(2.1)
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    assert mailed(guarded, who, "/confirm/")


def test_without_a_script_the_captcha_says_what_to_do(guarded):
    for page in pages(False):
        page.goto(f"{guarded.url}/subscribe/")
        expect(page.get_by_text("Without JavaScript that cannot be done")).to_be_visible()
