"""The pages that readers see are valid HTML, and axe-core finds nothing to complain of on them or in the mails."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest
from django.test import Client

from newsletter import holes
from newsletter.models import Issue
from newsletter.render import preview
from tests.others.conftest import KEY, LAYOUTS, THEMES, sampled

pytestmark = [pytest.mark.others, pytest.mark.django_db]

_HREF = re.compile(r'<(?:a|form)\b[^>]*?\b(?:href|action)="([^"]*)"')


# A mail is shown inside a page that has landmarks of its own.
OF_PAGES_ONLY = ("landmark-one-main", "region")


@pytest.fixture
def pages(demo) -> dict[str, str]:
    """Every page that can be reached from the home page, by its address."""
    client, waiting, found = Client(), ["/"], {}
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address)
        assert answer.status_code == 200, f"{address} answers {answer.status_code}"
        if address in found or not answer["Content-Type"].startswith("text/html"):
            continue
        found[address] = answer.content.decode()
        waiting += [one for one in _ways(address, found[address]) if one not in found]
    assert len(found) > 4
    return found


def _ways(address: str, html: str) -> list[str]:
    whole = (urlsplit(urljoin(f"http://testserver{address}", unescape(href))) for href in _HREF.findall(html))
    ours = [one for one in whole if one.netloc == "testserver" and not one.path.startswith(("/desk/", "/static/"))]
    return list(dict.fromkeys(one.path + (f"?{one.query}" if one.query else "") for one in ours))


def _by_file(pages: dict[str, str]) -> dict[str, str]:
    return {re.sub(r"[^a-z0-9]+", "-", f"page{address}") + ".html": html for address, html in pages.items()}


def test_every_page_is_html_that_a_strict_parser_takes(pages):
    for address, html in pages.items():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
        assert parser.errors == [], address


def test_every_page_keeps_the_rules_of_html(pages, complaints):
    assert complaints("pages.mjs", _by_file(pages)) == []


def test_axe_finds_nothing_on_the_pages(pages, axe):
    assert axe(pages) == []


def test_axe_finds_nothing_in_any_theme_and_layout(make_config, axe):
    looks = [(theme, layout) for theme in THEMES for layout in LAYOUTS]
    mails = {"-".join(look): sampled(make_config, *look).html for look in looks}
    assert axe(mails, without=OF_PAGES_ONLY) == []


def test_axe_finds_nothing_in_the_mails(demo, axe):
    mails = {}
    for issue in Issue.objects.all():
        html = preview(issue, demo, KEY).html
        reader = holes.values("token", "reader@example.org", "Robin Reader")
        mails[issue.newsletter] = holes.fill(html, holes.marker(issue.pk, KEY), reader)
    assert axe(mails, without=OF_PAGES_ONLY) == []


def test_axe_finds_what_is_wrong(axe):
    assert any("image-alt" in one for one in axe({"wrong": "<html lang=en><title>Wrong</title><img src=a.png>"}))
