"""What anybody may try with any of our webhooks, and what none of them lets happen. A new one is a line in DOORS."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.urls import include, path
from django.utils import timezone

from newsletter import urls
from newsletter.models import Event, Message, Payload, Rejected, Reply
from newsletter.settings import from_config
from newsletter.track.payloads import ingest_payloads
from tests.factories import make_message
from tests.track.replies.test_sendgrid_inbound import BOUNDARY, form
from tests.track.webhooks.providers import KEY, SECRET, by_password, by_signature
from tests.track.webhooks.signing import PRIVATE, SITE, STRANGERS, public, signed

pytestmark = pytest.mark.django_db
INBOUND = "a-secret-of-sixteen-letters"
DAY = 24 * 3600


@dataclass(frozen=True)
class Door:
    """A webhook: where it is, and how a body gets there rightly, with nothing, and by somebody with another key."""

    path: str
    right: Any
    wrong: Any
    content: str = "application/json"
    forged: int = 403
    """What is answered to whom is not let in."""
    told: Any = None
    """The body that tells, in the words of this provider, that a message has bounced; None: it takes mail."""


def sendgrid_bounce(message, /, **more):
    number = str(getattr(message, "pk", message))
    return [{"event": "bounce", "type": "bounce", "status": "5.1.1", "message": number, "site": SITE, **more}]


def postmark_bounce(message, /, **more):
    meta = {"message": str(getattr(message, "pk", message)), "site": more.pop("site", SITE)}
    return {"RecordType": "Bounce", "Type": "HardBounce", "Details": "5.1.1", "Metadata": meta, **more}


def mailgun_bounce(message, /, **more):
    data = {"event": "failed", "severity": "permanent", "delivery-status": {"message": "5.1.1"}}
    variables = {"message": str(getattr(message, "pk", message)), "site": more.pop("site", SITE)}
    return {"event-data": {**data, "user-variables": variables, **more}}


def bare(body):
    return body, {}


DOORS = {
    "sendgrid events": Door(
        "/hooks/sendgrid/events/", lambda body: (body, signed(body)), lambda body: (body, signed(body, STRANGERS)),
        told=sendgrid_bounce,
    ),
    "sendgrid inbound": Door(
        f"/hooks/sendgrid/inbound/{INBOUND}/", bare, None, f"multipart/form-data; boundary={BOUNDARY}", 404
    ),
    "postmark tracking": Door(
        "/hooks/anymail/postmark/tracking/", by_password, lambda body: by_password(body, "someone:else"),
        told=postmark_bounce,
    ),
    "mailgun tracking": Door(
        "/hooks/anymail/mailgun/tracking/", by_signature, lambda body: by_signature(body, "another key"),
        told=mailgun_bounce,
    ),
    "postmark inbound": Door(
        "/hooks/anymail/postmark/inbound/", by_password, lambda body: by_password(body, "someone:else"), forged=400
    ),
}  # fmt: skip
TELLING = [name for name, door in DOORS.items() if door.told]
each = pytest.mark.parametrize("name", DOORS)
each_that_tells = pytest.mark.parametrize("name", TELLING)


@pytest.fixture
def knock(client, settings, make_config):
    """Post to a door, rightly unless told otherwise, and have what was kept understood; return the answer's status."""
    events = pytest.importorskip("newsletter.track.webhooks.anymail")
    mail = pytest.importorskip("newsletter.track.replies.anymail")
    client.raise_request_exception = False

    def go(name, body, by="right", method="post"):
        door = DOORS[name]
        provider = door.path.split("/")[3] if "anymail" in door.path else "postmark"
        settings.NEWSLETTER = make_config(
            newsletters={"weekly": {"replies": {"address": "reply@in.example.org", "moderation": "none"}}},
            track={
                "sendgrid": {"verification_key": public(PRIVATE)},
                "anymail": {"provider": provider, "settings": {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY},
                            "secret": SECRET if provider == "postmark" else None},
                "replies": {"sendgrid": {"secret": INBOUND},
                            "anymail": {"provider": "postmark", **({"secret": SECRET} if provider == "postmark" else
                                        {"settings": {"POSTMARK_X": "x"}})}},
            },
        )  # fmt: skip
        settings.ANYMAIL = from_config(settings.NEWSLETTER)["ANYMAIL"]
        hooks = [*events.urls(settings.NEWSLETTER), *mail.urls(settings.NEWSLETTER)]
        more = path("hooks/anymail/", include((hooks, "anymail")))
        settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [*urls.urlpatterns, more]})
        data, headers = {"right": door.right, "wrong": door.wrong, "bare": bare}[by](body)
        status = getattr(client, method)(door.path, data, content_type=door.content, **headers).status_code
        ingest_payloads(settings.NEWSLETTER, timezone.now)
        return status

    return go


def told(door, message, /, **more):
    return json.dumps(DOORS[door].told(message, **more)).encode()


def nothing_came_of_it():
    return not (Event.objects.exists() or Reply.objects.exists())


# ── who is let in ────────────────────────────────────────────────────────────────────────────────────────────────────


@each_that_tells
def test_what_is_rightly_posted_counts(knock, name):
    message = make_message()
    assert knock(name, told(name, message)) == 204
    assert Event.objects.get().kind == "bounced"
    message.refresh_from_db()
    assert message.state == "bounced"


@pytest.mark.parametrize("name", [*TELLING, "postmark inbound"])
@pytest.mark.parametrize("by", ["bare", "wrong"])
def test_what_is_unsigned_or_signed_with_another_key_is_refused_and_not_even_kept(knock, name, by):
    message = make_message()
    body = told(name, message) if name in TELLING else b"{}"
    assert knock(name, body, by) == DOORS[name].forged
    assert not Payload.objects.exists()
    assert nothing_came_of_it()


def test_mail_without_the_secret_in_its_address_is_refused(client, knock):
    knock("sendgrid inbound", form({"headers": "From: a@example.org\n", "text": "x"}))
    rows = Rejected.objects.count()
    for path_ in ("/hooks/sendgrid/inbound/wrong/", "/hooks/sendgrid/inbound/é/"):
        assert client.post(path_, b"", content_type="text/plain").status_code == 404
    assert Rejected.objects.count() == rows


def test_a_body_that_was_changed_on_the_way_is_refused(client, knock):
    message = make_message()
    body = told("sendgrid events", message)
    knock("sendgrid events", b"[]")
    for changed in (body + b" ", body[:-1], body.replace(b"5.1.1", b"5.1.2")):
        answer = client.post("/hooks/sendgrid/events/", changed, content_type="application/json", **signed(body))
        assert answer.status_code == 403
    assert nothing_came_of_it()


@pytest.mark.parametrize(("days", "status"), [(1, 204), (1.1, 403), (2, 403), (365, 403), (-0.1, 403)])
def test_a_post_of_sendgrids_that_is_replayed_later_is_refused_or_changes_nothing(client, knock, days, status):
    message = make_message()
    body = told("sendgrid events", message, sg_event_id="one")
    assert knock("sendgrid events", body) == 204
    headers = signed(body, at=int(time.time() - days * DAY) + (5 if days == 1 else 0))
    answer = client.post("/hooks/sendgrid/events/", body, content_type="application/json", **headers)
    assert answer.status_code == status
    knock("sendgrid events", b"[]")
    assert Event.objects.count() == 1


@each_that_tells
def test_what_is_posted_twice_counts_once(knock, name):
    message = make_message()
    for _ in range(2):
        assert knock(name, told(name, message, id="1", ID=1, sg_event_id="1")) == 204
    assert Event.objects.count() == 1
    assert sum(Payload.objects.values_list("taken", flat=True)) == 1


@each
@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_nothing_but_a_post_is_taken(knock, name, method):
    assert knock(name, b"", method=method) == 405
    assert not Payload.objects.exists()


@each
def test_a_head_changes_nothing(knock, name):
    assert knock(name, b"", method="head") in (200, 405)
    assert not Payload.objects.exists()


# ── what is in it ────────────────────────────────────────────────────────────────────────────────────────────────────

BODIES = {
    "nothing": b"", "no JSON": b"<xml/>", "cut JSON": b'[{"event":', "a number": b"7", "null": b"null",
    "a text": b'"x"', "lists": b"[[],[[]]]", "an object": b'{"a": 1}', "nested too deep": b"[" * 50_000,
    "nested and closed": b"[" * 900 + b"]" * 900, "no text": b"\xff\xfe\x00", "NULs": b"\x00" * 1000,
    "endless digits": b"[" + b"9" * 10_000 + b"]", "NaN": b"[NaN, Infinity, -Infinity]",
}  # fmt: skip


@each
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_breaks_it_or_what_comes_after(knock, name, body):
    assert knock(name, body) < 500
    assert nothing_came_of_it()
    assert not Payload.objects.filter(done_at=None).exists()
    if name in TELLING:
        message = make_message()
        assert knock(name, told(name, message)) == 204
        assert Event.objects.get().message_id == message.pk


NASTY = {
    "NULs": "a\x00b", "half a pair": "\ud800", "huge": "x" * 300_000, "emoji": "👩‍👩‍👧‍👦" * 500, "a number": 10**30,
    "a float": 1e308, "a list": [[]], "an object": {"a": {"b": None}}, "nothing": None, "true": True,
    "markup": "<script>alert(1)</script>", "an encoded word": "=?utf-8?b?AAAA?=", "a direction": "\u202e",
}  # fmt: skip
FIELDS = {
    "sendgrid events": ("sg_event_id", "timestamp", "reason", "status", "type", "email", "url", "sg_message_id"),
    "postmark tracking": ("ID", "BouncedAt", "Details", "Description", "Email", "MessageID", "Tag"),
    "mailgun tracking": ("id", "timestamp", "recipient", "reason", "tags", "message", "url"),
}


@pytest.mark.parametrize("name", TELLING)
@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY)
def test_no_value_breaks_it(knock, name, value):
    message = make_message()
    for field in FIELDS[name]:
        assert knock(name, told(name, message, **{field: value})) in (204, 403)
    assert not Payload.objects.filter(done_at=None).exists()
    for event in Event.objects.all():
        assert len(event.detail) <= 300
        assert "\x00" not in event.detail


@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY)
def test_one_bad_event_costs_none_of_the_others(knock, value):
    message = make_message()
    bad = [
        sendgrid_bounce(make_message(), **{field: value})[0]
        for field in (*FIELDS["sendgrid events"], "event", "message")
    ]
    good = sendgrid_bounce(message, sg_event_id="good")
    assert knock("sendgrid events", json.dumps([value, *bad, *good]).encode()) == 204
    assert Event.objects.get(key="good").message_id == message.pk
    assert Payload.objects.get().fault == ""


@each_that_tells
@pytest.mark.parametrize(
    "number", ["0", "-1", "999999999", "9" * 18, "9" * 40, "1e3", "٣", "", " 1", "notice-1", "test-1-2"]
)
def test_the_number_of_no_message_of_ours_counts_and_changes_nothing(knock, name, number):
    assert knock(name, told(name, number)) == 204
    assert nothing_came_of_it()
    found = Payload.objects.get()
    assert (found.events, found.taken, found.fault) == (1, 0, "")


@each_that_tells
@pytest.mark.parametrize("site", ["https://other.example.org", "", None, ["x"]], ids=["other", "empty", "none", "list"])
def test_the_events_of_another_account_or_site_count_and_change_nothing(knock, name, site):
    message = make_message()
    assert knock(name, told(name, message, site=site)) == 204
    assert nothing_came_of_it()
    assert Payload.objects.get().taken == 0


@each_that_tells
def test_an_unknown_event_counts_and_changes_nothing(knock, name):
    message = make_message()
    kind = {"event": "something new", "RecordType": "SomethingNew", "Type": "New", "severity": ""}
    assert knock(name, told(name, message, **kind)) == 204
    message.refresh_from_db()
    assert message.state == Message.State.SUBMITTED
    assert Payload.objects.get().events == 1


def test_a_hundred_thousand_events_in_one_body_are_taken(knock):
    messages = [make_message() for _ in range(3)]
    events = [sendgrid_bounce(messages[at % 3], event="delivered", sg_event_id=f"e{at}")[0] for at in range(100_000)]
    assert knock("sendgrid events", json.dumps(events).encode()) == 204
    found = Payload.objects.get()
    assert (found.events, found.taken, found.fault) == (100_000, 100_000, "")
    assert Event.objects.count() == 100_000
    assert {state for (state,) in Message.objects.values_list("state")} == {"delivered"}


@each_that_tells
def test_a_body_larger_than_any_genuine_one_is_refused(knock, name):
    assert knock(name, b" " * 33_000_000) in (403, 413)
    assert not Payload.objects.exists()


def test_a_body_of_which_a_false_length_is_said_is_refused(client, knock):
    knock("sendgrid events", b"[]")
    headers = {**signed(b"[]"), "CONTENT_LENGTH": "40000000"}
    assert client.post("/hooks/sendgrid/events/", b"[]", content_type="application/json", **headers).status_code == 413


# ── when the database is away ────────────────────────────────────────────────────────────────────────────────────────


@each_that_tells
@pytest.mark.django_db(transaction=True)
def test_without_the_row_there_is_no_2xx_and_the_next_time_it_counts(knock, name):
    message = make_message()
    body = told(name, message, id="1", ID=1, sg_event_id="1")
    with no_more_payloads():
        assert knock(name, body) == 503
    assert nothing_came_of_it()
    assert knock(name, body) == 204
    assert Event.objects.count() == 1


def no_more_payloads():
    """A database that fails as soon as a payload is to be written."""

    def refuse(execute, sql, params, many, context):
        if sql.startswith("INSERT") and "payload" in sql:
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    return connection.execute_wrapper(refuse)
