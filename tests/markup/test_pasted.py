"""What is pasted from Word, from a web page or from worse becomes plain Markdown."""

# ruff: noqa: E501  # as Word writes it

import time

from newsletter.markup.pasted import to_markdown

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word"><head>
<meta name=Generator content="Microsoft Word 15"><style><!-- p.MsoNormal {margin:0cm; font-family:"Calibri"} --></style>
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings/></xml><![endif]--></head><body lang=EN-GB>
<!--StartFragment--><h1 style='mso-pagination:widow-orphan'>The sea<o:p></o:p></h1>
<p class=MsoNormal><b style='mso-bidi-font-weight:normal'><span lang=EN-GB style='font-size:12.0pt'>Whales</span></b> fall
<i>slowly</i>, <a href="https://example.org/whales">as we wrote</a>.<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;&nbsp;
</span></span></span><![endif]>One bone<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;&nbsp;&nbsp;
</span></span><![endif]>Two bones<o:p></o:p></p>
<p class=MsoNormal><img width=100 src="file:///C:/Users/ada/clip_image001.png" alt="A chart"></p>
<!--EndFragment--></body></html>"""


def test_a_word_document_keeps_its_words_and_nothing_of_word():
    found = to_markdown(WORD)
    assert found.text.split("\n\n")[:2] == [
        "# The sea",
        "**Whales** fall\n*slowly*, [as we wrote](https://example.org/whales).",
    ]
    assert "- One bone\n- Two bones" in found.text
    for word in ("mso", "style", "font", "o:p", "Generator", "file:", "<", "·"):
        assert word not in found.text, word
    assert found.left_out == 1


def test_a_web_page_keeps_headings_lists_quotes_and_pictures():
    found = to_markdown(
        "<h2>News</h2><ol><li>One</li><li>Two</li></ol><blockquote><p>Said so</p></blockquote>"
        '<p><img src="https://example.org/a.png" alt="A tower"></p>'
    )
    assert found.text == ("## News\n\n1. One\n2. Two\n\n> Said so\n\n![A tower](https://example.org/a.png)")
    assert found.left_out == 0


def test_stars_and_brackets_in_the_words_stay_words():
    assert to_markdown("<p>2 * 3 * 4 [sic]</p>").text.replace("\\", "") == "2 * 3 * 4 [sic]"


def test_scripts_and_addresses_that_run_are_left_behind():
    found = to_markdown('<p onclick="x()">Hi<script>alert(1)</script><a href="javascript:alert(1)">there</a></p>')
    assert found.text == "Hithere"


def test_hostile_depth_and_length_end_soon():
    started = time.monotonic()
    to_markdown("<div><b>" * 20_000 + "deep")
    to_markdown("<p>" + "·&nbsp;&nbsp;" * 50_000 + "</p>")
    assert time.monotonic() - started < 20
