"""Every theme and layout in a real browser: words stand out by day and by night, and nothing sticks out on a phone."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from newsletter.render import gallery
from newsletter.render.palette import LEAST
from newsletter.render.service import KINDS
from tests.browser.test_newcomer import FLAGS
from tests.render.test_every_look import THEMES, TITLES, drawn

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# Walks every word, asks the browser for its colour and for the nearest painted ground, and says which are too faint.
FAINT = """
least => {
  const channel = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const bright = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const rgba = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.data.trim() || !e.offsetParent || style.display === 'none' || e.closest('[aria-hidden=true]')) continue;
    if (parseFloat(style.fontSize) < 2 || style.opacity === '0') continue;
    const [a, b] = [bright(rgba(style.color)), bright(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < least) found.add(`${ratio.toFixed(2)} ${style.color} ${ground(e)} ${node.data.trim().slice(0, 30)}`);
  }
  return [...found];
}
"""


RIGHTMOST = """
() => Math.max(...[...document.body.querySelectorAll('*')].filter(e => e.offsetParent).map(
  e => e.getBoundingClientRect().right))
"""


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium is installed")
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield made
        made.close()


def opened(browser, html, **options):
    page = browser.new_page(**options)
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    return page


LOOKS = [(theme, layout) for theme in THEMES for layout in (*gallery.LAYOUTS, *KINDS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("theme", "layout"), LOOKS)
def test_words_stand_out_by_day_and_by_night(browser, theme, layout, scheme):
    page = opened(browser, drawn(theme, layout, "en").html, color_scheme=scheme)
    assert page.evaluate(FAINT, LEAST) == []
    page.close()


@pytest.mark.parametrize(("theme", "layout"), LOOKS)
def test_outlook_com_gets_the_same_night(browser, theme, layout):
    # As Outlook.com leaves a mail it has repainted: its two marks around everything, and no media query asked.
    html = drawn(theme, layout, "en").html.replace("prefers-color-scheme: dark", "prefers-color-scheme: none")
    marked = html.replace('class="paper"', 'class="paper" data-ogsc="" data-ogsb=""', 1)
    body, rest = marked.split("<body", 1)
    page = opened(browser, f'{body}<body data-ogsc="" data-ogsb=""{rest}')
    assert page.evaluate(FAINT, LEAST) == []
    page.close()


@pytest.mark.parametrize("language", TITLES)
@pytest.mark.parametrize(("theme", "layout"), LOOKS)
def test_nothing_sticks_out_on_a_phone(browser, theme, layout, language):
    page = opened(browser, drawn(theme, layout, language).html, viewport={"width": 375, "height": 700})
    # Asked of every element: what a rounded card cuts off makes no page wider.
    assert page.evaluate(RIGHTMOST) <= 375
    page.close()


@pytest.mark.parametrize("theme", THEMES)
def test_the_dark_picture_is_shown_in_the_dark_alone(browser, theme):
    for scheme, shown in (("light", "hills"), ("dark", "night")):
        page = opened(browser, drawn(theme, "digest", "en").html, color_scheme=scheme)
        visible = page.evaluate(
            "[...document.querySelectorAll('.day,.night')].filter(i => i.offsetParent).map(i => i.src)"
        )
        assert any(shown in src for src in visible)
        other = {"hills": "night", "night": "hills"}[shown]
        assert not any(other in src for src in visible)
        page.close()
