"""collect, sources, posts, compose, lists, subscribers: facts as tables and as JSON, refusals in one line."""

import pytest

from subscribers.models import Import
from tests.factories import make_list, make_post, make_source, make_subscriber, make_suppression

pytestmark = pytest.mark.django_db


def write_post(tmp_path, name="2026-11-18-whale.md", title="A whale falls"):
    (tmp_path / "posts" / name).write_text(f"---\ntitle: {title}\ndate: 2026-11-18 08:00\n---\nSlowly.\n")


def test_collect_brings_posts_in_once(call, tmp_path):
    write_post(tmp_path)
    assert call("collect", "posts").out == "✓ posts: 1 new, 0 updated, 0 as before\n"
    assert call("collect", "posts", "--json").facts[0]["unchanged"] == 1
    (post,) = call("posts", "--json").facts
    assert (post["title"], post["source"], post["published"]) == ("A whale falls", "posts", "2026-11-18T08:00:00+00:00")


def test_a_source_that_cannot_be_read_ends_with_1(call, tmp_path):
    (tmp_path / "posts").rmdir()
    result = call("collect", "posts")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("✗ posts: ")
    assert result.err.count("\n") == 1
    assert call("collect", "posts", "--json").facts[0]["error"]
    assert call("sources", "--json").facts[0]["failures"] == 2


def test_many_warnings_are_told_in_short_and_in_json_in_full(call, tmp_path):
    for number in range(7):
        (tmp_path / "posts" / f"{number}.md").write_bytes(b"\xff")
    every = [f"{number}.md, line 1: this is not UTF-8" for number in range(7)]
    assert "posts: " + "; ".join(every[:5]) + "; and 2 more\n" in call("collect").err
    for command in ("collect", "sources"):
        facts = {row["source"]: row for row in call(command, "--json").facts}
        assert facts["posts"]["warning"].splitlines() == every
    assert len(call("sources").out.splitlines()) < 7


def test_a_source_that_is_not_there_is_refused(call):
    result = call("collect", "nope")
    assert (result.code, result.err) == (1, "✗ There is no source 'nope'. Known: wire, posts.\n")


@pytest.mark.parametrize("name", ["sources", "posts", "issues", "lists"])
def test_where_there_is_nothing_a_sentence_says_so_and_json_is_an_empty_list(call, name):
    result = call(name)
    assert result.code == 0
    assert "newsletter " in result.out
    assert call(name, "--json").facts == []


def test_posts_are_shown_newest_first_and_as_they_are_written(call):
    make_post(title="Old", published_at="2026-11-01T08:00:00Z")
    make_post(title="Tea :tea: [bold]\x1b[31m", tags=["news"])
    result = call("posts", "--last", "1")
    assert "Tea :tea: [bold][31m" in result.out
    assert "Old" not in result.out
    assert call("posts", "--json").facts[0]["title"] == "Tea :tea: [bold]\x1b[31m"


def test_a_row_is_one_line_when_nobody_looks(call):
    make_post(title="A long title that goes on " * 20)
    assert len(call("posts").out.splitlines()) == 2


def test_sources_show_what_went_wrong(call):
    make_source("wire", error="nobody answers", failures=3)
    assert call("sources", "--json").facts == [
        {"source": "wire", "kind": "feed", "posts": 0, "last_success": None, "failures": 3, "error": "nobody answers",
         "warning": ""}
    ]  # fmt: skip


def test_in_a_table_a_long_warning_is_cut_and_in_json_it_is_whole(call):
    make_source("wire", warning="bad.md, line 2: odd; " * 50)
    assert max(map(len, call("sources").out.splitlines())) < 250
    assert call("sources", "--json").facts[0]["warning"] == "bad.md, line 2: odd; " * 50


def test_compose_says_what_was_wrong_with_the_newsletters_sources(call, tmp_path):
    make_source("wire", error="the business of another newsletter")
    write_post(tmp_path, title="News: broken")
    result = call("compose", "weekly")
    assert "skipped because" not in result.out
    assert "0 new posts" in result.out
    assert result.err.startswith("✗ posts: 2026-11-18-whale.md, line 2: a value with a colon in it must stand in")
    assert "another newsletter" not in result.err
    assert call("compose", "weekly", "--json").facts["reason"].startswith("skipped because 0 new posts")


def test_compose_draws_up_an_issue_and_shows_the_same_one_again(call, tmp_path):
    write_post(tmp_path)
    made = call("compose", "weekly", "--on", "2026-11-20", "--json").facts
    assert (made["issue"], made["status"], made["posts"]) == ("weekly/2026-11-20", "in_review", 1)
    assert made["due"] == "2026-11-20T07:00:00+00:00"
    assert call("compose", "weekly", "--on", "2026-11-20 08:00", "--json").facts["id"] == made["id"]
    assert [one["id"] for one in call("issues", "--json").facts] == [made["id"]]


def test_compose_without_a_date_takes_the_next(call):
    made = call("compose", "weekly", "--json").facts
    assert (made["status"], made["posts"]) == ("skipped", 0)
    assert "0 new posts" in made["reason"]


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("tomorrow", "'tomorrow' is not a date; write it as 2026-12-24 or '2026-12-24 18:00'"),
        ("2026-13-01", "'2026-13-01' is not a date"),
        ("2026-11-21", "no issue is due on 2026-11-21; to make one all the same, give the time too"),
    ],
)
def test_compose_on_a_date_that_cannot_be_meant_is_refused(call, date, said):
    result = call("compose", "weekly", "--on", date)
    assert result.code == 1
    assert said in result.err
    assert call("issues", "--json").facts == []


def test_compose_refuses_a_newsletter_that_is_not_there(call):
    assert call("compose", "daily").err == "✗ config.yaml has no newsletter 'daily'; it has: weekly\n"


def test_compose_needs_a_date_where_there_is_no_schedule(call, settings, config):
    letter = config.newsletters["weekly"].model_copy(update={"schedule": None})
    settings.NEWSLETTER = config.model_copy(update={"newsletters": {"weekly": letter}})
    result = call("compose", "weekly")
    assert (result.code, "--on '2026-12-24 18:00'" in result.err) == (1, True)


def test_lists_count_who_is_on_them(call):
    make_subscriber("ada@example.org")
    ben = make_subscriber("ben@example.org")
    ben.subscriptions.update(status="unsubscribed")
    assert call("lists", "--json").facts == [{"list": "readers", "title": "", "active": 1, "unsubscribed": 1}]


def test_people_are_imported_once_and_those_refused_are_named(call, tmp_path):
    make_list("readers")
    file = tmp_path / "people.csv"
    file.write_text("email,name\nada@example.org,Ada\nnobody,Nobody\n,Empty\n")
    result = call("subscribers", "import", str(file), "--list", "readers")
    number = Import.objects.get().pk
    assert (result.code, result.out) == (1, f"✓ import {number}: 1 added, 2 refused\n")
    assert "✗ line 3: “nobody” " in result.err
    assert result.err.endswith("✗ line 4: this row has no address\n✗ 2 rows refused\n")
    again = call("subscribers", "import", str(file), "--list", "readers", "--json").facts
    assert (again["added"], again["unchanged"], again["refusals"][0]["line"]) == (0, 1, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.csv", "--list", "readers"], "missing.csv: this cannot be read: No such file"),
        (["missing.csv", "--list", "nobodies"], "there is no list 'nobodies'; there are: readers."),
    ],
)
def test_an_import_that_cannot_be_done_is_refused(call, arguments, said):
    make_list("readers")
    result = call("subscribers", "import", *arguments)
    assert result.code == 1
    assert said in result.err
    assert result.err.count("\n") == 1


def test_a_person_is_shown_by_any_spelling_of_the_address(call):
    make_subscriber("Ada@example.org", name="Ada")
    make_suppression("ada@example.org", "complained")
    shown = call("subscribers", "show", "ADA@EXAMPLE.ORG", "--json").facts
    assert (shown["name"], shown["lists"], shown["suppressed"]) == ("Ada", {"readers": "active"}, "complained")
    assert "Ada@example.org" in call("subscribers", "show", "ada@example.org").out


@pytest.mark.parametrize("email", ["nobody@example.org", "nobody"])
def test_a_person_who_is_not_here_is_not_shown(call, email):
    result = call("subscribers", "show", email)
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
