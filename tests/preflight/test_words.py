"""What the words of an issue say: left-over placeholders, dates, subject, emoji, and what the law asks for."""

from dataclasses import replace
from datetime import date

import pytest

from newsletter.preflight.checks import dates, emojis, law, placeholders, subject
from tests.factories import make_issue, make_item, make_post
from tests.preflight.conftest import codes, only, own, said

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "words", ["Dear *|FNAME|*", "Lorem ipsum dolor", "A figure TK", "TKTK", "[insert name here]", "Hello [first name],",
              "%%first_name%%", "see [[reef]]"]
)  # fmt: skip
def test_a_placeholder_in_our_own_words_is_a_blocker(make_proof, words):
    proof = make_proof(opening=words)
    assert [(one.code, one.where) for one in placeholders.left_over(proof)] == [("placeholder", "the opening")]


@pytest.mark.parametrize(
    "words",
    ["Super Bowl XXVI", "The TK-12 bus", "Take stock", "A [link](https://iana.org/) to it", "It is {curly}",
     "`{{ code }}`", "Dear {{ reader.first_name | default('friend') }}", "[your account](https://iana.org/)"],
)  # fmt: skip
def test_what_only_looks_like_one_is_none(make_proof, words):
    assert list(placeholders.left_over(make_proof(opening=words))) == []


def test_a_tag_that_nothing_fills_is_a_blocker_wherever_it_stands(make_proof):
    proof = make_proof(subject="Hello {{ first_name }}", preheader="{% name %}")
    assert said(placeholders.left_over(proof)) == [
        ("the subject", "{{ first_name }}"), ("the preheader", "{% name %}"),
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["XXX", "TODO: ask Maja", "FIXME", "on TBD"])
def test_what_may_be_meant_is_a_warning(make_proof, words):
    assert codes(placeholders.left_over(make_proof(opening=words))) == ["placeholder-perhaps"]


def test_in_a_story_of_our_own_it_is_a_blocker_and_in_one_of_others_a_warning(make_proof):
    ours, theirs = own(title="Ours", html="<p>Lorem ipsum</p>"), make_post(title="Theirs", html="<p>Lorem ipsum</p>")
    assert [(one.code, one.where) for one in placeholders.left_over(make_proof(ours, theirs))] == [
        ("placeholder", "“Ours”"), ("placeholder-perhaps", "“Theirs”"),
    ]  # fmt: skip


def test_code_in_a_story_and_what_it_says_to_each_reader_are_left_alone(make_proof):
    code = own(html="<p>Write <code>{{ name }}</code>:</p><pre>{% raw %} TODO</pre>")
    personal = own(html="<p>Dear {{ reader.name | default('friend') }}</p>", personal=True)
    assert list(placeholders.left_over(make_proof(code, personal))) == []


def test_braces_of_a_feed_are_found_however_they_are_written(make_proof):
    post = make_post(html="<p>Dear &#123;&#123; name }}</p>")
    assert codes(placeholders.left_over(make_proof(post))) == ["placeholder-perhaps"]


def test_tk_means_something_else_in_german(make_proof):
    proof = make_proof(opening="Die TK zahlt.", changes={"newsletters": {"weekly": {"language": "de"}}})
    assert list(placeholders.left_over(proof)) == []


@pytest.mark.parametrize(
    "words", ["{" * 50_000, "[" * 50_000, "*|" * 20_000, "X" * 50_000, "<pre>" * 5_000, "`" * 20_000]
)
def test_hostile_words_take_no_time(make_proof, words):
    assert isinstance(placeholders.told(words, personal=True), str)
    proof = make_proof(make_post(html=words), own(html=words), opening="A word")
    proof.issue.opening = words  # as no letter can be rendered
    list(placeholders.left_over(proof))


@pytest.mark.parametrize(
    ("language", "words", "about"),
    [
        ("en", "We meet on 20 November 2025.", "20 November 2025"),
        ("en", "We meet on November 20th, 2025.", "November 20th, 2025"),
        ("en", "Saturday, 20 November 2026 is the day", "Saturday, 20 November 2026"),
        ("en", "until 2025-11-20", "2025-11-20"),
        ("de", "Am 20. November 2025 ist es so weit", "20. November 2025"),
        ("de", "am Samstag, den 20. November 2026", "Samstag, den 20. November 2026"),
        ("fr", "le 20 novembre 2025", "20 novembre 2025"),
        ("es", "el 20 de noviembre de 2025", "20 de noviembre de 2025"),
    ],
)
def test_a_date_far_from_the_issues_or_with_another_weekday_is_found(make_proof, language, words, about):
    proof = make_proof(opening=words, changes={"newsletters": {"weekly": {"language": language}}})
    assert said(dates.wrong_year(proof)) == [("the opening", about)]


@pytest.mark.parametrize(
    "words",
    [
        "On Friday, 20 November 2026",
        "by 1 March 2027",
        "since 1987",
        "in 2025 it rained",
        "room 2019/3",
        "30 February 2026",
    ],
)
def test_a_date_that_can_be_meant_is_not(make_proof, words):
    assert list(dates.wrong_year(make_proof(opening=words))) == []


@pytest.mark.parametrize(("words", "found"), [("The best of 2025", 1), ("What 2026 was like", 0), ("Plans for 2027", 0),
                                              ("Agenda 2030", 1), ("The 2,025th issue", 0)])  # fmt: skip
def test_a_bare_year_counts_in_the_subject_alone(make_proof, words, found):
    assert codes(dates.wrong_year(make_proof(subject=words))) == ["year"] * found


def test_stories_of_others_may_tell_of_any_time(make_proof):
    theirs, ours = make_post(title="It was 1 May 2019"), own(title="It will be 1 May 2019")
    assert said(dates.wrong_year(make_proof(theirs, ours))) == [("“It will be 1 May 2019”", "1 May 2019")]


def test_dates_are_read_with_their_weekdays():
    (found,) = dates.dated("Friday 20 November 2026", "en")
    assert found == ("Friday 20 November 2026", date(2026, 11, 20), 4)


@pytest.mark.parametrize(("words", "found"), [("x" * 70, []), ("x" * 71, ["subject-length"]), ("👩‍🚀" * 40, [])])
def test_a_subject_is_measured_in_what_readers_see(make_proof, words, found):
    assert codes(subject.length(make_proof(subject=words))) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [("THE WHALE HAS FALLEN", 1), ("The whale has fallen!!", 1), ("BUY NOW! BUY! NOW!", 2), ("NASA, ESA, JAXA", 1),
     ("A whale falls!", 0), ("ESA", 0), ("الحوت يسقط", 0), ("ГДЕ КИТ СЕЙЧАС", 1)],
)  # fmt: skip
def test_a_subject_that_shouts(make_proof, words, found):
    assert codes(subject.loud(make_proof(subject=words))) == ["subject-capitals"] * found


def test_a_missing_preheader_is_a_note(make_proof):
    proof = make_proof(make_post(summary=""))
    assert codes(subject.preheader(proof)) == ["preheader-empty"]
    assert codes(subject.preheader(make_proof(preheader="And more"))) == []


@pytest.mark.parametrize(("text", "version"), [("🫩", 16), ("🫨", 15), ("🪼", 15)])
def test_an_emoji_that_older_programs_do_not_know_is_found_wherever_it_stands(make_proof, text, version):
    proof = make_proof(make_post(title=f"{text} A whale falls"), opening=text)
    found = list(emojis.too_new(proof))
    assert {one.where for one in found} >= {"the opening", f"“{text} A whale falls”"}
    assert f"Emoji {version}" in found[0].what
    assert (
        codes(emojis.too_new(make_proof(opening=text, changes={"compose": {"preflight": {"newest_emoji": 16}}}))) == []
    )


def test_old_emoji_are_none(make_proof):
    assert list(emojis.too_new(make_proof(make_post(title="🌍 🫶 👩‍🚀 ❤️ 🇩🇪 A whale falls")))) == []


def test_our_own_themes_hold_the_postal_address_and_the_way_out(make_proof):
    proof = make_proof(changes={"newsletters": {"weekly": {"postal_address": "The Weekly\n1 Test Street\nSampleton"}}})
    assert list(law.postal_address(proof)) == list(law.unsubscribe(proof)) == []


def test_a_missing_postal_address_is_named_with_its_part(make_proof):
    proof = make_proof()
    cut = {name: part.replace("1 Test Street", "") for name, part in proof.raw.items()}
    assert said(law.postal_address(replace(proof, raw=cut))) == [("the HTML", ""), ("the plain text", "")]


def test_a_way_out_that_is_hidden_or_for_some_alone_is_none(make_proof):
    proof = make_proof()
    (way,) = {one.url for one in proof.page.anchors if "/u/" in one.url}
    hidden = proof.raw["html"].replace(f'href="{way}"', f'href="{way}" aria-hidden="true"')
    assert hidden != proof.raw["html"]
    assert only(law.unsubscribe(replace(proof, raw={**proof.raw, "html": hidden}))).where == "the HTML"
    some = f"{proof.marker}-if0-o{way}{proof.marker}-end0-o"
    assert only(law.unsubscribe(replace(proof, raw={**proof.raw, "text": some}))).where == "the plain text"


def test_a_finding_is_known_again_whatever_its_numbers(make_proof):
    issue = make_issue(opening="Lorem ipsum")
    make_item(issue)
    one = only(placeholders.left_over(make_proof(opening="Lorem ipsum")))
    assert one.key == "placeholder|the opening|Lorem ipsum"
    assert type(one).of(one.facts()) == one
