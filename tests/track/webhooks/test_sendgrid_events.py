"""SendGrid's events: who may post them, what each settles, and that order and repetition do no harm."""

import itertools
import json
import time

import pytest
from django.utils import timezone
from pydantic import ValidationError

from newsletter.models import Event, Payload, Sign
from newsletter.models.payload import NotNow
from newsletter.track.judging.job import judge
from newsletter.track.payloads import ingest_payloads
from tests.factories import make_link, make_message, make_sent_issue
from tests.track.webhooks.conftest import KEYS
from tests.track.webhooks.signing import PATH, PRIVATE, SIGNATURE, STRANGERS, TIMESTAMP, event, public, signed

pytestmark = pytest.mark.django_db


BOUNCE = {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 no such user <ada@example.org>"}


def state(message):
    message.refresh_from_db()
    return message.state


# ── what events settle ───────────────────────────────────────────────────────────────────────────────────────────────

ANSWERED = [
    # from, the event, to
    ("uncertain", {"event": "processed"}, "submitted"),
    ("submitting", {"event": "processed"}, "submitted"),
    ("pending", {"event": "processed"}, "submitted"),
    ("deferred", {"event": "processed"}, "submitted"),
    ("submitted", {"event": "processed"}, "submitted"),
    ("failed", {"event": "processed"}, "failed"),
    ("delivered", {"event": "processed"}, "delivered"),
    ("bounced", {"event": "processed"}, "bounced"),
    ("uncertain", {"event": "delivered"}, "delivered"),
    ("submitting", {"event": "delivered"}, "delivered"),
    ("submitted", {"event": "delivered"}, "delivered"),
    ("pending", {"event": "delivered"}, "delivered"),
    ("failed", {"event": "delivered"}, "delivered"),
    ("bounced", {"event": "delivered"}, "bounced"),
    ("complained", {"event": "delivered"}, "complained"),
    ("withheld", {"event": "delivered"}, "withheld"),
    ("excluded", {"event": "delivered"}, "excluded"),
    ("uncertain", {"event": "dropped", "reason": "Unsubscribed Address"}, "failed"),
    ("submitted", {"event": "dropped", "reason": "Unsubscribed Address"}, "failed"),
    ("delivered", {"event": "dropped", "reason": "Unsubscribed Address"}, "delivered"),
    ("pending", {"event": "dropped", "reason": "Unsubscribed Address"}, "pending"),
    ("uncertain", BOUNCE, "bounced"),
    ("submitted", BOUNCE, "bounced"),
    ("delivered", BOUNCE, "bounced"),
    ("pending", BOUNCE, "pending"),
    ("complained", BOUNCE, "complained"),
    ("submitted", {**BOUNCE, "type": "blocked"}, "failed"),
    ("uncertain", {"event": "deferred", "response": "400 later"}, "uncertain"),
    ("submitted", {"event": "deferred", "response": "400 later"}, "submitted"),
    ("uncertain", {"event": "open"}, "uncertain"),
    ("uncertain", {"event": "something new"}, "uncertain"),
    ("uncertain", {"event": ["processed"]}, "uncertain"),
    ("uncertain", {}, "uncertain"),
]


@pytest.mark.parametrize(
    ("before", "said", "after"), ANSWERED, ids=[f"{a}-{n}" for n, (a, _, _) in enumerate(ANSWERED)]
)
def test_an_event_settles_what_was_open_and_nothing_else(post, before, said, after):
    message, other = make_message(state=before), make_message(state=before)
    assert post([{**event(message, ""), **said}]) == 204
    assert (state(message), state(other)) == (after, before)


def test_the_reason_says_who_said_what(post):
    names = ("processed", "dropped", "bounced")
    done, dropped, bounced = messages = [make_message(state="uncertain", reason="lost") for _ in names]
    post([event(done, "processed"), event(dropped, "dropped", reason="Spam"), {**event(bounced, ""), **BOUNCE}])
    for message in messages:
        message.refresh_from_db()
    assert [message.reason for message in messages] == [
        "accepted, says sendgrid",
        "SendGrid: dropped Spam",
        "SendGrid: bounce 5.1.1 550 no such user <ada@example.org>",
    ]


def test_about_somebody_who_was_erased_no_address_is_kept(post):
    message = make_message(state="submitted")
    message.subscriber.delete()
    post([{**event(message, ""), **BOUNCE}])
    message.refresh_from_db()
    assert message.reason == "SendGrid: bounce 5.1.1 550 no such user <(address)>"


def test_the_moment_of_submitting_is_kept_or_noted_and_the_claim_ends(post, now):
    fresh = make_message(state="submitting", claim="0" * 32, lease_until=now, retry_at=now)
    known = make_message(submitted_at=now)
    post([event(fresh, "processed"), event(known, "delivered")])
    for message in (fresh, known):
        message.refresh_from_db()
    assert (fresh.claim, fresh.lease_until, fresh.retry_at) == (None, None, None)
    assert fresh.submitted_at is not None
    assert known.submitted_at == now


@pytest.mark.parametrize("order", list(itertools.permutations(("processed", "deferred", "delivered"))), ids=" ".join)
@pytest.mark.parametrize("together", [True, False], ids=["one post", "three posts"])
def test_in_any_order_and_twice_it_ends_delivered(post, order, together):
    message = make_message(state="uncertain")
    events = [event(message, kind) for kind in order] * 2
    for batch in [events] if together else [[one] for one in events]:
        assert post(batch) == 204
    assert state(message) == "delivered"


@pytest.mark.parametrize("order", list(itertools.permutations(("processed", "delivered", "bounce"))), ids=" ".join)
def test_in_any_order_a_bounce_is_what_remains(post, order):
    message = make_message(state="uncertain")
    for kind in order:
        post([{**event(message, kind), **(BOUNCE if kind == "bounce" else {})}])
    assert state(message) == "bounced"


@pytest.mark.parametrize("order", [("processed", "dropped"), ("dropped", "processed")], ids=" ".join)
def test_what_was_dropped_stays_so(post, order):
    message = make_message(state="uncertain")
    for kind in order:
        post([event(message, kind, reason="Invalid")])
    assert state(message) == "failed"


# ── what they become ─────────────────────────────────────────────────────────────────────────────────────────────────

KINDS = [
    ({"event": "processed"}, "accepted"),
    ({"event": "delivered"}, "delivered"),
    ({"event": "deferred", "response": "450 later"}, "deferred"),
    ({"event": "bounce", "type": "bounce", "status": "5.1.1"}, "bounced"),
    ({"event": "bounce", "type": "bounce", "status": "5.1.10"}, "bounced"),
    ({"event": "bounce", "type": "bounce", "status": "5.2.1"}, "bounced"),
    ({"event": "bounce", "type": "bounce", "status": "", "reason": "550 5.1.2 no such domain"}, "bounced"),
    ({"event": "bounce", "type": "bounce", "status": "4.4.1"}, "soft_bounced"),
    ({"event": "bounce", "type": "bounce", "status": "5.2.2"}, "soft_bounced"),
    ({"event": "bounce", "type": "bounce"}, "soft_bounced"),
    ({"event": "bounce", "type": "bounce", "status": "5.7.1"}, "blocked"),
    ({"event": "bounce", "type": "blocked", "status": "5.1.1"}, "blocked"),
    ({"event": "dropped", "reason": "Bounced Address"}, "dropped"),
    ({"event": "spamreport"}, "complained"),
    ({"event": "unsubscribe"}, "unsubscribe"),
    ({"event": "group_unsubscribe", "asm_group_id": 7}, "unsubscribe"),
    ({"event": "group_resubscribe", "asm_group_id": 7}, "resubscribe"),
]


@pytest.mark.parametrize(("said", "kind"), KINDS, ids=range(len(KINDS)))
def test_each_of_their_words_is_one_of_ours(post, said, kind):
    message = make_message()
    post([{**event(message, ""), **said}])
    found = Event.objects.get()
    assert (found.kind, found.message_id, found.source) == (kind, message.pk, "sendgrid")


def test_an_event_is_known_by_its_id_or_by_all_that_it_says(post):
    message = make_message()
    named, nameless = event(message, "deferred", sg_event_id="one"), event(message, "deferred", timestamp=1)
    post([named, nameless, {**named, "timestamp": 2}])
    post([nameless, {**nameless, "attempt": "2"}])
    assert Event.objects.count() == 3
    assert sum(key == "one" for key in Event.objects.values_list("key", flat=True)) == 1


def test_it_happened_when_they_say_unless_that_makes_no_sense(post):
    message, now = make_message(), int(time.time())
    for said in (now - 3600, now + 10**6, 12, 10**400, "soon", None, -1, float("nan"), [1]):
        post([event(message, "deferred", timestamp=said)])
    moments = sorted(int(at.timestamp()) for at in Event.objects.values_list("at", flat=True))
    assert moments[0] == now - 3600
    assert moments[1] >= now - 60
    assert moments[-1] <= time.time() + 1


def test_where_they_count_opens_and_clicks_each_finds_its_link(post, theirs):
    issue = make_sent_issue()
    message, link = make_message(issue), make_link(issue, "https://example.org/a?b=1&c=🌍#d")
    post([
        event(message, "open", sg_event_id="1"),
        event(message, "open", sg_event_id="2", sg_machine_open=True),
        event(message, "click", sg_event_id="3", url=link.url),
        event(message, "click", sg_event_id="4", url="https://example.org/u/a-token"),
    ])  # fmt: skip
    rows = Event.objects.order_by("key").values_list("kind", "link", "judged", "reasons")
    assert list(rows) == [
        ("open", None, "human", ""), ("open", None, "prefetch", "prefetch"), ("click", link.pk, "human", ""),
        ("click", None, "human", ""),
    ]  # fmt: skip
    assert Sign.objects.get(link=link).events == 1


SEEN = [
    ({"ip": "67.231.144.9", "useragent": "Mozilla/5.0 Chrome/130.0"}, ("bot", "network", "Chrome", "67.231.144.0/24")),
    ({"useragent": "Mozilla/5.0"}, ("prefetch", "proxy", "Apple privacy proxy", "")),
    ({"ip": "2001:db8:1:2::9", "useragent": "Thunderbird/128.0"}, ("human", "", "Thunderbird", "2001:db8:1::/48")),
    ({"ip": "nowhere", "useragent": ["x"]}, ("human", "", "none given", "")),
]


@pytest.mark.parametrize(("told", "kept"), SEEN, ids=["scanner", "proxy", "person", "nonsense"])
def test_what_they_saw_is_judged_as_what_we_see_and_looked_at_again(post, theirs, told, kept):
    post([event(make_message(), "open", **told)])
    found = Event.objects.get()
    assert (found.judged, found.reasons, found.agent, found.network) == kept
    assert found.provisional


def test_what_they_saw_around_a_click_settles_what_it_was(post, theirs):
    issue, then = make_sent_issue(), int(time.time()) - 1000
    message, links = make_message(issue), [make_link(issue, f"https://example.org/{place}") for place in range(4)]
    clicks = [event(message, "click", url=link.url, timestamp=then + place) for place, link in enumerate(links)]
    post(clicks)
    judge(theirs, timezone.now, lambda: False)
    assert set(Event.objects.values_list("judged", "provisional")) == {("bot", False)}


def test_where_our_own_pixel_and_links_count_theirs_do_not(post):
    post([event(make_message(), "open"), event(make_message(), "click", url="https://example.org/")])
    assert not Event.objects.exists()


def test_a_payload_says_how_much_it_held_and_how_much_was_new(post):
    message = make_message()
    told = event(message, "delivered", sg_event_id="1")
    post([told, told, event("999999", "delivered"), event("test-1-2", "delivered"), {"site": "https://other.test"}])
    found = Payload.objects.get()
    assert (found.source, found.events, found.taken, found.fault) == ("sendgrid", 5, 1, "")
    assert json.loads(found.data)[0] == told


# ── whose messages ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "stranger",
    [
        {"site": "https://other.example.org"}, {"site": None}, {"message": "999999999"}, {"message": "notice-1"},
        {"message": "test-070000-1"}, {"message": None}, {"message": "9" * 30}, {"message": "-1"}, {"message": "٣"},
        {"message": ["1"]},
    ],
    ids=["another site", "no site", "unknown", "notice", "test", "none", "huge", "negative", "digits", "list"],
)  # fmt: skip
def test_other_mail_of_the_account_changes_nothing(post, stranger):
    message = make_message(state="uncertain")
    events = [{**event(message, "processed"), **stranger}, "no event", None, 7]
    assert post(events) == 204
    assert state(message) == "uncertain"
    assert post([*events, event(message, "delivered")]) == 204
    assert state(message) == "delivered"


# ── who may post ─────────────────────────────────────────────────────────────────────────────────────────────────────

BODY = b"[]"
DAY = 24 * 3600


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {TIMESTAMP: "0"},
        {SIGNATURE: "not base64!", TIMESTAMP: str(int(time.time()))},
        {SIGNATURE: "abc", TIMESTAMP: str(int(time.time()))},
        {SIGNATURE: "AAAA", TIMESTAMP: str(int(time.time()))},
        {SIGNATURE: "é", TIMESTAMP: str(int(time.time()))},
        {**signed(BODY), TIMESTAMP: "soon"},
        {**signed(BODY), TIMESTAMP: "1"},
        signed(BODY, STRANGERS),
        signed(b"[ ]"),
        signed(BODY, at=int(time.time()) - 2 * DAY),
        signed(BODY, at=int(time.time()) + DAY),
    ],
    ids=[
        "unsigned", "no signature", "no base64", "cut base64", "no signature at all", "beyond ascii", "no timestamp",
        "another timestamp", "another key", "another body", "stale", "from the future",
    ],
)  # fmt: skip
def test_what_is_not_signed_lately_by_sendgrid_is_refused(post, headers):
    assert post(BODY, headers) == 403


def test_refused_events_change_nothing(post):
    message = make_message(state="uncertain")
    body = json.dumps([event(message, "delivered")]).encode()
    assert post(body, signed(body, STRANGERS)) == 403
    assert post(body[:-1] + b" ]", signed(body)) == 403
    assert state(message) == "uncertain"


def test_a_post_that_is_repeated_hours_later_still_counts(post):
    message = make_message(state="uncertain")
    body = json.dumps([event(message, "delivered")]).encode()
    assert post(body, signed(body, at=int(time.time()) - 20 * 3600)) == 204
    assert state(message) == "delivered"


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"null", b'"x"', b"[" * 100_000, b"7"], ids=range(7))
def test_what_is_signed_and_no_list_of_events_is_kept_with_the_reason(post, body):
    assert post(body) == 204
    found = Payload.objects.get()
    assert (found.data, found.taken) == (body, 0)
    assert "no JSON" in found.fault or "no list of events" in found.fault or "nested too deep" in found.fault


def test_what_is_signed_and_no_text_is_refused(post):
    assert post(b"\xff\xfe[]") == 403


def test_without_a_key_there_is_nothing_there(post, settings, make_config):
    settings.NEWSLETTER = make_config()
    assert post(BODY) == 404


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_posts_are_answered(client, method):
    assert getattr(client, method)(PATH).status_code == 405


@pytest.mark.parametrize(
    "key", ["nonsense", "AAAA", public(PRIVATE)[:-8], f"-----BEGIN PUBLIC KEY-----{public(PRIVATE)}"], ids=range(4)
)
def test_a_key_that_is_none_is_named_when_the_configuration_is_read(make_config, key):
    with pytest.raises(ValidationError, match="no verification key"):
        make_config(track={"sendgrid": {"verification_key": key}})


def test_a_file_of_networks_that_cannot_be_read_is_no_fault_of_what_was_posted(settings, make_config, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("date: [")
    told = {"opens": False, "clicks": False, "networks": "mine.yaml"}
    config = settings.NEWSLETTER = make_config(track={**KEYS["track"], **told})
    message = make_message()
    events = [event(message, "open"), event(message, "bounce", status="5.1.1")]
    Payload.keep("sendgrid", json.dumps(events).encode(), timezone.now())
    with pytest.raises(NotNow, match=r"mine\.yaml"):
        ingest_payloads(config, timezone.now)
    assert Payload.objects.filter(done_at=None, fault="").exists()
    file.write_text("date: 2026-11-30\nnetworks: []\n")
    assert ingest_payloads(config, timezone.now) == 1
    assert set(Event.objects.values_list("kind", flat=True)) == {"open", "bounced"}
