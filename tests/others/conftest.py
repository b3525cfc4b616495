"""Other people's tools over our mails and pages: the official MJML compiler, html-validate, axe-core.

They come from npm: `make tools` installs them beside this file. Where they are missing these tests are skipped, but
never in CI.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from playwright.sync_api import Page, sync_playwright

from newsletter.config import Config
from newsletter.render import Rendered, gallery
from tests.others.site import KEY, Shown, demo_config, publish, shown

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
THEMES = ("atlas", "gazette", "letter")
LAYOUTS = gallery.LAYOUTS
OF_PAGES_ONLY = ("landmark-one-main", "region")
"""Rules that no mail need keep: it is shown inside a page that has landmarks of its own."""


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    """Skip, or in CI fail, where the tools are not installed."""
    lacking = [name for name in ("node", "chromium") if not shutil.which(name)]
    if not (HERE / "node_modules" / "mjml").is_dir():
        lacking.append("tests/others/node_modules (run `make tools`)")
    if lacking and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(lacking)}")
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")


@pytest.fixture
def complaints(tmp_path: Path) -> Callable[[str, Mapping[str, str]], list[str]]:
    """Run one of the scripts here over documents by name: `complaints("mjml.mjs", {"digest.mjml": "<mjml>…"})`."""

    def run(script: str, documents: Mapping[str, str]) -> list[str]:
        folder = tmp_path / script
        folder.mkdir()
        for name, text in documents.items():
            (folder / name).write_text(text, encoding="utf-8")
        done = subprocess.run(["node", HERE / script, folder], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        found: dict[str, list[str]] = json.loads(done.stdout)
        assert found.keys() == documents.keys()
        return [f"{name}: {one}" for name, all_of_it in sorted(found.items()) for one in all_of_it]

    return run


def sampled(make_config: Callable[..., Config], theme: str, layout: str, language: str = "en") -> Rendered:
    """The sample in a theme and a layout, or as a service mail, of a newsletter that has all that one can have."""
    logos = {"logo": "https://example.org/day.png", "logo_dark": "https://example.org/night.png"}
    config = make_config(newsletters={"weekly": {"language": language, **logos}})
    return gallery.drawn(config, KEY, "weekly", theme, layout)


@pytest.fixture
def demo(db: None, tmp_path: Path) -> Iterator[Config]:
    """The demo publication, its two issues sent to the outbox."""
    config = demo_config(tmp_path)
    publish(config)
    with override_settings(NEWSLETTER=config, SECRET_KEY=KEY):
        yield config


@pytest.fixture(scope="module")
def seen(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Every page and mail of the demo, asked for once; what it took is not in the database any more."""
    config = demo_config(tmp_path_factory.mktemp("demo"))
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(NEWSLETTER=config, SECRET_KEY=KEY):
        publish(config)
        found = shown()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """What axe-core finds on pages by name, as Chromium shows them at a desk's and at a phone's width, and dark."""

    def look(pages: Mapping[str, str], without: Sequence[str] = ()) -> list[str]:
        # Django takes no questions while Playwright runs its loop: each test has a browser of its own.
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page()
            page.route("**/*", lambda route: route.abort())  # nothing is fetched: pictures are judged by their alt text
            try:
                return [f"{name} {found}" for name, html in pages.items() for found in _violations(page, html, without)]
            finally:
                browser.close()

    return look


def _violations(page: Page, html: str, without: Sequence[str]) -> Iterator[str]:
    """Put a page in, once, and ask about it at each width and in the dark."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.set_content(html)
    page.add_script_tag(path=HERE / "node_modules" / "axe-core" / "axe.min.js")
    everything = {"rules": {rule: {"enabled": False} for rule in without}}
    yield from _asked(page, everything, "at 1280 light")
    # In the dark nothing but the colours is another.
    page.emulate_media(color_scheme="dark")
    yield from _asked(page, {"runOnly": ["color-contrast"]}, "at 1280 dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 375, "height": 900})
    yield from _asked(page, everything, "at 375 light")


def _asked(page: Page, asked: Mapping[str, Any], when: str) -> Iterator[str]:
    for one in page.evaluate("asked => axe.run({...asked, resultTypes: ['violations']})", asked)["violations"]:
        for node in one["nodes"]:
            yield f"{when}: {one['id']}: {one['help']}: {node['html'][:160]}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        yield f"{when}: {wide} pixels wider than the screen"
