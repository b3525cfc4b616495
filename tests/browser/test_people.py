"""People at the desk, in a real browser: an owner invites, a writer may not publish, a second factor is asked for."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import blank_page, sign_in
from tests.desk.one_time import code

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("people")]
PASSWORD = "a password of some length"


def come(running, page, name, password=PASSWORD):
    page.goto(f"{running.url}/desk/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def make_writer(running):
    running.python(
        "from django.contrib.auth.models import Group, User;"
        f" user = User.objects.create_user('wren', 'wren@example.org', '{PASSWORD}', is_staff=True);"
        " user.groups.add(Group.objects.get(name='Writer'));"
        " from newsletter.models import Issue; issue = Issue.objects.get(); issue.pk = None; issue.slug = 'next';"
        " issue.due_at = issue.due_at.replace(year=2030); issue.status = 'in_review'; issue.started_at = None;"
        " issue.edition = None; issue.save()"
    )


def test_an_owner_invites_and_a_writer_may_not_publish(shared, browser, page):
    sign_in(shared, page)
    page.goto(f"{shared.url}/desk/staff/")
    page.get_by_label("Email").fill("lee@example.org")
    page.get_by_role("group", name="All newsletters").get_by_label("Analyst").check()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("A link to choose a password is on its way to lee@example.org")).to_be_visible()
    make_writer(shared)
    with blank_page(browser, viewport={"width": 375, "height": 800}) as theirs:
        come(shared, theirs, "wren")
        expect(theirs.get_by_text("The next two weeks")).to_be_visible()
        theirs.goto(f"{shared.url}/desk/newsletter/issue/2/change/")
        expect(theirs.get_by_text("in review").first).to_be_visible()
        for verb in ("Approve", "Schedule", "Send now", "Cancel"):
            expect(theirs.get_by_role("link", name=verb, exact=True)).to_have_count(0)
        for verb in ("approve", "schedule", "send", "cancel"):
            assert theirs.goto(f"{shared.url}/desk/newsletter/issue/2/{verb}/").status == 403
        assert theirs.goto(f"{shared.url}/desk/staff/").status == 403
        assert theirs.goto(f"{shared.url}/desk/subscribers/subscriber/").status == 403


def test_a_second_factor_is_added_and_asked_for_from_then_on(shared, browser, page):
    sign_in(shared, page)
    page.goto(f"{shared.url}/desk/you/")
    page.get_by_role("link", name=re.compile("Second factors")).click()
    page.locator("a[href$='/totp/activate/']").click()
    page.get_by_label("Password").fill(re.search(r"password +(\S+)", shared.log())[1])
    page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(code(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    with blank_page(browser) as another:
        password = re.search(r"password +(\S+)", shared.log())[1]
        come(shared, another, "editor", password)
        expect(another.get_by_role("heading", name="Two-Factor Authentication")).to_be_visible()
        another.get_by_role("textbox").fill(code(secret))
        another.get_by_role("button", name="Sign In").click()
        expect(another.get_by_text("The next two weeks")).to_be_visible()
    # For the other tests of this file.
    shared.python("from allauth.mfa.models import Authenticator; Authenticator.objects.all().delete()")


def test_nothing_typed_is_lost_when_the_sign_in_has_ended(shared, page):
    sign_in(shared, page)
    page.goto(f"{shared.url}/desk/subscribers/tag/add/")
    page.get_by_label("Name").fill("whales")
    shared.python("from django.contrib.sessions.models import Session; Session.objects.all().delete()")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Username").fill("editor")
    page.get_by_label("Password").fill(re.search(r"password +(\S+)", shared.log())[1])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Nothing has been done with it yet")).to_be_visible()
    expect(page.get_by_role("cell", name="whales")).to_be_visible()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("whales").first).to_be_visible()
    assert shared.row("SELECT name FROM subscribers_tag")[0] == "whales"


def test_what_a_page_asks_by_itself_says_that_nobody_is_signed_in_and_goes_on_after(shared, browser, page):
    sign_in(shared, page)
    page.goto(f"{shared.url}/desk/segment/")
    page.get_by_label("Title").fill("Whale readers")
    shared.python("from django.contrib.sessions.models import Session; Session.objects.all().delete()")
    page.evaluate("htmx.ajax('GET', '/desk/issue/1/sending/', {target: '#found', swap: 'none'})")
    expect(page.get_by_role("alert").get_by_role("link", name="sign in again in another tab")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="sign in again in another tab").click()
    other = opened.value
    other.get_by_label("Username").fill("editor")
    other.get_by_label("Password").fill(re.search(r"password +(\S+)", shared.log())[1])
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_text("The next two weeks")).to_be_visible()
    # The form was open before: it takes the token of the new sign-in along.
    page.get_by_role("button", name=re.compile("Save")).first.click()
    expect(page.get_by_text("Choose what the rule is about").first).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Whale readers")


def test_a_passkey_is_made_and_opens_the_desk_without_a_password(shared, page):
    # A passkey belongs to a host's name; an address made of numbers can have none.
    there = shared.url.replace("127.0.0.1", "localhost")
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    finger = {"isUserVerified": True, "automaticPresenceSimulation": True}
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": kind | finger})
    password = re.search(r"password +(\S+)", shared.log())[1]
    page.goto(f"{there}/desk/")
    page.get_by_label("Username").fill("editor")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{there}/desk/you/")
    page.get_by_role("link", name=re.compile("Second factors")).click()
    page.locator("a[href$='/webauthn/add/']").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Security key added")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{there}/desk/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The next two weeks")).to_be_visible()
    # For the other tests of this file.
    shared.python("from allauth.mfa.models import Authenticator; Authenticator.objects.all().delete()")
