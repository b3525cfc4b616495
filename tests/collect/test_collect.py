"""The stage as a whole: what visits bring, how they are recorded, and that none stops another."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.collect import KINDS, UnknownSource, check, collect
from newsletter.collect.entry import Call, Fetched
from newsletter.config import Config, Problem
from newsletter.models import Post, Sighting, Source
from tests.collect.conftest import Web, item, rss

pytestmark = pytest.mark.django_db
Publication = Callable[..., Config]


def test_brings_in_the_entries_of_a_feed(web: Web, publication: Publication, now: datetime) -> None:
    more = "<dc:creator>Ada Lovelace</dc:creator><category>Science</category><category>science</category>"
    config = publication({"blog": web.serve("/feed", rss(item(1, "Hello &amp;amp; welcome", more=more)))})

    (visit,) = collect(config, now)

    assert (visit.source, visit.added, visit.updated, visit.unchanged, visit.error) == ("blog", 1, 0, 0, "")
    post = Post.objects.get()
    assert (post.title, post.url, post.summary) == ("Hello & welcome", "https://blog.example.org/1", "Words.")
    assert (post.html, post.authors, post.tags, post.words) == ("<p>Words.</p>", ["Ada Lovelace"], ["science"], 1)
    assert post.published_at == datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
    assert post.collected_at == post.updated_at == now
    row = Source.objects.get(name="blog")
    assert (row.succeeded_at, row.posts_added, row.error, row.failures) == (now, 1, "", 0)


def test_a_second_visit_changes_nothing(web: Web, publication: Publication, now: datetime) -> None:
    config = publication({"blog": web.serve("/feed", rss(item(1), item(2, title="", description="<p>x</p>")))})
    collect(config, now)
    before = list(Post.objects.values().order_by("pk"))

    (visit,) = collect(config, now + timedelta(hours=1))

    assert (visit.added, visit.updated, visit.unchanged) == (0, 0, 2)
    assert list(Post.objects.values().order_by("pk")) == before


def test_an_edited_post_is_updated_but_stays_when_it_was_first_seen(
    web: Web, publication: Publication, now: datetime
) -> None:
    config = publication({"blog": web.serve("/feed", rss(item(1, "Frist")))})
    collect(config, now)
    web.serve("/feed", rss(item(1, "First")))

    (visit,) = collect(config, now + timedelta(hours=1))

    assert (visit.added, visit.updated) == (0, 1)
    post = Post.objects.get()
    assert (post.title, post.collected_at, post.updated_at) == ("First", now, now + timedelta(hours=1))


def test_a_post_whose_date_was_mended_takes_the_new_date(web: Web, publication: Publication, now: datetime) -> None:
    def dated(day: int) -> str:
        return rss(item(1, more=f"<pubDate>{day} Nov 2026 08:00:00 GMT</pubDate>"))

    config = publication({"blog": web.serve("/feed", dated(16))})
    collect(config, now)
    web.serve("/feed", dated(17))
    collect(config, now)
    assert Post.objects.get().published_at == datetime(2026, 11, 17, 8, 0, tzinfo=UTC)


def test_a_post_bears_the_moment_it_was_stored_not_that_the_visit_began(
    web: Web, publication: Publication, now: datetime
) -> None:
    undated = item(2).replace("<pubDate>", "<!--").replace("</pubDate>", "-->")
    config = publication({"blog": web.serve("/feed", rss(item(1), undated))})
    stored = now + timedelta(seconds=20)

    collect(config, now, clock=lambda: stored)

    assert set(Post.objects.values_list("collected_at", flat=True)) == {stored}
    assert Post.objects.get(title="Story 2").published_at == stored


@pytest.mark.parametrize(("day", "late"), [(15, True), (17, False)])
def test_a_post_whose_date_moves_back_has_turned_up_late(
    web: Web, publication: Publication, now: datetime, day: int, late: bool
) -> None:
    text = rss(item(1, more="<pubDate>16 Nov 2026 08:00:00 GMT</pubDate>"))
    config = publication({"blog": web.serve("/feed", text)})
    collect(config, now)
    web.serve("/feed", text.replace("16 Nov", f"{day} Nov"))

    collect(config, now + timedelta(hours=1))

    assert Post.objects.get().collected_at == (now + timedelta(hours=1) if late else now)


def test_the_same_story_in_two_sources_is_one_post_of_the_first(
    web: Web, publication: Publication, now: datetime
) -> None:
    planet = rss(item(1, "Their headline")).replace(
        "<link>https://blog.example.org/1</link>", "<link>http://www.blog.example.org/1/?utm_source=planet</link>"
    )
    config = publication({"blog": web.serve("/feed", rss(item(1))), "planet": web.serve("/planet", planet)})

    blog, other = collect(config, now)

    assert (blog.added, other.added, other.unchanged) == (1, 0, 1)
    post = Post.objects.get()
    assert (post.title, post.source.name) == ("Story 1", "blog")
    assert Sighting.objects.filter(post=post).count() == 2

    web.serve("/planet", planet.replace("Their", "Our"))
    assert [visit.updated for visit in collect(config, now)] == [0, 0]
    assert Post.objects.get().title == "Story 1"


def test_of_two_entries_with_one_id_the_first_counts(web: Web, publication: Publication, now: datetime) -> None:
    config = publication({"blog": web.serve("/feed", rss(item(1, "Newest"), item(1, "Older")))})
    assert collect(config, now)[0].added == 1
    assert collect(config, now)[0].unchanged == 1
    assert Post.objects.get().title == "Newest"


def test_entries_that_all_link_to_one_page_are_told_apart_by_their_ids(
    web: Web, publication: Publication, now: datetime
) -> None:
    def release(number: int) -> str:
        return (
            f"<item><title>Release {number}</title><link>https://app.example.org/</link><guid>v{number}</guid></item>"
        )

    config = publication({"app": web.serve("/feed", rss(release(2), release(1)))})
    assert collect(config, now)[0].added == 2
    web.serve("/feed", rss(release(3), release(2), release(1)))
    assert collect(config, now)[0].added == 1
    assert set(Post.objects.values_list("title", flat=True)) == {"Release 1", "Release 2", "Release 3"}


def test_a_story_that_comes_back_under_another_id_is_the_same_post(
    web: Web, publication: Publication, now: datetime
) -> None:
    config = publication({"blog": web.serve("/feed", rss(item(1)))})
    collect(config, now)
    web.serve("/feed", rss(item(1, "Retold").replace("<guid>", "<guid>v2:")))

    (visit,) = collect(config, now)

    assert (visit.added, visit.updated) == (0, 1)
    assert Post.objects.get().title == "Retold"


def test_a_post_without_a_date_was_published_when_first_seen(web: Web, publication: Publication, now: datetime) -> None:
    for number, date in enumerate(("", "<pubDate>soon</pubDate>", "<pubDate>Mon, 99 Foo 2026</pubDate>")):
        config = publication({"blog": web.serve("/feed", rss(item(number, more=date or "<!--<pubDate>-->")))})
        collect(config, now)
    collect(config, now + timedelta(days=1))
    assert list(Post.objects.values_list("published_at", flat=True)) == [now] * 3


def test_a_feed_whose_clock_is_ahead_is_dated_when_first_seen(
    web: Web, publication: Publication, now: datetime
) -> None:
    text = rss(item(1, more="<pubDate>Fri, 01 Jan 2038 00:00:00 GMT</pubDate>"))
    config = publication({"blog": web.serve("/feed", text)})

    (visit,) = collect(config, now)

    assert Post.objects.get().published_at == now
    assert "1 of its entries are dated in the future" in visit.warning
    web.serve("/feed", text.replace("Words.", "More words."))
    assert collect(config, now + timedelta(hours=1))[0].updated == 1
    assert Post.objects.get().published_at == now


def test_a_broken_source_does_not_stop_the_others(web: Web, publication: Publication, now: datetime) -> None:
    feeds = {"broken": web.url + "/gone", "good": web.serve("/feed", rss(item(1))), "nowhere": "http://127.0.0.1:1/"}

    broken, good, nowhere = collect(publication(feeds), now)

    assert broken.error == "The server answered 404 Not Found. Is the address still right?"
    assert "The connection to the feed's server failed" in nowhere.error
    assert (good.added, good.error) == (1, "")
    row = Source.objects.get(name="broken")
    assert (row.failures, row.error, row.checked_at, row.succeeded_at) == (1, broken.error, now, None)


def test_what_a_source_brought_stays_when_it_breaks(web: Web, publication: Publication, now: datetime) -> None:
    config = publication({"blog": web.serve("/feed", rss(item(1)), etag='"1"')})
    collect(config, now)
    web.serve("/feed", "oops", status=500)
    assert "The server has a fault" in collect(config, now)[0].error
    assert Post.objects.count() == 1
    assert Source.objects.get().etag == '"1"'


def test_feeds_are_fetched_side_by_side(web: Web, publication: Publication, now: datetime) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def answer(handler: object) -> None:
        meeting.wait()  # broken after 10 s unless all three are asked at the same time
        page(handler)

    web.serve("/page", rss(item(1)))
    page = web.pages["/page"]
    feeds = {name: web.answer(f"/{name}", answer) for name in ("a", "b", "c")}
    assert [visit.error for visit in collect(publication(feeds), now)] == ["", "", ""]


def test_only_the_named_sources_are_visited(web: Web, publication: Publication, now: datetime) -> None:
    config = publication({"a": web.serve("/a", rss(item(1))), "b": web.serve("/b", rss(item(2)))})
    assert [visit.source for visit in collect(config, now, only=["b"])] == ["b"]
    assert [path for path, _ in web.requests] == ["/b"]


def test_a_name_that_is_no_source_is_an_error_before_anything_is_done(
    web: Web, publication: Publication, now: datetime
) -> None:
    config = publication({"a": web.serve("/a", rss(item(1)))})
    with pytest.raises(UnknownSource, match=r"There is no source 'c'\. Known: .*a"):
        collect(config, now, only=["a", "c"])
    assert not web.requests


def test_a_kind_that_nobody_knows_is_this_sources_error(
    web: Web, make_config: Callable[..., Config], now: datetime
) -> None:
    good = {"location": web.serve("/feed", rss(item(1))), "allow_private": True}
    config = make_config(collect={"sources": {"odd": {"kind": "gopher", "location": "x"}, "good": good}})

    odd, fine = collect(config, now, only=["odd", "good"])

    assert odd.error == "There is no kind of source called 'gopher'. Known: feed, folder."
    assert fine.added == 1


def test_an_unchanged_feed_is_not_sent_again(web: Web, publication: Publication, now: datetime) -> None:
    text, when = rss(item(1)), "Mon, 16 Nov 2026 01:00:00 GMT"
    config = publication({"blog": web.serve("/feed", text, etag='W/"7"', last_modified=when)})
    collect(config, now)
    web.serve("/feed", b"", status=304)

    (visit,) = collect(config, now + timedelta(hours=1))

    assert web.requests[1][1]["if-none-match"] == 'W/"7"'
    assert web.requests[1][1]["if-modified-since"] == when
    assert (visit.error, visit.added, visit.unchanged) == ("", 0, 0)
    row = Source.objects.get()
    assert (row.etag, row.last_modified, row.succeeded_at) == ('W/"7"', when, now + timedelta(hours=1))


def test_a_new_location_is_fetched_whole(web: Web, publication: Publication, now: datetime) -> None:
    collect(publication({"blog": web.serve("/old", rss(item(1)), etag='"1"')}), now)
    collect(publication({"blog": web.serve("/new", rss(item(1)))}), now)
    assert "if-none-match" not in web.requests[1][1]
    assert Source.objects.get().location.endswith("/new")


def test_check_names_what_cannot_work(make_config: Callable[..., Config]) -> None:
    config = make_config(
        collect={
            "sources": {
                "odd": {"kind": "gopher", "location": "x"},
                "posts": {"kind": "folder", "location": "nowhere"},
                "feed": {"location": "posts/"},
            }
        }
    )
    problems = {problem.key: str(problem) for problem in check(config)}
    assert "known: feed, folder" in problems["collect.sources.odd.kind"]
    assert "there is no folder" in problems["collect.sources.posts.location"]
    assert "a feed needs a web address" in problems["collect.sources.feed.location"]


def test_a_fault_that_nobody_foresaw_stops_one_source_only(
    web: Web,
    make_config: Callable[..., Config],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Faulty:
        def check(self, config: Config, name: str) -> list[Problem]:
            return []

        async def fetch(self, call: Call) -> Callable[[], Fetched]:
            return lambda: Fetched(entries=(1 / 0,))

    monkeypatch.setitem(KINDS, "faulty", Faulty())
    good = {"location": web.serve("/feed", rss(item(1))), "allow_private": True}
    config = make_config(collect={"sources": {"odd": {"kind": "faulty", "location": "x"}, "good": good}})

    odd, fine = collect(config, now, only=["odd", "good"])

    assert odd.error.startswith("This should not have happened (ZeroDivisionError: division by zero).")
    assert fine.added == 1
    assert "Traceback" in caplog.text


def test_a_file_that_breaks_leaves_what_it_brought(
    make_config: Callable[..., Config], now: datetime, tmp_path: Path
) -> None:
    config = make_config(collect={"sources": {"posts": {"kind": "folder", "location": "posts"}}})
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("---\ntitle: A\n---\nHi", encoding="utf-8")
    (tmp_path / "posts/b.md").write_text("Plain", encoding="utf-8")
    collect(config, now, only=["posts"])
    (tmp_path / "posts/a.md").write_text("---\ntitle: [A\n---\nHi", encoding="utf-8")

    (visit,) = collect(config, now + timedelta(days=1), only=["posts"])

    assert (visit.unchanged, visit.error) == (1, "")
    assert visit.warning.startswith("a.md, line 2: ")
    assert Source.objects.get(name="posts").warning == visit.warning
    assert Post.objects.get(title="A").url == ""
    assert set(Post.objects.values_list("published_at", flat=True)) == {now}
