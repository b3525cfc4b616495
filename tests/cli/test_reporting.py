"""What the terminal tells of an issue, and whether its counts are what the events say."""

import base64
import json
import random
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from newsletter.models import Event, Tally
from newsletter.models.folding import fold
from newsletter.models.rejudging import Judgement, rejudge
from newsletter.models.taking import Happening, take_in
from newsletter.track.payloads import ingest_payloads
from newsletter.track.report.tables import NAMES
from tests.factories import NOW, make_event, make_link, make_message, make_sent_issue, token_of
from tests.mails import Mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    issue = make_sent_issue()
    for judged in ("human", "prefetch"):
        make_event(make_message(issue), judged=judged)
    make_event(issue.messages.first(), "click", link=make_link(issue, "https://example.org/a"))
    return issue


def test_the_funnel_and_the_curves_are_drawn(call, issue):
    said = call("report", str(issue)).out
    opened = next(line for line in said.splitlines() if line.startswith("opened"))
    assert opened.split()[1:5] == ["1", "50.0", "%", "2"]
    assert "█" in opened
    assert "▁" in said or "█" * 48 in said
    assert "https://example.org/a" in said


def test_what_is_not_counted_by_reader_is_said_to_be(call):
    issue = make_sent_issue()
    take_in([Happening(make_message(issue).pk, "open", NOW, judged="human", anonymous=True)], NOW)
    assert "not counted by reader" in call("report", str(issue)).out


def test_an_issue_of_which_nothing_came_back_is_told_too(call):
    make_message(issue := make_sent_issue())
    assert "submitted" in call("report", str(issue)).out


def test_json_has_the_curves_stories_and_providers(call, issue):
    facts = call("report", str(issue), "--json").facts
    assert (facts["opened"], facts["opened_adjusted"], len(facts["curves"])) == (2, 1, 48)
    assert facts["providers"][0]["provider"] == "Others"
    assert facts["stories"][0]["clicks"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_each_table_is_printed_as_csv(call, issue, name):
    lines = call("report", str(issue), "--csv", name).out.splitlines()
    assert "," in lines[0]
    if name == "funnel":
        assert "opened,2,1,1.0,0.5" in lines


def test_one_form_at_a_time(call, issue):
    assert call("report", str(issue), "--csv", "funnel", "--json").code == 2


# ── verify ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_counts_that_are_right_are_said_to_be(call, issue):
    done = call("track", "verify")
    assert (done.code, "1 issue: every count is what the events say" in done.out) == (0, True)
    assert call("track", "verify", str(issue), "--json").facts == []


def test_a_drift_is_named_and_fails(call, issue):
    Tally.objects.filter(kind="open").update(human=5)
    done = call("track", "verify", str(issue))
    assert done.code == 1
    assert "open 2026-11-20 07h: human" in done.out
    assert "1 count is not what the events say" in done.err


def test_other_issues_are_left_alone(call, issue):
    Tally.objects.filter(kind="open").update(human=5)
    assert call("track", "verify", str(make_sent_issue())).code == 0


KEY = ec.derive_private_key(20261120, ec.SECP256R1())


def post(client, events):
    """A batch of SendGrid's, signed."""
    body, at = json.dumps(events).encode(), str(int(time.time()))
    signature = base64.b64encode(KEY.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": at}
    answer = client.post("/hooks/sendgrid/events/", body, content_type="application/json", headers=headers)
    assert answer.status_code == 204


def test_after_a_storm_through_the_doors_every_count_is_what_the_events_say(call, client, settings, make_config):
    """Opens, clicks, unsubscribes and a provider's words, twice and out of order; second looks, and events dropped."""
    public = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    settings.NEWSLETTER = make_config(track={"sendgrid": {"verification_key": public}})
    chance, issues = random.Random(6), [make_sent_issue(), make_sent_issue()]
    messages = [make_message(issue) for issue in issues for _ in range(6)]
    links = {issue: [make_link(issue, f"https://example.org/{number}") for number in range(3)] for issue in issues}
    told, mail = [], Mail()
    for _ in range(150):
        message = chance.choice(messages)
        token, what = token_of(message), chance.random()
        if what < 0.35:
            mail.open(message)
        elif what < 0.7:
            mail.click(message, chance.choice(links[message.issue]))
        elif what < 0.75:
            client.post(f"/u/{token}")
        else:
            kind = chance.choice(["processed", "delivered", "bounce", "open", "click", "spamreport", "deferred"])
            told.append({"event": kind, "type": "bounce", "message": str(message.pk), "site": "http://127.0.0.1:8000",
                         "sg_event_id": f"e{len(told)}", "timestamp": int(time.time()), "email": "x@example.org",
                         "url": "https://example.org/1"})  # fmt: skip
            post(client, [told[-1], *chance.sample(told, min(2, len(told)))])
    mail.arrive()
    assert ingest_payloads(settings.NEWSLETTER, timezone.now) > 10
    some = Event.objects.order_by("?")[:40]
    Event.objects.filter(pk__in=[one.pk for one in some]).update(provisional=True)
    rejudge([Judgement(one.pk, chance.choice(["human", "prefetch", "bot"])) for one in some if one.judged])
    assert Event.objects.count() > 50
    assert call("track", "verify").code == 0
    fold(Event.objects.latest("at").at - timedelta(milliseconds=1), most=60)
    assert call("track", "verify").code == 0
    Tally.objects.filter(pk=Tally.objects.first().pk).update(events=999)
    assert call("track", "verify").code == 1
