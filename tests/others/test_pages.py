"""The pages that readers see are valid HTML, and axe-core finds nothing to complain of on them or in the mails."""

import re

import html5lib
import pytest

from tests.others.conftest import OF_PAGES_ONLY

pytestmark = [pytest.mark.others, pytest.mark.django_db, pytest.mark.xdist_group("pages")]


def _by_file(pages: dict[str, str]) -> dict[str, str]:
    return {re.sub(r"[^\w]+", "-", f"page{name}") + ".html": html for name, html in pages.items()}


def test_every_page_is_html_that_a_strict_parser_takes(seen):
    for name, html in seen.pages.items():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
        assert parser.errors == [], name


def test_every_page_keeps_the_rules_of_html(seen, complaints):
    found = complaints("pages.mjs", _by_file(seen.pages))
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_pages(seen, axe):
    found = axe(seen.kinds)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_the_mails(seen, axe):
    found = axe(seen.mails, without=OF_PAGES_ONLY)
    assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(axe):
    assert any("image-alt" in one for one in axe({"wrong": "<html lang=en><title>Wrong</title><img src=a.png>"}))


def test_what_is_wrong_in_the_dark_or_on_a_phone_is_found_there_and_on_no_page_after_it(axe):
    page = "<!doctype html><html lang=en><title>A page</title><style>{}</style><main><h1>Words</h1></main>"
    faint = page.format("@media (prefers-color-scheme: dark) { h1 { color: #eee; background: #fff } }")
    wide = page.format("@media (max-width: 500px) { main { width: 900px } }")
    found = axe({"faint": faint, "wide": wide, "right": page.format("")})
    assert [one.split(":")[:2] for one in found] == [
        ["faint at 1280 dark", " color-contrast"],
        ["wide at 375 light", " 533 pixels wider than the screen"],
    ]
