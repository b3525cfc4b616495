"""SendGrid's events: who may post them, what each settles, and that order and repetition do no harm."""

import base64
import itertools
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import ValidationError

from newsletter.models import Message
from tests.factories import make_issue, make_message, make_subscriber

pytestmark = pytest.mark.django_db
PATH = "/hooks/sendgrid/events/"
SITE = "http://127.0.0.1:8000"
PRIVATE, STRANGERS = (ec.derive_private_key(number, ec.SECP256R1()) for number in (20261120, 7))


def public(private):
    return base64.b64encode(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.fixture(autouse=True)
def config(settings, make_config):
    settings.NEWSLETTER = make_config(track={"sendgrid": {"verification_key": public(PRIVATE)}})
    return settings.NEWSLETTER


def signed(body, private=PRIVATE, at=None):
    timestamp = str(int(time.time()) if at is None else at)
    signature = private.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_SIGNATURE": base64.b64encode(signature).decode(),
        "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_TIMESTAMP": timestamp,
    }


@pytest.fixture
def post(client):
    def go(events, headers=None):
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        headers = signed(body) if headers is None else headers
        return client.post(PATH, body, content_type="application/json", **headers).status_code

    return go


def event(message, kind, **more):
    number = message if isinstance(message, str) else str(message.pk)
    return {"email": "ada@example.org", "event": kind, "message": number, "site": SITE, "sg_event_id": "x", **more}


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
        "processed, says SendGrid",
        "SendGrid: dropped Spam",
        "SendGrid: bounce 5.1.1 550 no such user <ada@example.org>",
    ]


def test_about_somebody_who_was_erased_no_address_is_kept(post):
    message = make_message(state="submitted")
    message.subscriber.delete()
    post([{**event(message, ""), **BOUNCE}])
    message.refresh_from_db()
    assert message.reason == "SendGrid: bounce 5.1.1 550 no such user <(erased)>"


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


def test_a_thousand_events_are_a_few_statements(post):
    issue = make_issue()
    people = [make_subscriber() for _ in range(4)]
    messages = [make_message(issue, person, state="uncertain") for person in people]
    kinds = ("processed", "delivered", "dropped", "open")
    events = [event(messages[number % 4], kinds[number % 4], reason="Invalid") for number in range(1000)]
    with CaptureQueriesContext(connection) as queries:
        assert post(events) == 204
    assert sum(one["sql"].startswith("UPDATE") for one in queries) == 3
    assert Message.counts(issue) == {"delivered": 1, "failed": 1, "submitted": 1, "uncertain": 1}


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

SIGNATURE, TIMESTAMP = (
    f"HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_{name}" for name in ("SIGNATURE", "TIMESTAMP")
)  # fmt: skip
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
def test_what_is_signed_and_no_list_of_events_is_answered_and_left(post, body):
    assert post(body) == 204


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
