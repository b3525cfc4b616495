"""The pages that readers see are valid HTML, and axe-core finds nothing to complain of on them or in the mails."""

import re

import html5lib
import pytest

from newsletter.render.service import KINDS
from tests.others.conftest import LAYOUTS, THEMES, sampled

pytestmark = [pytest.mark.others, pytest.mark.django_db]

# A mail is shown inside a page that has landmarks of its own.
OF_PAGES_ONLY = ("landmark-one-main", "region")


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


def test_axe_finds_nothing_in_any_theme_layout_and_service_mail(make_config, axe):
    looks = [(theme, layout) for theme in THEMES for layout in (*LAYOUTS, *KINDS)]
    mails = {"-".join(look): sampled(make_config, *look).html for look in looks}
    assert axe(mails, without=OF_PAGES_ONLY) == []


def test_axe_finds_nothing_in_the_mails(seen, axe):
    found = axe(seen.mails, without=OF_PAGES_ONLY)
    assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(axe):
    assert any("image-alt" in one for one in axe({"wrong": "<html lang=en><title>Wrong</title><img src=a.png>"}))
