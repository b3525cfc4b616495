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
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright

from newsletter import pipeline, publication
from newsletter.config import Config, load
from newsletter.pipeline import Context
from newsletter.render import Rendered, gallery

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
KEY = "a key for tests"
THEMES = ("atlas", "gazette", "letter")
LAYOUTS = gallery.LAYOUTS


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
    environ = {"NEWSLETTER_SITE__VAR": str(tmp_path), "NEWSLETTER_SITE__URL": "http://testserver"}
    config = load(HERE.parents[1] / "config.yaml", environ=environ)
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    ctx = Context(config, KEY, lambda: now)
    publication.seed_lists(config, now)
    for _ in range(2):
        for job in pipeline.JOBS:
            job.run(ctx)
    with override_settings(NEWSLETTER=config, SECRET_KEY=KEY):
        yield config


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """What axe-core finds on pages by name, as Chromium shows them at a desk's and at a phone's width, and dark."""

    def look(pages: Mapping[str, str], without: Sequence[str] = ()) -> list[str]:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            try:
                return [one for name, html in pages.items() for one in _violations(browser, name, html, without)]
            finally:
                browser.close()

    return look


def _violations(browser: Browser, name: str, html: str, without: Sequence[str]) -> Iterator[str]:
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort())  # nothing is fetched: pictures are judged by their alt text
    page.set_content(html)
    page.add_script_tag(path=HERE / "node_modules" / "axe-core" / "axe.min.js")
    # Only what fails is asked for: to gather all that passes takes longer than to look.
    options = {"rules": {rule: {"enabled": False} for rule in without}, "resultTypes": ["violations"]}
    for width, scheme in ((1280, "light"), (375, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        for one in page.evaluate("options => axe.run(options)", options)["violations"]:
            for node in one["nodes"]:
                yield f"{name} at {width} {scheme}: {one['id']}: {one['help']}: {node['html'][:160]}"
    page.close()
