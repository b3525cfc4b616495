"""Posts that no source brings: written by hand or taken from a page, once each."""

import pytest

from newsletter.collect import adding
from newsletter.collect.adding import Story
from newsletter.collect.entry import Fetched
from newsletter.collect.store import store
from newsletter.models import Post, Sighting, Source
from tests.factories import NOW, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(make_config):
    def make(**fields):
        return adding.entry(make_config(), Story(**{"guid": "g1", "title": "A word from us", **fields}), NOW)[0]

    return make


def test_markdown_is_ours_and_knows_its_blocks(entry):
    post = adding.keep(entry(text="Some *words*.\n\n::: button\n[Go](https://example.org/go)\n:::\n"), NOW)
    assert (post.title, post.source.name, post.source.kind, post.url) == ("A word from us", "by hand", "hand", "")
    assert "<em>words</em>" in post.html
    assert (post.published_at, post.collected_at, post.words) == (NOW, NOW, 3)


def test_the_same_form_sent_twice_is_one_post(entry):
    one, two = adding.keep(entry(text="Once."), NOW), adding.keep(entry(text="Once."), NOW)
    assert one == two
    assert Post.objects.count() == Source.objects.count() == 1


def test_two_stories_without_an_address_are_two_posts(entry):
    assert adding.keep(entry(text="One."), NOW) != adding.keep(entry(guid="g2", text="Two."), NOW)


def test_what_a_page_brought_is_cleaned_like_any_feed(entry):
    post = adding.keep(entry(html="<p onclick=x>Hi <script>alert(1)</script></p>", url="https://example.org/a"), NOW)
    assert post.html == "<p>Hi </p>"


def test_a_story_that_a_source_has_brought_is_that_post_and_stays_as_the_source_has_it(entry):
    wire = make_source("wire")
    store(wire, Fetched((entry(url="https://example.org/a", title="As the wire has it"),)), lambda: NOW)
    post = adding.keep(entry(url="http://www.example.org/a/?utm_source=x", title="As I have it"), NOW)
    assert (post.source, post.title) == (wire, "As the wire has it")
    assert set(Sighting.objects.values_list("source__name", flat=True)) == {"wire", "by hand"}
    assert adding.known("https://example.org/a#top") == post


def test_a_source_that_brings_what_was_added_makes_no_second_post(entry):
    post = adding.keep(entry(url="https://example.org/a", text="Ours."), NOW)
    store(make_source("wire"), Fetched((entry(url="https://example.org/a", title="Theirs"),)), lambda: NOW)
    post.refresh_from_db()
    assert (Post.objects.count(), post.title) == (1, "A word from us")


def test_directives_that_are_wrong_are_told_with_their_lines(make_config):
    _, faults = adding.entry(make_config(), Story(guid="g", title="t", text="One.\n\n::: nonsense\n:::\n"), NOW)
    assert [fault.line for fault in faults] == [3]


def test_braces_are_no_template(entry):
    post = adding.keep(entry(text="{{ reader.name }} and {% if x %}"), NOW)
    assert not post.personal
