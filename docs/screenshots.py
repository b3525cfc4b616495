"""Take the pictures that the documentation shows, from a fresh run of the demo: `make screenshots`."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contact_sheets import sheets
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
_WRITTEN = (
    ("A river gets its bends back", "Engineers filled in a canal, and the salmon found the old way within a week."),
    ("The night train to Lisbon runs again", "After eleven years it leaves at nine, with a dining car and six berths."),
    ("A choir of two hundred lighthouses", "For one evening every horn of the coast was tuned to the same chord."),
    ("Schoolchildren name a comet", "It is called Biscuit, and it comes back in 4,100 years."),
)
"""What an editor has written into the inbox: title and text."""
_IMPORTED = (("Amara", "Dakar", 3), ("Goran", "Riga", 4), ("Hana", "Osaka", 7), ("Rosa", "Lima", 9))


def main() -> None:
    """Run the demo in a folder of its own, and photograph its mails, its desk and every theme."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as var, _running(Path(var)) as (address, password), sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        for name, folder in (("digest", "atlas-weekly"), ("story", "atlas-story")):
            html = _html(next((Path(var) / "outbox" / folder).rglob("*.eml")))
            for look, width, scheme in (("", 700, "light"), ("-phone", 375, "light"), ("-dark", 700, "dark")):
                _mail(browser, html, f"mail-{name}{look}", width, scheme)
        _desk(browser.new_page(viewport={"width": 1400, "height": 840}), address, password)
        _gallery(browser, Path(var) / "gallery", address)
        browser.close()


@contextmanager
def _running(var: Path) -> Iterator[tuple[str, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = {"VAR": str(var), "LISTEN": listen, "URL": f"http://{listen}"}
    env = {**os.environ, **{f"NEWSLETTER_SITE__{name}": value for name, value in settings.items()}, "COLUMNS": "200"}
    log = var / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "newsletter", "run"], cwd=ROOT, env=env, stdout=output, stderr=output
        )
    try:
        while not (found := re.search(r"password +(\S+)", log.read_text())):
            if process.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.2)
        yield f"http://{listen}", found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)


def _gallery(browser: Browser, folder: Path, address: str) -> None:
    """A contact sheet of each theme and layout, drawn from the sample; the demo serves the logo meanwhile."""
    env = {**os.environ, "NEWSLETTER_SITE__VAR": str(folder.parent), "NEWSLETTER_SITE__URL": address}
    subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "newsletter", "preview", "--gallery", str(folder)],
        cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    sheets(browser, folder, IMAGES / "gallery")


def _html(file: Path) -> str:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = message.get_body(("html",))
    return str(body.get_content()) if body else ""


def _mail(browser: Browser, html: str, name: str, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_content(html, wait_until="networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True)
    page.close()


def _desk(page: Page, address: str, password: str) -> None:
    page.goto(f"{address}/desk/")
    page.fill("input[name=login]", "editor")
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    _inbox(page, address)
    issue = _next_issue(page, address)
    for name, path in (
        ("today", "/desk/"),
        ("report", "/desk/issue/1/report/"),
        ("preview", "/desk/issue/1/preview/?part=all"),
        ("gallery", "/desk/gallery/?theme=gazette"),
        ("editor", f"/desk/issue/{issue}/edit/"),
        ("newsletter", "/desk/newsletters/atlas-weekly/"),
    ):
        page.goto(f"{address}{path}", wait_until="load")
        page.wait_for_timeout(1500)  # the bar above a page asks again and again: the line is never idle
        page.screenshot(path=IMAGES / f"desk-{name}.png")
    _checks(page, address, issue)
    _trial(page, address, issue)
    _segment(page, address)
    _import(page, address)
    _calendar(page, address)


def _inbox(page: Page, address: str) -> None:
    """The inbox with what an editor has just written into it."""
    for title, text in _WRITTEN:
        page.goto(f"{address}/desk/inbox/atlas-weekly/write/")
        page.get_by_label("Title").fill(title)
        page.get_by_label("Text").fill(text)
        page.get_by_role("button", name="Add it").click()
        page.get_by_text(title).first.wait_for()
    page.goto(f"{address}/desk/inbox/atlas-weekly/?show=all", wait_until="load")
    page.keyboard.press("j")
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "desk-inbox.png")


def _next_issue(page: Page, address: str) -> str:
    """Draw up the next issue, and take it off the schedule that the demo puts it on; return its number."""
    page.goto(f"{address}/desk/calendar/")
    page.get_by_role("link", name="The next month").click()
    page.locator(".calendar-entry", has_text="Atlas News").first.locator("a").click()
    page.get_by_role("button", name="Draw it up now").click()
    page.wait_for_url(re.compile(r"/issue/\d+/edit/"))
    return page.url.split("/")[-3]


def _checks(page: Page, address: str, issue: str) -> None:
    """What the checks have found in it."""
    page.goto(f"{address}/desk/issue/{issue}/checks/")
    page.get_by_role("button", name="Run the checks").click()
    page.get_by_text("Looked at on").wait_for(timeout=120_000)
    page.screenshot(path=IMAGES / "desk-checks.png")


def _trial(page: Page, address: str, issue: str) -> None:
    """An A/B test of two subjects."""
    page.goto(f"{address}/desk/issue/{issue}/ab/")
    page.get_by_role("button", name="Make").first.click()
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "desk-ab.png")


def _calendar(page: Page, address: str) -> None:
    """A month ahead in which one date is left out and another moved."""
    page.goto(f"{address}/desk/calendar/")
    page.get_by_role("link", name="The next month").click()
    page.locator(".calendar-entry", has_text="Atlas News").nth(1).locator("a").click()
    page.get_by_label("Reason").fill("Everybody is at the conference")
    page.get_by_role("button", name="Leave this date out").click()
    moved = page.locator(".calendar-entry", has_text="Atlas Story").first
    moved.drag_to(moved.locator("xpath=ancestor::td/following-sibling::td[1]"))
    page.get_by_text("is due on").wait_for()
    page.goto(page.url, wait_until="networkidle")
    page.screenshot(path=IMAGES / "desk-calendar.png")


def _segment(page: Page, address: str) -> None:
    """A segment while it is being written."""
    page.goto(f"{address}/desk/segment/", wait_until="networkidle")
    page.get_by_label("Title").fill("Readers of the weekly who are still there")
    kinds = page.get_by_label("What the rule is about")
    kinds.first.select_option("list")
    page.get_by_label("Which list").select_option(index=1)
    page.get_by_role("button", name="Add a rule").click()
    kinds.nth(1).select_option("domain")
    page.get_by_label("Values, one on each line").fill("readers.example.org\nexample.org")
    page.locator("#found:not([aria-busy]) table").wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / "desk-segment.png")


def _import(page: Page, address: str) -> None:
    """A file of people that has been looked over, before anybody is brought in."""
    rows = "".join(f"{name.lower()}@example.org,{name},{city},1{day}/11/2026\n" for name, city, day in _IMPORTED)
    page.goto(f"{address}/desk/import/", wait_until="networkidle")
    table = f"Email Address,First Name,City,OPTIN_TIME\n{rows}".encode()
    page.locator("input[type=file]").set_input_files({"name": "members.csv", "mimeType": "text/csv", "buffer": table})
    page.get_by_role("button", name="Upload").click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / "desk-import.png")


if __name__ == "__main__":
    main()
