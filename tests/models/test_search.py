"""Words find stories: the same ones, in the same order, on both databases, whatever is typed."""

import pytest

from newsletter.models import Entry, Issue, Term
from newsletter.models.archive import slug
from tests.factories import file_away, make_item, make_post, make_sent_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    """Put a story into a public issue of its own, and let it be found."""

    def tell(title, html="", **fields):
        issue = make_sent_issue(newsletter=fields.pop("newsletter", "weekly"))
        item = make_item(issue, make_post(title=title, html=f"<p>{html}</p>", summary="", **fields))
        file_away()
        return item

    return tell


def titles(query, newsletters=("weekly",)):
    return [entry.item.title for entry in Entry.found(query, newsletters)]


@pytest.mark.parametrize(
    "query",
    ["whale", "WHALE", "wha", "whále falls", "falls whale", '"a whale falls"', "“whale falls”", "ocean",
     "Ångström deep", "angstrom", "whale  -  falls!"],
)  # fmt: skip
def test_a_story_is_found_by_all_its_words_or_their_beginnings(told, query):
    told("A whale falls", "Into the deep ocean, an angstrøm at a time; Ångström.")
    told("Nothing of the kind", "Tea.")
    assert titles(query) == ["A whale falls"]


@pytest.mark.parametrize("query", ["whales", "whale tea", '"falls whale"', '"whal"', "", "   ", "!!!", '""', "hale"])
def test_it_is_not_found_by_more_or_by_less(told, query):
    told("A whale falls", "Into the deep ocean.")
    assert titles(query) == []


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("東京都の猫", "京都"), ("東京都の猫", "猫"), ("東京都の猫", "東"), ("吾輩は猫である", "猫である"),
        ("Straße", "strasse"), ("हिन्दी में शीर्षक", "हिन्दी"), ("हिन्दी में शीर्षक", "शीर्ष"),
        ("حوت يسقط", "حُوت"), ("สวัสดีชาวโลก", "ชาวโลก"), ("한국어 신문", "한국"),
        ("Łódź and Ærø", "lodz aero"), ("ﬁne", "fine"), ("C3PO’s 1e5 things", "1e5"), ("👩‍🚀 in space", "space"),
    ],
)  # fmt: skip
def test_every_script_is_searched(told, title, query):
    told(title)
    assert titles(query) == [title]


def test_a_script_without_spaces_is_searched_for_the_very_characters(told):
    told("東京都の猫")
    assert titles("京東") == []


@pytest.mark.parametrize(
    "query",
    ["'", '"', '"a', "a*", "a AND", "NOT", "a OR b", "NEAR(a b)", "title:a", "{a}:b", "a & | !", "<->", "a:*", "\\",
     "'a':*", "%", "--", "; DROP TABLE", "a" * 5000, "a " * 500, "()", "^a", "\u200d", "é\u0301" * 50, "¶", "_", "a_b",
     "🐳", "\x00", "\ud83d"],
)  # fmt: skip
def test_nothing_that_is_typed_is_an_operator_or_an_error(told, query):
    told("An ordinary story")
    list(Entry.found(query, ["weekly"]))


def test_titles_come_first_then_the_latest(told):
    told("First of all", "whale")
    told("A whale")
    told("Last of all", "whale")
    assert titles("whale") == ["A whale", "Last of all", "First of all"]


def test_a_story_is_found_by_its_tags_and_authors(told):
    told("Untitled", tags=["deep sea"], authors=["Zoé Lefèvre"])
    assert titles("deep") == titles("zoe lefevre") == ["Untitled"]


def test_a_phrase_does_not_reach_from_one_field_into_the_next(told):
    told("A whale", "falls")
    assert titles('"whale falls"') == []
    assert titles("whale falls") == ["A whale"]


def test_a_story_of_two_issues_is_found_once_in_the_later(told):
    item = told("A whale")
    later = make_item(make_sent_issue(newsletter="daily", due_at=item.issue.due_at.replace(year=2027)), item.post)
    file_away()
    assert [entry.item for entry in Entry.found("whale", ["weekly", "daily"])] == [later]
    assert [entry.item for entry in Entry.found("whale", ["weekly"])] == [item]


def test_what_is_not_public_is_not_found(told):
    item = told("A whale")
    Issue.objects.update(started_at=None)
    assert titles("whale") == []
    assert not Entry.missing().exists()
    Issue.objects.filter(pk=item.issue_id).update(started_at=item.issue.started_at)
    assert titles("whale", ["other"]) == []


def test_stories_are_filed_once(told, django_assert_num_queries):
    told("A whale", tags=["sea", "Sea", "deep"])
    assert sorted(Term.objects.values_list("slug", flat=True)) == ["deep", "sea"]
    with django_assert_num_queries(1):
        file_away()
    assert Entry.objects.count() == 1


def test_a_very_long_story_is_filed_too(told):
    told("Long", "whale " + "word " * 60_000 + "x" * 5000)
    assert titles("whale xxx") == []
    assert titles("whale") == ["Long"]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Deep Sea!", "deep-sea"), ("C++", "c-plus-plus"), ("C#", "c-sharp"), ("हिन्दी", "हिन्दी"), ("Zoé", "zoé"),
        ("🐳", "1f433"), ("a/b?c#d", "a-b-c-sharp-d"), ("--", "2d-2d"), ("  ", ""), ("x" * 200, "x" * 100),
    ],
)  # fmt: skip
def test_a_name_becomes_part_of_an_address(name, short):
    assert slug(name) == short


def test_what_only_some_readers_are_told_is_found_by_nobody(told):
    html = "<p>For all. {% if &quot;vip&quot; in reader.lists %}A secret door{% else %}A wall{% endif %}</p>"
    told("Plans", html=html, personal=True)
    assert titles("wall") == ["Plans"]
    assert titles("secret") == titles("vip") == titles("endif") == []
    assert "secret" not in Entry.objects.get().text


def test_a_personal_story_that_cannot_be_filled_any_more_is_found_by_its_title_alone(told):
    told("Plans", html="<p>{% if reader.in_segment(&quot;gone&quot;) %}Secret{% endif %} wall</p>", personal=True)
    assert titles("plans") == ["Plans"]
    assert titles("secret") == titles("wall") == []
