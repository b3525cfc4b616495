"""Mails that differ from reader to reader: harmless values, whole documents on either side, and what everybody sees."""

import pytest

from newsletter.models.edition import digest_of
from newsletter.questions import Person
from newsletter.render import RenderError, for_nobody, preview, reading, reading_of_post, render
from newsletter.render.mjml import faults
from newsletter.render.words import graphemes
from tests.render.conftest import KEY
from tests.render.dom import Dom
from tests.render.people import ADA, BOB, CY, got

pytestmark = pytest.mark.django_db


# ── HTML and MJML ────────────────────────────────────────────────────────────────────────────────────────────────────

EVIL = ['"></title><a href="https://evil.example/">x</a>', "<script>x</script>", "{{ 7 * 7 }}{% if x %}", "a\r\nBcc: x",
        "' onmouseover='x", "\u202egnp.exe", "Zoë 👩‍💻 &amp;"]  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_a_name_of_any_kind_is_harmless_everywhere(make_issue, segmented, own, name):
    link = '<a title="{{ reader.fields.nick }}" href="{{ links.unsubscribe }}"><b>{{ reader.name | trim }}</b></a>'
    own("atlas/footer.mjml.j2", SECTION.format(f"<mj-text>{link}</mj-text>"))
    issue = make_issue(subject="{{ reader.name | default('x') }}: news", opening="# {{ reader.name | trim }}")
    edition = render(issue, segmented, KEY)
    evil = Person("a@example.org", name, {"nick": name})
    html, subject, text = (got(edition, part, evil) for part in ("html", "subject", "text"))
    plain = Dom(got(edition, "html", Person("a@example.org", "n", {"nick": "n"})))
    dom, shown = Dom(html), " ".join(name.replace("\u202e", "").split())
    assert html.isascii()
    assert [event[:2] for event in dom.events if event[0] == "start"] == [
        event[:2] for event in plain.events if event[0] == "start"
    ]
    assert [one["title"] for one in dom.all("a") if one.get("title")] == [shown]
    assert subject == f"{shown}: news"
    assert shown in text
    assert "\u202e" not in text
    assert "\nBcc" not in text


YES, NO = "<mj-text>YES</mj-text>", "<mj-text>NO</mj-text>"
COLUMN, SECTION = "<mj-column>{}</mj-column>", "<mj-section><mj-column>{}</mj-column></mj-section>"
EITHER = "{{% if C %}}{}{{% else %}}{}{{% endif %}}"
COLUMNS = EITHER.format(COLUMN.format(YES), COLUMN.format(NO))
SECTIONS = EITHER.format(SECTION.format(YES), SECTION.format(NO))
ONE, OTHER = "{% if C %}" + SECTION.format(YES) + "{% endif %}", "{% if not (C) %}" + SECTION.format(NO) + "{% endif %}"
WORDS = EITHER.format("YES", "NO")
MJML_LEVELS = {
    "body": SECTIONS,
    "wrapper": f"<mj-wrapper>{SECTIONS}</mj-wrapper>",
    "section": f"<mj-section>{COLUMNS}<mj-column><mj-text>x</mj-text></mj-column></mj-section>",
    "group": f"<mj-section><mj-group>{COLUMNS}</mj-group></mj-section>",
    "column": SECTION.format(EITHER.format(YES, NO)),
    "text": SECTION.format(f"<mj-text><p>{WORDS}</p></mj-text>"),
    "one-sided": f"<mj-wrapper>{OTHER}{ONE}</mj-wrapper>",
    "raw": SECTION.format(f"<mj-raw><tr><td>{WORDS}</td></tr></mj-raw>"),
    "attribute": SECTION.format(f'<mj-text css-class="{WORDS}">x</mj-text>'),
}


@pytest.mark.parametrize("level", MJML_LEVELS)
def test_a_condition_around_any_element_leaves_the_document_whole_in_outlook_too(make_issue, segmented, own, level):
    footer = MJML_LEVELS[level].replace("C", "'vip' in reader.lists") + (
        "<mj-section><mj-column><mj-text>{{ links.unsubscribe }}</mj-text></mj-column></mj-section>"
    )
    own("atlas/footer.mjml.j2", footer)
    edition = render(make_issue({"section": "World"}, {"section": "Life"}, {}), segmented, KEY)
    for person, there, gone in ((ADA, "YES", "NO"), (CY, "NO", "YES")):
        html = got(edition, "html", person)
        assert (there in html, gone in html) == (True, False)
        assert edition.marker not in html
        assert whole(html)
        assert not whole(html.replace("</table>", "", 1))


def whole(html):
    """Whether every element is closed where it was opened; for Outlook too, which reads conditional comments."""
    others = html.replace("<!--[if !mso]><!-->", "").replace("<!--<![endif]-->", "")
    outlook = others
    for mark in ("<!--[if mso | IE]>", "<!--[if mso]>", "<!--[if lte mso 11]>", "<![endif]-->"):
        outlook = outlook.replace(mark, "")
    return not list(faults(others)) and not list(faults(outlook))


def test_an_unsubscribe_link_for_some_is_not_enough(make_issue, segmented, own):
    own(
        "atlas/footer.mjml.j2",
        SECTION.format("<mj-text>{% if reader.name %}{{ links.unsubscribe }}{% endif %}</mj-text>"),
    )
    with pytest.raises(RenderError, match="no unsubscribe link for everybody"):
        preview(make_issue(), segmented, KEY)


@pytest.mark.parametrize(
    ("footer", "reason"),
    [
        ("<mj-text>{% if reader.name %}<b>{% endif %}x</b></mj-text>", "holds <b> without its </b>"),
        ("<mj-text><b>{% if reader.name %}x</b>{% endif %}</mj-text>", "holds </b> without its <b>"),
        ("<mj-text {% if reader.name %}color='red'{% endif %}>x</mj-text>", "inside the quotes of an attribute"),
        ('<mj-text><a href="{{ reader.fields.link }}">x</a></mj-text>', "an address must begin with its own words"),
        (
            "<mj-social>{% if reader.name %}<mj-social-element>x</mj-social-element>{% endif %}</mj-social>",
            "<mj-social>",
        ),
        ("<mj-raw><style>b { color: {{ reader.fields.colour }} }</style></mj-raw>", "style sheet"),
    ],
)
def test_a_condition_that_would_break_the_document_is_refused(make_issue, segmented, own, footer, reason):
    own("atlas/footer.mjml.j2", f"<mj-section><mj-column>{footer}</mj-column></mj-section>")
    with pytest.raises(RenderError, match=rf"digest\.mjml\.j2: line \d+ of the MJML it makes: .*{reason}"):
        preview(make_issue(), segmented, KEY)


def test_a_link_with_something_of_the_readers_in_it_is_not_tracked(make_issue, segmented):
    letter = "[map](https://maps.example/?q={{ reader.fields.city | urlencode }}) and [news](https://news.example/)"
    edition = render(make_issue(opening=letter), segmented, KEY)
    rome = Person("", "", {"city": "Rome & Ostia"})
    hrefs = Dom(got(edition, "html", rome)).hrefs()
    assert "https://maps.example/?q=Rome%20%26%20Ostia" in hrefs
    assert "https://news.example/" not in hrefs
    assert not edition.issue.links.filter(url__contains="maps").exists()


# ── cutting ──────────────────────────────────────────────────────────────────────────────────────────────────────────

LONG = "word " * 80


@pytest.mark.parametrize(
    "pattern",
    [
        LONG + "{{ reader.name }}",
        LONG + "{% if reader.name %}a{% endif %}",
        "{% if reader.name %}" + LONG + "{% else %}short{% endif %} and the rest",
        "{% if reader.name %}a{% else %}" + LONG + "{% endif %}" + LONG,
        "x " * 60
        + "{% if reader.name %}"
        + "y " * 30
        + "{% if reader.fields.city %}{{ reader.fields.city }}{% endif %}{% endif %}z",
        "👨‍👩‍👧‍👦" * 130 + "{% if reader.name %}" + "👨‍👩‍👧‍👦" * 130 + "{% else %}" + "👨‍👩‍👧‍👦" * 2 + "{% endif %}",
        "{% if reader.name %}"
        + "a" * 150
        + "{% endif %}" * 1
        + "{% if reader.fields.city %}"
        + "b" * 150
        + "{% endif %}",
    ],
)
def test_cutting_tears_nothing_apart(make_issue, segmented, pattern):
    mail = preview(make_issue(subject=pattern, preheader=pattern), segmented, KEY)
    bare = Person("", "N", {"city": "C"})
    for person in (bare, Person()):
        subject, preheader = got(mail, "subject", person), got(mail, "preheader", person)
        assert len(subject) <= 250 + len("…")
        assert len(graphemes(preheader)) <= 140
        assert mail.marker not in subject + preheader
        assert "……" not in subject + preheader


def test_who_sees_the_short_side_gets_what_follows_it(make_issue, segmented):
    pattern = "{% if reader.name %}" + LONG + "{% else %}Short{% endif %} and the rest"
    mail = preview(make_issue(preheader=pattern), segmented, KEY)
    assert got(mail, "preheader", BOB) == "Short and the rest"


# ── for everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_on_the_web_is_filled_for_nobody(make_issue, segmented):
    few = '{% if "vip" in reader.lists %}\nFor the few\n{% else %}\nFor the many\n{% endif %}'
    letter = f'Dear {{{{ reader.first_name | default("friend") }}}},\n\n{few}'
    issue = make_issue(
        opening=letter, subject="{% if reader.name %}{{ reader.name }}, the{% else %}The{% endif %} news"
    )
    found = reading(issue, segmented)
    text = Dom("".join(block.html for block in found.opening)).text()
    assert found.title == "The news"
    assert "Dear friend," in text
    assert "For the many" in text
    assert "For the few" not in text
    assert "-if" not in text


@pytest.mark.parametrize("where", ["opening", "post"])
def test_a_poll_is_for_everybody(make_issue, make_config, where):
    poll = "::: poll North or south?\n- North\n- South\n:::"
    html = '<figure data-block="poll"><figcaption>North?</figcaption><ul><li>Yes</li><li>No</li></ul></figure>'
    given = {"opening": f"{{% if reader.name %}}\n\n{poll}\n\n{{% endif %}}"} if where == "opening" else {}
    item = {} if given else {"html": f"<p>{{% if reader.name %}}</p>{html}<p>{{% endif %}}</p>", "personal": True}
    issue = make_issue(item, **given)
    with pytest.raises(RenderError, match="a poll cannot depend on the reader"):
        preview(issue, make_config(newsletters={"weekly": {"layout": "post"}}), KEY)


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("Hello {{ reader.name }}, the news", "Hello, the news"),
        ("{{ reader.first_name | default('Dear friend') }}, the news", "Dear friend, the news"),
        ("{% if 'vip' in reader.lists %}Secret{% else %}Open{% endif %} news", "Open news"),
        ("{% if reader.in_segment('locals') %}Berlin: {% endif %}news", "news"),
        ("{{ reader.fields.city | upper }} news", "news"),
    ],
)
def test_a_title_for_everybody_is_filled_for_nobody(make_issue, segmented, pattern, shown):
    edition = render(make_issue(subject=pattern), segmented, KEY)
    assert for_nobody(edition, "subject") == shown
    reply = next(href for href in Dom(edition.html).hrefs() if href.startswith("mailto:"))
    assert edition.marker not in reply


def test_an_edition_that_asks_nothing_is_known_as_it_always_was(make_issue, make_config):
    edition = render(make_issue(), make_config(), KEY)
    assert edition.late == []
    assert edition.digest == digest_of(edition.marker, edition.subject, edition.preheader, edition.html, edition.text)


def test_what_is_asked_is_part_of_what_was_approved(make_issue, make_config):
    issue = make_issue(subject='{% if reader.in_segment("a") %}x{% endif %}y')
    found = [
        render(issue, make_config(newsletters={"weekly": {"segments": {"a": f"reader.fields.city == '{city}'"}}}), KEY)
        for city in ("Rome", "Oslo", "Rome")
    ]
    assert found[0] == found[2] != found[1]


def test_links_of_a_side_are_listed_for_those_who_see_it(make_issue, segmented):
    sides = ("[few](https://few.example/)", "[many](https://many.example/)")
    letter = "[all](https://all.example/)\n\n{{% if reader.name %}}\n{}\n{{% else %}}\n{}\n{{% endif %}}".format(*sides)
    mail = preview(make_issue(opening=letter), segmented, KEY)
    named, nameless = got(mail, "text", ADA), got(mail, "text", BOB)
    assert ("https://few.example/" in named, "https://many.example/" in named) == (True, False)
    assert ("https://few.example/" in nameless, "https://many.example/" in nameless) == (False, True)
    assert all("https://all.example/" in text for text in (named, nameless))


def test_more_of_our_own_words_than_sendgrid_has_room_for_are_refused(make_issue, make_config):
    issue = make_issue(opening='{{ "' + "word " * 900 + '" if reader.name else "" }}')
    assert render(issue, make_config(), KEY)
    config = make_config(send={"transport": "sendgrid", "sendgrid": {"api_key": "x"}})
    with pytest.raises(RenderError, match="SendGrid has room for 4,000"):
        render(issue, config, KEY)


def test_a_personal_post_is_a_page_for_nobody(make_post, make_config):
    post = make_post(html="<p>Hello {{ reader.name | default(&quot;you&quot;) }} &#123;&#123; x }}</p>", personal=True)
    (block,) = reading_of_post(post, make_config(newsletters={"weekly": {"layout": "post"}})).lead.blocks
    text = Dom(block.html).text()
    assert "Hello you {{ x }}" in text


def test_a_feeds_braces_are_text(make_issue, post_config):
    text = Dom(
        preview(make_issue({"html": "<p>{{ reader.name }} {% if reader.name %}</p>"}), post_config, KEY).html
    ).text()
    assert "{{ reader.name }} {% if reader.name %}" in text


@pytest.mark.django_db
@pytest.mark.parametrize("html", ["<p>a</p>\n<p>{{ reader.nmae }}</p>", "<p>a</p>\n<p>{% if reader.name %}</p>"])
def test_an_error_in_a_post_names_the_post_and_no_line_that_nobody_wrote(make_issue, make_config, html):
    with pytest.raises(RenderError, match=r"^the post “A tale”: ") as error:
        preview(make_issue({"title": "A tale", "html": html, "personal": True}), make_config(), KEY)
    assert "line" not in str(error.value)
