"""What goes through MJML comes out as it went in."""

import random
from html import unescape

import emoji
import pytest

from newsletter.render.errors import RenderError
from newsletter.render.mjml import to_html
from tests.render.dom import Dom

TRAPS = {
    "joiner": "👩‍🚀",
    "variation selector": "❤️ ☎️",
    "no-break space": "5\u00a0km",
    "combining mark": "e\u0301 n\u0303",
    "right-to-left marks": "\u200fשלום\u200e",
    "flag": "🇩🇪",
    "flag tags": "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "backslash": r"C:\u{1F600}\new",
    "double quote": 'say "hi" now',
    "single quote": "it's",
    "angle brackets": "a < b > c",
    "ampersand": "R&D &amp; &lt;",
    "Arabic": "مرحبا بالعالم",
    "Hindi": "नमस्ते दुनिया",
    "last of Unicode": "\U0010fffd",
}


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def document(text: str) -> str:
    value = escaped(text)
    return f"""<mjml><mj-head><mj-title>{value}</mj-title></mj-head><mj-body><mj-section><mj-column>
    <mj-image src="https://example.org/i.png" alt="{value}" title="{value}" href="https://example.org/{value}" />
    <mj-text><a href="https://example.org/{value}" title="{value}" aria-label="{value}">{value}</a>
    <span style="font-family:'{value}'">x</span></mj-text></mj-column></mj-section></mj-body></mjml>"""


def check_unharmed(text: str) -> None:
    html = to_html(document(text), "theme")
    dom = Dom(html)
    assert html.isascii()
    assert "\\u{" not in html
    (image,) = dom.all("img")
    linked, plain = dom.all("a")
    assert image["alt"] == image["title"] == plain["title"] == plain["aria-label"] == text
    assert linked["href"] == plain["href"] == f"https://example.org/{text}"
    assert dom.all("span")[0]["style"] == f"font-family:'{text}'"
    assert [attrs["aria-label"] for attrs in dom.all("div") if "aria-label" in attrs] == [text]
    assert text in dom.text()


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS)
def test_every_character_survives_in_text_and_in_attributes(text):
    check_unharmed(text)


def test_random_emoji_survive():
    dice = random.Random(20261120)
    known = sorted(emoji.EMOJI_DATA)
    for _ in range(60):
        check_unharmed(" ".join(dice.choices(known, k=8)))


def test_white_space_in_attributes_becomes_one_space():
    html = to_html(document("a\tb\r\nc"), "theme")
    assert Dom(html).all("img")[0]["alt"] == "a b c"


def test_control_characters_are_dropped():
    assert Dom(to_html(document("a\x00\x08\x1fb"), "theme")).all("img")[0]["alt"] == "ab"


def test_a_quote_in_single_quotes_stays_in_its_attribute():
    mjml = """<mjml><mj-body><mj-section><mj-column><mj-text><a title='5" nails' onclick=x>a</a></mj-text>
    </mj-column></mj-section></mj-body></mjml>"""
    assert Dom(to_html(mjml, "theme")).all("a") == [{"title": '5" nails', "onclick": "x"}]


def test_comments_are_dropped_even_where_the_engine_would_stumble():
    mjml = (
        "<mjml><mj-head><mj-attributes><!-- é --><mj-all color='#112233' /></mj-attributes></mj-head><mj-body /></mjml>"
    )
    assert "<!-- é" not in unescape(to_html(mjml, "theme"))


def test_a_style_sheet_beyond_ascii_is_refused_with_the_theme_and_the_line():
    mjml = "<mjml><mj-head><mj-style>a { b: c }\n.x::before { content: '—' }</mj-style></mj-head><mj-body /></mjml>"
    with pytest.raises(RenderError, match=r"^themes/x\.mjml\.j2: a style sheet holds more than ASCII: `\.x::before"):
        to_html(mjml, "themes/x.mjml.j2")


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("\n<mj-text>é a < b</mj-text>", "line 2 .*bare '<' in the text, at `< b`"),
        ("\n<mj-text>é\n<p>a</mj-text>", r"line 3 .*`<p>` is not closed before </mj-text> on line 3"),
        ("\n</mj-text>", r"line 1 .*`<mj-column>` is not closed before </mj-text> on line 2"),
    ],
)
def test_an_mjml_error_names_its_line_and_quotes_the_piece(inside, message):
    mjml = f"<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"
    with pytest.raises(RenderError, match=message):
        to_html(mjml, "theme")


def test_an_error_whose_position_the_engine_tells_is_located_by_it():
    with pytest.raises(RenderError, match=r"theme: line 3 of the MJML it makes: .* at `<mj-foo"):
        to_html("<mjml>\n<!-- x -->\n<mj-foo /></mjml>", "theme")
