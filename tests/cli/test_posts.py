"""posts and triage: the inbox of a newsletter on the command line."""

import pytest

from newsletter.models import Triage
from tests.factories import NOW, make_post, make_source, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(config):
    return make_post(title="A whale falls", source=make_source("posts", kind="folder", location="posts"))


def test_posts_of_a_newsletter_say_what_editors_make_of_them(call, post):
    make_post(title="Elsewhere")
    Triage.decide("weekly", {post.pk: ""}, "rejected", NOW, make_staff(), "an advertisement")
    (found,) = call("posts", "--newsletter", "weekly", "--state", "rejected", "--json").facts
    assert found["id"] == post.pk
    assert (found["standing"], found["by"], found["reason"], found["read"]) == (
        "rejected",
        "ada",
        "an advertisement",
        True,
    )
    assert call("posts", "--newsletter", "weekly", "--json").facts == []
    assert call("posts", "--newsletter", "weekly").out == "No such posts.\n"


def test_more_posts_than_a_page_of_the_inbox_are_shown(call, post):
    for number in range(50):
        make_post(title=f"Story {number}", source=post.source)
    assert len(call("posts", "--newsletter", "weekly", "--last", "45", "--json").facts) == 45


def test_posts_are_rejected_starred_and_cleared(call, post):
    assert call("triage", "weekly", str(post.pk), "--reject", "--reason", "old").out == "✓ weekly: 1 post rejected\n"
    assert call("triage", "weekly", str(post.pk), "--reject").out == "✓ they are rejected already\n"
    assert Triage.objects.get().reason == "old"
    assert call("triage", "weekly", str(post.pk), "--star").out == "✓ weekly: 1 post starred\n"
    assert call("triage", "weekly", str(post.pk), "--clear").out == "✓ weekly: 1 post undecided\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("triage", "nope", "1", "--star"), 1, "config.yaml has no newsletter 'nope'"),
        (("triage", "weekly", "999", "--star"), 1, "weekly has no post 999"),
        (("triage", "weekly", "1"), 2, "--star, --reject or --clear"),
        (("posts", "--state", "unread"), 1, "name it with --newsletter"),
        (("posts", "--newsletter", "nope"), 1, "config.yaml has no newsletter 'nope'"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, arguments, code, said):
    result = call(*arguments)
    assert result.code == code
    assert said in result.err
