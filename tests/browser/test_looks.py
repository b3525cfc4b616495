"""Every theme and layout in a real browser: words stand out by day and by night, and nothing sticks out on a phone."""

import pytest

from newsletter.render import gallery
from newsletter.render.palette import LEAST
from newsletter.render.service import KINDS
from tests.render.test_every_look import THEMES, TITLES, drawn

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("looks")]

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
def page(browser):
    """One page for all the mails, which fetches nothing: a page costs five times what a mail in it does."""
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda route: route.abort())
        yield page


def show(page, html, width=1280, scheme="light"):
    page.set_viewport_size({"width": width, "height": 720})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)


LOOKS = [(theme, layout) for theme in THEMES for layout in (*gallery.LAYOUTS, *KINDS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("theme", "layout"), LOOKS)
def test_words_stand_out_by_day_and_by_night(page, theme, layout, scheme):
    show(page, drawn(theme, layout, "en").html, scheme=scheme)
    assert page.evaluate(FAINT, LEAST) == []


@pytest.mark.parametrize(("theme", "layout"), LOOKS)
def test_outlook_com_gets_the_same_night(page, theme, layout):
    # As Outlook.com leaves a mail it has repainted: its two marks around everything, and no media query asked.
    html = drawn(theme, layout, "en").html.replace("prefers-color-scheme: dark", "prefers-color-scheme: none")
    marked = html.replace('class="paper"', 'class="paper" data-ogsc="" data-ogsb=""', 1)
    body, rest = marked.split("<body", 1)
    show(page, f'{body}<body data-ogsc="" data-ogsb=""{rest}')
    assert page.evaluate(FAINT, LEAST) == []


@pytest.mark.parametrize("language", TITLES)
@pytest.mark.parametrize(("theme", "layout"), LOOKS)
def test_nothing_sticks_out_on_a_phone(page, theme, layout, language):
    show(page, drawn(theme, layout, language).html, width=375)
    # Asked of every element: what a rounded card cuts off makes no page wider.
    assert page.evaluate(RIGHTMOST) <= 375


@pytest.mark.parametrize("theme", THEMES)
def test_the_dark_picture_is_shown_in_the_dark_alone(page, theme):
    for scheme, shown in (("light", "hills"), ("dark", "night")):
        show(page, drawn(theme, "digest", "en").html, scheme=scheme)
        visible = page.evaluate(
            "[...document.querySelectorAll('.day,.night')].filter(i => i.offsetParent).map(i => i.src)"
        )
        assert any(shown in src for src in visible)
        other = {"hills": "night", "night": "hills"}[shown]
        assert not any(other in src for src in visible)
