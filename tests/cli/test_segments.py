"""`newsletter segments`, and what `check` says of segments that config.yaml names."""

import json

import pytest
from django.conf import settings as django_settings

from subscribers.models import Segment, Tag, Tagging
from tests.factories import make_subscriber

pytestmark = pytest.mark.django_db
HAS = {"kind": "tag", "of": "press", "is": "has"}


@pytest.fixture
def press():
    tag = Tag.objects.create(name="press", title="Press")
    for name in ("ada", "bob"):
        Tagging.objects.create(tag=tag, subscriber=make_subscriber(f"{name}@example.org", name=name.title()))
    make_subscriber("cy@example.org")
    return Segment.objects.create(name="press", title="The press", rules={"all": [HAS]})


def test_segments_are_listed_in_words_with_how_many_people_they_mean(call, press):
    Segment.objects.create(name="lost", title="Lost", rules={"all": [{**HAS, "of": "gone"}]})
    listed = json.loads(call("segments", "--json").out)
    assert listed == [
        {"segment": "lost", "title": "Lost", "people": None, "who": "nobody: there is no tag “gone” (any more)"},
        {"segment": "press", "title": "The press", "people": 2, "who": "tagged Press"},
    ]
    assert "No segments yet" in empty(call)


def empty(call):
    Segment.objects.all().delete()
    return call("segments").out


def test_one_segment_is_shown_with_some_of_its_people(call, press):
    shown = json.loads(call("segments", "show", "press", "--json").out)
    assert (shown["people"], [one["name"] for one in shown["some_of_them"]]) == (2, ["Bob", "Ada"])
    assert "bob@example.org, ada@example.org" in call("segments", "show", "press").out


def test_what_is_not_there_or_broken_is_said_in_a_line(call, press):
    result = call("segments", "show", "vip")
    assert (result.code, "there is no segment 'vip'; there are: press" in result.err) == (1, True)
    Tag.objects.all().delete()
    result = call("segments", "show", "press")
    assert (result.code, "there is no tag “press”" in result.err) == (1, True)


def test_check_names_the_keys_whose_segments_cannot_be_followed(call, settings, make_config, press):
    from newsletter.cli.checking import _look_over

    config = make_config(newsletters={"weekly": {"audience": "press", "without": ["vip"]}})
    assert django_settings.NEWSLETTER is not config
    assert [one.key for one in _look_over(config) if "segment" in one.reason] == ["newsletters.weekly.without[0]"]
    Tag.objects.all().delete()
    keys = [one.key for one in _look_over(config) if "segment" in one.reason]
    assert keys == ["newsletters.weekly.audience", "newsletters.weekly.without[0]"]
