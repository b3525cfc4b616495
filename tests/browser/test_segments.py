"""Somebody builds a segment in a real browser, by mouse and by keyboard, sees the number change, and uses it."""

import random
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("segments")]


@pytest.fixture(scope="module")
def running(shared):
    """One for all tests here: each has segments of its own. From now on drafts wait for a person; the clock takes none
    of them on while a test edits it."""
    shared.stop_all()
    shared.environment["NEWSLETTER_NEWSLETTERS__WEEKLY__APPROVAL"] = "required"
    shared.start("run")
    shared.wait_for(lambda: shared.log().count("is running") == 2, "the second start")
    return shared


def saved(running, title):
    return next(one for one in running.facts("segments") if one["title"] == title)


def rules(page):
    return page.get_by_label("What the rule is about")


def about(page, number=0):
    return rules(page).nth(number)


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
    assert saved(running, "Just Ada")["people"] == 2

    expect(desk.get_by_label("Which list")).to_have_value("readers")
    desk.get_by_role("link", name="Segments").first.click()
    expect(desk.get_by_role("row").filter(has_text="Just Ada")).to_contain_text(re.compile("in order", re.I))

    post = "---\ntitle: A second story\n---\nIt says a little more.\n"
    # Of today: what is published long before the last issue's cut-off is too late for the next one.
    (running.folder / "posts" / f"{datetime.now(UTC):%Y-%m-%d}-second.md").write_text(post, encoding="utf-8")
    assert running.command("collect").returncode == 0
    made = running.command("compose", "weekly", "--on", "2030-01-04")
    assert made.returncode == 0, made.stderr
    number = max(one["id"] for one in running.facts("issues"))
    desk.goto(f"{running.url}/desk/newsletter/issue/{number}/change/")
    expect(desk.locator("#audience")).to_contain_text("2 people, as the issue is saved")
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
    assert saved(running, "Slow readers")["who"].startswith("domain is readers.example.org")


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


class Held:
    """Holds back what a page asks at an address, until it is let go."""

    def __init__(self, page, address):
        self.page, self.routes = page, []
        page.route(address, lambda route: self.routes.append(route))

    def come(self):
        """Wait until something is asked."""
        self._until(lambda: self.routes)

    def let_go(self, number=-1):
        self.routes.pop(number).continue_()

    def refuse(self, answer, said):
        """Answer all that is asked so, again and again, until the page says it."""

        def told():
            while self.routes:
                answer(self.routes.pop(0))
            return said.is_visible()

        self._until(told)

    def finish(self, place):
        """Let all go, and what is asked upon that, until there is nothing to wait for at this place."""
        self._until(lambda: self._empty() and place.get_attribute("aria-busy") is None)

    def _empty(self):
        while self.routes:
            self.let_go()
        return True

    def _until(self, done):
        for _ in range(1000):
            if done():
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("nothing came")


@pytest.fixture
def draws(desk):
    """What the builder asks the desk to draw; two rules are there, the first about domains."""
    about(desk).select_option("domain")
    expect(desk.get_by_label("Values, one on each line")).to_be_visible()
    desk.get_by_role("button", name="Add a rule").click()
    expect(about(desk, 1)).to_be_focused()
    return Held(desk, "**/segment/draw")


def test_what_is_chosen_pressed_and_typed_while_an_answer_is_on_its_way_stays(desk, draws):
    values = desk.get_by_label("Values, one on each line")
    about(desk, 1).select_option(label="List")
    draws.come()
    desk.get_by_role("button", name="Add a group").click()
    desk.get_by_role("button", name="Add a rule").click()
    desk.get_by_label("People who meet").select_option("any")
    values.click()
    values.press_sequentially("readers.")
    draws.come()
    draws.let_go()  # it knows nothing of what was typed after it was asked
    draws.come()
    values.press_sequentially("example.org")
    draws.finish(desk.locator("#rules"))
    expect(rules(desk)).to_have_count(4)
    expect(desk.get_by_label("Which list")).to_be_visible()
    expect(desk.get_by_label("People who meet")).to_have_value("any")
    expect(values).to_have_value("readers.example.org")
    expect(values).to_be_focused()
    values.press_sequentially(" ")
    expect(values).to_have_value("readers.example.org ")


def test_values_that_people_have_are_picked_line_by_line(desk, draws):
    values, more = (desk.get_by_label(label) for label in ("Values, one on each line", "Add a value that people have"))
    assert [one.get_attribute("value") for one in desk.locator("datalist option").all()] == ["readers.example.org"]
    values.fill("example.org")
    more.fill("readers.example.org")
    more.press("Enter")
    expect(values).to_have_value("example.org\nreaders.example.org")
    expect(more).to_have_value("")
    more.fill("example.test")
    desk.get_by_label("Title").focus()
    expect(values).to_have_value("example.org\nreaders.example.org\nexample.test")


def test_saving_does_not_wait_for_an_answer_and_knows_what_was_pressed(running, desk, draws):
    desk.get_by_label("Title").fill("Quick")
    desk.get_by_label("Values, one on each line").fill("readers.example.org")
    desk.get_by_role("button", name="Take this rule out").nth(1).click()
    draws.come()
    desk.get_by_role("button", name="Save", exact=True).last.click()
    expect(desk.get_by_text("The segment “Quick” is saved.")).to_be_visible()
    assert saved(running, "Quick")["who"] == "domain is readers.example.org"


def test_an_answer_that_never_comes_is_told_and_asked_for_again(desk, draws):
    about(desk, 1).select_option(label="List")
    said = desk.get_by_role("status")
    draws.refuse(lambda route: route.abort(), said.filter(has_text="What you chose stays here"))
    desk.get_by_role("button", name="Add a rule").click()
    bad = {"status": 502, "body": "<p>Bad gateway</p>"}
    draws.refuse(lambda route: route.fulfill(**bad), said.filter(has_text="(502)"))
    desk.get_by_role("button", name="Add a rule").click()
    draws.finish(desk.locator("#rules"))
    expect(rules(desk)).to_have_count(4)
    expect(desk.get_by_label("Which list")).to_be_visible()
    expect(about(desk, 3)).to_be_focused()
    expect(desk.get_by_text("What you chose stays here")).to_have_count(0)


class Somebody:
    """Adds, drops, chooses and types as chance has it, and remembers what must be there in the end."""

    def __init__(self, desk, chance):
        self.desk, self.chance = desk, chance
        self.rows, self.chosen, self.typed = 2, {}, {}

    def act(self):
        drawn = [one.get_attribute("id")[4:] for one in self.desk.locator("#rules li:not([inert])").all()]
        acts = [self.add, self.choose, self.type, *([self.drop] if len(drawn) > 1 else [])]
        self.chance.choice(acts)(self.chance.choice(drawn))

    def add(self, number):
        self.desk.get_by_role("button", name="Add a rule").click()
        self.rows += 1

    def drop(self, number):
        self.desk.locator(f"#drop-{number}").click()
        self.rows -= 1
        self.chosen.pop(number, None)
        self.typed.pop(number, None)

    def choose(self, number):
        kind, select = self.chance.choice(["domain", "list", "language"]), self.desk.locator(f"#kind-{number}")
        if select.input_value() != kind:
            select.select_option(kind)
            self.chosen[number] = kind
            self.typed.pop(number, None)

    def type(self, number):
        value = self.desk.locator(f"textarea#value-{number}:not([inert])")
        if value.count():
            value.press_sequentially("more\n")
            self.typed[number] = value.input_value()


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_order_of_acts_and_answers_all_of_it_is_there_in_the_end(desk, draws, seed):
    chance = random.Random(seed)
    counts, somebody = Held(desk, "**/segment/count"), Somebody(desk, chance)
    for _ in range(40):
        for held in (draws, counts):
            if held.routes and chance.random() < 0.5:
                held.let_go(chance.randrange(len(held.routes)))
        somebody.act()
    draws.finish(desk.locator("#rules"))
    counts.finish(desk.locator("#found"))
    expect(rules(desk)).to_have_count(somebody.rows)
    for number, kind in somebody.chosen.items():
        expect(desk.locator(f"#kind-{number}")).to_have_value(kind)
    for number, text in somebody.typed.items():
        expect(desk.locator(f"#value-{number}")).to_have_value(text)
    desk.unroute_all()
    ask = "form => fetch(form.dataset.count, {method: 'POST', body: new FormData(form)}).then(answer => answer.text())"
    right = desk.locator("#segment-form").evaluate(ask)
    assert "".join(desk.locator("#found").inner_html().split()) == "".join(right.split())
