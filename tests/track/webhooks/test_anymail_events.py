"""The events of other providers: kept as they came, read by Anymail afterwards, and only about what is ours."""

import json

import pytest
from anymail.exceptions import AnymailImproperlyInstalled

from newsletter.models import Event, Payload
from newsletter.send.metadata import metadata
from newsletter.track.webhooks.anymail_events import PROVIDERS
from newsletter.track.webhooks.values import number
from tests.factories import make_message, make_sent_issue
from tests.track.webhooks.providers import SECRET, identity

pytestmark = pytest.mark.django_db


def bounce(message, **more):
    """A bounce as Postmark posts it."""
    meta = {"message": str(message.pk), "site": "http://127.0.0.1:8000"}
    return {
        "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "Email": message.subscriber.email, "MessageID": "uuid",
        "BouncedAt": "2026-11-20T08:00:00Z", "Details": "550 5.1.1 no such user", "Metadata": meta, **more,
    }  # fmt: skip


def kinds():
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_an_event_with_our_metadata_settles_the_message(provider):
    message = make_message(state="uncertain")
    assert provider("postmark", bounce(message)) == 204
    found = Event.objects.get()
    assert (found.kind, found.source, found.message_id) == ("bounced", "postmark", message.pk)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("bounced", "postmark: bounced bounced 550 5.1.1 no such user")


def test_what_came_is_kept_as_it_came_before_anybody_reads_it(provider):
    raw = bounce(make_message(), Something=["of theirs", {"new": True}])
    assert provider("postmark", raw, understand=False) == 204
    found = Payload.objects.get()
    assert found.done_at is None
    assert json.loads(found.data.partition(b"\r\n\r\n")[2]) == raw


def test_told_again_it_counts_once_and_two_kinds_of_one_atare_two(provider):
    message = make_message()
    complaint = {**bounce(message), "Type": "SpamComplaint", "RecordType": "SpamComplaint"}
    for one in (bounce(message), bounce(message), complaint):
        provider("postmark", one)
    assert kinds() == ["bounced", "complained"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"Details": "550 5.7.1 refused by policy"}, "blocked"),
        ({"Details": "552 5.2.2 mailbox full"}, "soft_bounced"),
        ({"Details": "", "Type": "HardBounce"}, "bounced"),
        ({"Details": "", "Type": "Transient"}, "deferred"),
        ({"Details": "", "Type": "SoftBounce"}, "soft_bounced"),
    ],
    ids=range(5),
)
def test_a_bounce_is_classed_by_the_servers_answer_and_else_by_the_providers_word(provider, said, kind):
    provider("postmark", bounce(make_message(), **said))
    assert kinds() == [kind]


def test_what_a_provider_saw_is_judged_by_the_program_and_the_address_it_tells(provider):
    message = make_message()
    read = {"RecordType": "Open", "UserAgent": "Thunderbird/128.0", "ReceivedAt": "2026-11-20T09:00:00Z"}
    for at, address in enumerate(("67.231.144.9", "192.0.2.7")):
        provider("postmark", bounce(message, **read, ID=at, Geo={"IP": address}), counts=False)
    rows = Event.objects.order_by("pk").values_list("kind", "judged", "reasons", "agent", "network", "provisional")
    assert list(rows) == [
        ("open", "bot", "network", "Thunderbird", "67.231.144.0/24", True),
        ("open", "human", "", "Thunderbird", "192.0.2.0/24", True),
    ]


def test_mailguns_events_are_known_by_our_message_id(provider):
    message = make_message(make_sent_issue(), state="uncertain")
    headers = {"message-id": identity(message).strip("<>")}
    event = {"event": "delivered", "id": "x", "timestamp": 1795852800.5, "message": {"headers": headers},
             "recipient": message.subscriber.email}  # fmt: skip
    assert provider("mailgun", {"event-data": event}) == 204
    message.refresh_from_db()
    assert (kinds(), message.state) == (["delivered"], "delivered")


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.replace("weekly", "daily"),
        lambda said: said.replace("example.org", "example.net"),
        lambda said: said.replace(".2", ".3", 1),
        lambda said: "not-" + said,
        lambda said: "",
    ],
    ids=["newsletter", "domain", "issue", "more", "nothing"],
)
def test_a_message_id_that_is_not_quite_ours_names_nothing(provider, change):
    message = make_message(state="uncertain")
    headers = {"message-id": change(identity(message).strip("<>"))}
    provider("mailgun", {"event-data": {"event": "delivered", "message": {"headers": headers}}})
    assert kinds() == []


def test_a_servers_answer_cannot_name_a_message(provider):
    victim = make_message()
    provider(
        "postmark", {**bounce(victim), "Metadata": {}, "Details": identity(victim), "Description": identity(victim)}
    )
    assert kinds() == []
    assert Payload.objects.get().fault == ""


def test_metadata_of_another_site_names_nothing(provider):
    message = make_message()
    provider("postmark", bounce(message, Metadata={"message": str(message.pk), "site": "https://other.test"}))
    assert kinds() == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_has_a_view_of_anymails(name, settings):
    anymail = pytest.importorskip("newsletter.track.webhooks.anymail")
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": "k", "POSTAL_WEBHOOK_KEY": "k", "BREVO_API_KEY": "k",
        "MAILERSEND_SIGNING_SECRET": "k", "UNISENDER_GO_API_KEY": "k",
    }  # fmt: skip
    try:
        view = anymail.view_of(name)
    except AnymailImproperlyInstalled as error:
        pytest.skip(f"an extra of Anymail's own is needed: {error}")
    assert callable(view.parse_events)


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_header_that_names_a_message_reads_back_as_it(make_config, name):
    config = make_config(track={"anymail": {"provider": name, "secret": SECRET}})
    headers = metadata(config, "42")
    if name in ("mailgun", "postal", "mailersend"):
        assert headers == {}
    elif name == "postmark":
        assert headers == {"X-PM-Metadata-message": "42", "X-PM-Metadata-site": config.site.url}
    else:
        (value,) = headers.values()
        said = json.loads(value)
        said = said.get("metadata", said)
        assert (number(said["message"]), said["site"]) == (42, config.site.url)


def test_no_provider_no_header(make_config):
    assert metadata(make_config(), "42") == {}
