"""How a mail reads to those who see it badly, hear it, or get it cut off."""

import pytest

from newsletter.preflight.checks import contrast, headings, images, links, styles, weight
from newsletter.preflight.colours import dark_rules, style_of
from tests.factories import make_post
from tests.preflight.conftest import codes, only, own, said

pytestmark = pytest.mark.django_db
URL = "https://iana.org/x"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "here"), ("en", "Click here!"), ("en", "› Read more …"), ("de", "hier"), ("de", "more"),
     ("fr", "Lire la suite"), ("ar", "اضغط هنا"), ("he", "כאן"), ("es-MX", "aquí")],
)  # fmt: skip
def test_words_that_say_nothing_are_found_in_the_newsletters_language_and_in_english(mail, language, words):
    proof = mail(f'<a href="{URL}">{words}</a>', newsletters={"weekly": {"language": language}})
    assert only(links.empty_words(proof)).code == "link-text"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "hier"), ("en", "Read more about the reef"), ("de", "Mehr vom Riff")]
)
def test_words_that_say_something_are_not(mail, language, words):
    proof = mail(f'<a href="{URL}">{words}</a>', newsletters={"weekly": {"language": language}})
    assert list(links.empty_words(proof)) == []


def test_a_label_counts_for_those_who_hear_it(mail):
    assert list(links.empty_words(mail(f'<a href="{URL}" aria-label="The reef at night">here</a>'))) == []


def test_a_link_without_words_is_found_and_one_that_nobody_comes_to_is_not(mail):
    assert codes(links.silent(mail(f'<a href="{URL}"><img src="{URL}" alt=""></a>'))) == ["link-silent"]
    assert codes(links.silent(mail(f'<a href="{URL}"><img src="{URL}" alt="A reef"></a>'))) == []
    assert codes(links.silent(mail(f'<a href="{URL}" style="display:none" aria-hidden="true"></a>'))) == []


def test_an_image_of_a_story_without_words_is_found_and_named(make_proof):
    bare = make_post(title="A whale falls", image_url="https://iana.org/whale.jpg", image_alt="")
    told = make_post(title="A reef grows", image_url="https://iana.org/reef.jpg", image_alt="A reef from above")
    one = only(images.without_words(make_proof(bare, told)))
    assert (one.code, one.where, one.about) == ("image-alt", "“A whale falls”", "https://iana.org/whale.jpg")
    assert one.level == "note"
    assert only(images.without_words(make_proof(own(image_url="https://iana.org/whale.jpg")))).level is None


def test_an_image_in_a_story_told_in_full_needs_words_too(make_proof):
    post = own(html='<p>See:</p><figure><img src="https://iana.org/map.png" alt=""></figure>')
    proof = make_proof(post, changes={"newsletters": {"weekly": {"layout": "post"}}})
    assert said(images.without_words(proof)) == [("“" + post.title + "”", "https://iana.org/map.png")]


def test_ornament_of_the_frame_needs_no_words_but_the_attribute(mail):
    assert list(images.without_words(mail('<img src="https://iana.org/logo.png" alt="">'))) == []
    assert codes(images.without_words(mail('<img src="https://iana.org/logo.png">'))) == ["image-alt"]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<h1>One</h1><h2>Two</h2><h3>Three</h3><h2>Four</h2>", 0),
        ("", 0),
        ("<h2>Two</h2>", 1),
        ("<h1>One</h1><h1>Two</h1>", 1),
        ("<h1>One</h1><h3>Three</h3>", 1),
        ("<h2>Two</h2><h1>One</h1><h4>Four</h4>", 2),
        ('<h1>One</h1><h3 style="display:none">Hidden</h3>', 0),
    ],
)
def test_headings_go_down_a_level_at_a_time_from_one_first(mail, html, found):
    assert codes(headings.order(mail(html))) == ["heading-order"] * found


@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
@pytest.mark.parametrize("theme", ["atlas", "gazette", "letter"])
def test_nothing_is_found_in_the_markup_of_our_own_themes(make_proof, theme, layout):
    html = "<h2>One</h2><p>With <a href='https://iana.org/'>a link</a> and <code>code</code>.</p>"
    quoted = "<blockquote><p>Said.</p></blockquote>"
    post = own(html=html + quoted, image_url="https://iana.org/a.png", image_alt="A reef")
    proof = make_proof(post, make_post(), changes={"newsletters": {"weekly": {"theme": theme, "layout": layout}}})
    for check in (headings.order, contrast.light, contrast.dark, styles.unsupported, weight.weight,
                  images.without_words, links.empty_words, links.silent):  # fmt: skip
        assert [str(one) for one in check(proof)] == [], check


def test_faint_words_are_found_with_their_colours(mail):
    proof = mail('<div style="background:#ffffff"><p style="color:#aaaaaa">A whale falls</p><p>Well</p></div>')
    one = only(contrast.light(proof))
    assert (one.code, one.about) == ("contrast-light", "#aaaaaa on #ffffff")
    assert "2.3 to 1" in one.what


def test_words_on_a_ground_that_is_not_known_are_left_alone(mail):
    assert (
        list(contrast.light(mail('<div style="background:url(x.png)"><p style="color:#aaaaaa">A whale</p></div>')))
        == []
    )


def test_a_token_that_makes_words_faint_in_the_dark_is_found_there_and_not_in_the_light(make_proof):
    changes = {"newsletters": {"weekly": {"tokens": {"dark": {"ink": "#333333"}}}}}
    proof = make_proof(changes=changes)
    assert list(contrast.light(proof)) == []
    found = list(contrast.dark(proof))
    assert set(codes(found)) == {"contrast-dark"}
    assert any(one.about.startswith("#333333 on") for one in found)


def test_of_two_rules_the_more_particular_one_wins_and_then_the_later():
    css = "@media (prefers-color-scheme: dark) { .a .b { color: #fff } .b { color: #000000 } p { color: #123 } }"
    assert [(rule.selector, rule.style.colour) for rule in dark_rules(css)] == [
        ("p", "#112233"), (".b", "#000000"), (".a .b", "#ffffff"),
    ]  # fmt: skip
    assert dark_rules("@media (min-width: 10px) { p { color: #fff } } p { color: #000 }") == []


@pytest.mark.parametrize(
    "css", ["", "color", "color:", ";;;", "color:#12", "}{", "a:b;color:url(#fff)", "color:red !important"]
)
def test_styles_that_say_no_colour_say_none(css):
    assert not style_of(css).colour


def test_selectors_that_cannot_be_asked_for_are_passed_over(mail):
    css = "@media (prefers-color-scheme:dark) { p::before, p:hover, p:nope, p { color: #000000; background: #111111 } }"
    proof = mail(f"<style>{css}</style><p>A whale falls</p>")
    assert codes(contrast.dark(proof)) == ["contrast-dark"]


@pytest.mark.parametrize(
    ("html", "about"),
    [
        ('<p style="display: flex">x</p>', "display: flex"),
        ('<p style="position:absolute">x</p>', "position"),
        ('<p style="margin: 0 -10px">x</p>', "a negative margin"),
        ('<p style="color: var(--ink)">x</p>', "var()"),
        ("<style>@media print { .a { display: grid } }</style>", "display: grid"),
        ("<video src='x'></video>", "video"),
        ("<form></form>", "form"),
    ],
)
def test_a_style_that_a_big_program_lacks_is_found_with_its_source(mail, html, about):
    one = only(styles.unsupported(mail(html)))
    assert (one.code, one.about) == ("css-support", about)
    assert "https://www.caniemail.com/features/" in one.do


@pytest.mark.parametrize(
    "html",
    [
        '<p style="margin:0 10px;display:block;border-radius:3px">x</p>',
        "<style>@supports (display: grid) { p { display: grid } }</style>",
    ],
)
def test_styles_that_all_know_or_that_are_asked_for_first_are_not(mail, html):
    assert list(styles.unsupported(mail(html))) == []


@pytest.mark.parametrize(("size", "found"), [(80_000, []), (90_000, ["weight"]), (103_000, ["weight-clipped"])])
def test_a_mail_that_is_heavy_and_one_that_is_clipped(mail, size, found):
    assert codes(weight.weight(mail("x" * size))) == found


def test_the_limits_are_those_of_the_configuration(mail):
    limits = {"preflight": {"weight": "1 kB", "weight_most": "2 kB"}}
    assert codes(weight.weight(mail("x" * 1500, compose=limits))) == ["weight"]
