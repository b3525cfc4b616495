"""Somebody builds a segment in a real browser, by mouse and by keyboard, sees the number change, and uses it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_newcomer import page, running, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]
__all__ = ["page", "running"]


def about(page, number=0):
    return page.get_by_label("What the rule is about").nth(number)


@pytest.fixture
def desk(running, page):
    sign_in(running, page)
    page.goto(f"{running.url}/desk/")
    page.get_by_role("link", name="Segments").click()
    page.locator("a[href$='/segment/add/']").first.click()
    return page


def test_a_segment_is_built_by_clicking_counted_saved_and_used_by_an_issue(running, desk):
    found = desk.locator("#found")
    desk.get_by_label("Title").fill("Just Ada")
    about(desk).select_option(label="List")
    desk.get_by_label("Which list").select_option("readers")
    expect(found).to_contain_text("2 people")
    desk.get_by_role("button", name="Add a rule").click()
    about(desk, 1).select_option(label="Opened any issue")
    expect(found).to_contain_text("The number appears here once every rule is filled in")
    desk.get_by_label("What is asked").nth(1).select_option("never")
    expect(found).to_contain_text("and never opened anything")
    desk.get_by_role("button", name="Take this rule out").nth(1).click()
    expect(found).not_to_contain_text("never opened")
    desk.get_by_role("button", name="Save", exact=True).last.click()
    expect(desk.get_by_text("The segment “Just Ada” is saved.")).to_be_visible()
    assert running.facts("segments")[0]["people"] == 2

    expect(desk.get_by_label("Which list")).to_have_value("readers")
    desk.get_by_role("link", name="Segments").first.click()
    expect(desk.get_by_role("row").filter(has_text="Just Ada")).to_contain_text(re.compile("in order", re.I))

    post = "---\ntitle: A second story\n---\nIt says a little more.\n"
    (running.folder / "posts" / "2026-11-21-second.md").write_text(post, encoding="utf-8")
    assert running.command("collect").returncode == 0
    made = running.command("compose", "weekly", "--on", "2030-01-04")
    assert made.returncode == 0, made.stderr
    number = max(one["id"] for one in running.facts("issues"))
    desk.goto(f"{running.url}/desk/newsletter/issue/{number}/change/")
    expect(desk.locator("#audience")).to_contain_text("2 people, as things stand")
    desk.locator("select[name=left_out]").select_option(label="Just Ada")
    desk.get_by_role("button", name="Save and continue editing").click()
    expect(desk.locator("#audience")).to_contain_text("2 are left out: in the segment “Just Ada”, which is left out")


def test_a_segment_is_built_with_the_keyboard_alone(running, desk):
    desk.get_by_label("Title").focus()
    desk.keyboard.type("Slow readers")
    about(desk).focus()
    desk.keyboard.type("Domain")
    values = desk.get_by_label("Values, one on each line")
    expect(values).to_be_visible()
    expect(about(desk)).to_be_focused()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Tab")
    expect(values).to_be_focused()
    desk.keyboard.type("readers.example.org")
    expect(desk.locator("#found")).to_contain_text("2 people")
    desk.get_by_role("button", name="Add a group").focus()
    desk.keyboard.press("Enter")
    expect(about(desk, 1)).to_be_focused()
    desk.keyboard.type("Name")
    expect(desk.get_by_label("What is asked").nth(1)).to_be_visible()
    desk.get_by_label("Title").focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("The segment “Slow readers” is saved.")).to_be_visible()
    assert running.facts("segments")[0]["who"].startswith("domain is readers.example.org")


def test_a_mistake_is_shown_at_its_rule_and_what_was_typed_stays(desk):
    desk.get_by_label("Title").fill("Wrong")
    about(desk).select_option(label="Clicked in any issue")
    desk.get_by_label("Days").fill("a few")
    desk.get_by_role("button", name="Save", exact=True).last.click()
    days = desk.get_by_label("Days")
    expect(days).to_have_value("a few")
    expect(days).to_have_attribute("aria-invalid", "true")
    expect(desk.locator(f"#{days.get_attribute('aria-describedby')}")).to_contain_text("“a few” is not a number")
    expect(desk.get_by_label("Title")).to_have_value("Wrong")
