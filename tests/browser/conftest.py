"""Debian's Chromium, started once for each file of tests, and publications that run while it looks at them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.processes.conftest import Publication
from tests.processes.test_end_to_end import is_sent

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 120_000
"""Milliseconds that something on a page may take: nothing is late only because the machine has other work too."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one file and no longer: while Playwright's loop runs, Django takes no questions."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium is installed")
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield made
        made.close()


@contextmanager
def blank_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page that knows nobody. An error in its scripts fails the test, and so does what the page's policy stops."""
    errors: list[str] = []
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        yield page
    assert errors == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A blank page, as wide as a desk's screen."""
    with blank_page(browser, viewport={"width": 1400, "height": 900}) as blank:
        yield blank


@contextmanager
def publication(folder: Path, config: pytest.Config | None = None, **environment: str) -> Iterator[Publication]:
    """A publication made by `newsletter init`, and running; its first issue has been sent.

    With pytest's own `config` its database begins migrated, which saves the time.
    """
    made = Publication(folder / "mine", "")
    done = made.command("init", str(made.folder), cwd=folder)
    assert done.returncode == 0, done.stderr
    if config:
        made.begin_migrated(config)
    made.listen_by_environment()
    made.environment |= environment
    made.start("run")
    try:
        made.wait_for(lambda: "is running" in made.log(), "the start")
        made.wait_for(lambda: is_sent(made), "the first issue")
        yield made
    finally:
        made.stop_all()


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Publication]:
    """A publication of the test's own."""
    with publication(tmp_path, request.config) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Publication]:
    """A publication for all tests of a file that leave each other's readers alone, in whatever order they come."""
    with publication(tmp_path_factory.mktemp("shared"), request.config) as made:
        yield made


def sign_in(running: Publication, page: Page) -> None:
    """With the name and password that the first start has printed."""
    found = re.search(r"password +(\S+)", running.log())
    assert found
    page.goto(f"{running.url}/desk/")
    page.get_by_label("Username").fill("editor")
    page.get_by_label("Password").fill(found[1])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("The next two weeks")).to_be_visible()
