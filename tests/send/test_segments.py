"""An issue for a segment, or without one: who gets it, who is told why not, and what happens when the rules break."""

import pytest

from newsletter.models import AudienceUnknown, Issue, Message, TransitionRefused, audience_of
from newsletter.models.recipients import unfollowable
from newsletter.send import resume, start
from subscribers.models import Segment, Tag, Tagging
from tests.factories import make_edition, make_issue, make_subscriber
from tests.send.conftest import MARKER, FakeTransport

pytestmark = pytest.mark.django_db
HAS = {"kind": "tag", "of": "press", "is": "has"}


@pytest.fixture
def press():
    """Ada and Bob have the tag, Cy has not; the segment asks for it."""
    tag = Tag.objects.create(name="press")
    for name in ("ada", "bob", "cy"):
        person = make_subscriber(f"{name}@example.org")
        if name != "cy":
            Tagging.objects.create(tag=tag, subscriber=person)
    return Segment.objects.create(name="press", title="The press", rules={"all": [HAS]})


@pytest.fixture
def bob():
    return Segment.objects.create(
        name="bobs", title="Bobs", rules={"any": [{"kind": "domain", "is": "one_of", "value": ["example.org"]}]}
    )


def scheduled(now, **fields):
    issue = make_issue(**{"status": Issue.Status.SCHEDULED, "send_at": now, **fields})
    issue.edition = make_edition(issue, marker=MARKER)
    issue.save()
    return issue


def frozen(issue):
    rows = issue.messages.order_by("subscriber__key").values_list("subscriber__key", "state", "reason")
    return [(key.partition("@")[0], state, reason) for key, state, reason in rows]


OUT = ("cy", "excluded", "not in the segment “The press”, for which it is meant")


def test_an_issue_goes_to_its_segment_and_the_others_are_told_apart(config, now, press):
    issue = scheduled(now, segment=press)
    assert start(config, issue, now)
    assert frozen(issue) == [("ada", "pending", ""), ("bob", "pending", ""), OUT]


def test_an_issue_leaves_a_segment_out(config, now, press):
    issue = scheduled(now, left_out=press)
    start(config, issue, now)
    out = "in the segment “The press”, which is left out"
    assert frozen(issue) == [("ada", "excluded", out), ("bob", "excluded", out), ("cy", "pending", "")]


def test_config_names_segments_for_all_issues_of_a_newsletter(make_config, now, press):
    issue = scheduled(now)
    start(make_config(newsletters={"weekly": {"audience": "press"}}), issue, now)
    assert frozen(issue)[2] == OUT
    other = scheduled(now)
    start(make_config(newsletters={"weekly": {"without": ["press"]}}), other, now)
    assert [state for _, state, _ in frozen(other)] == ["excluded", "excluded", "pending"]


def test_segments_of_the_issue_and_of_config_hold_together(make_config, now, press, bob):
    issue = scheduled(now, segment=bob, left_out=press)
    start(make_config(newsletters={"weekly": {"audience": "bobs"}}), issue, now)
    assert [state for _, state, _ in frozen(issue)] == ["excluded", "excluded", "pending"]


def break_it(how, segment):
    if how == "tag":
        Tag.objects.all().delete()
    else:
        segment.rules = {"version": 99}
        segment.save()


@pytest.mark.parametrize("how", ["tag", "rules"])
@pytest.mark.parametrize("use", ["segment", "left_out"])
def test_a_broken_segment_pauses_the_issue_and_never_means_everybody(config, now, press, use, how):
    issue = scheduled(now, **{use: press})
    break_it(how, press)
    assert start(config, issue, now)
    issue.refresh_from_db()
    assert issue.status == "paused"
    assert issue.reason.startswith("nobody to send to: the segment “The press” cannot be followed: the")
    assert issue.reason.endswith("mend the segment, then resume")
    assert not issue.messages.exists()
    with pytest.raises(TransitionRefused, match="cannot be followed"):
        resume(config, issue, now)
    issue.refresh_from_db()
    assert issue.status == "paused"


def test_once_mended_it_goes_on_with_those_it_is_meant_for(config, now, press):
    issue = scheduled(now, segment=press)
    rules, press.rules = press.rules, {"all": [{**HAS, "of": "gone"}]}
    press.save()
    start(config, issue, now)
    press.rules = rules
    press.save()
    issue.refresh_from_db()
    resume(config, issue, now)
    assert (issue.status, [state for _, state, _ in frozen(issue)]) == ("sending", ["pending", "pending", "excluded"])


def test_a_segment_of_nobody_pauses_and_is_asked_anew_on_resuming(config, now, press):
    Tagging.objects.all().delete()
    issue = scheduled(now, segment=press)
    start(config, issue, now)
    issue.refresh_from_db()
    assert issue.status == "paused"
    assert "nobody on its lists is meant by the segments" in issue.reason
    assert {state for _, state, _ in frozen(issue)} == {"excluded"}
    Tagging.objects.create(tag=Tag.objects.get(), subscriber_id=issue.messages.first().subscriber_id)
    resume(config, issue, now)
    assert sorted(state for _, state, _ in frozen(issue)) == ["excluded", "excluded", "pending"]


def test_a_segment_that_config_names_and_nobody_made_pauses_the_issue(make_config, now, press):
    config = make_config(newsletters={"weekly": {"audience": "vip", "without": ["press", "gone"]}})
    issue = scheduled(now)
    start(config, issue, now)
    issue.refresh_from_db()
    assert (issue.status, issue.messages.count()) == ("paused", 0)
    assert "there is no segment 'vip' (any more), which config.yaml names" in issue.reason
    assert [one.key for one in unfollowable(config)] == ["newsletters.weekly.audience", "newsletters.weekly.without[1]"]
    with pytest.raises(AudienceUnknown):
        audience_of(issue, config.newsletters["weekly"])


def test_who_was_meant_at_the_start_gets_it_though_the_segment_changes(config, make_sender, now, press):
    issue = scheduled(now, segment=press)
    start(config, issue, now)
    Tag.objects.all().delete()
    transport = FakeTransport()
    make_sender(issue, transport).step()
    assert sorted(transport.taken) == ["ada@example.org", "bob@example.org"]
    assert Message.counts(issue) == {"excluded": 1, "submitted": 2}
