"""Sending what differs from reader to reader: who gets what, in which call, and what happens when one breaks off."""

import email
import email.policy
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.holes import hole
from newsletter.models import Issue, Message
from newsletter.send import recipient, sample, send_test
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports import State, sendgrid
from subscribers.audience import Audience
from subscribers.models import Subscriber, Subscription, memberships
from subscribers.models.subscription import Membership
from tests.factories import make_edition, make_issue, make_list, make_subscriber
from tests.send.conftest import KEY, MARKER, FakeTransport, hand_over, send_all, states
from tests.send.servers import DROP, HANG

VIP = ["compare", ["const", "vip"], [["in", ["reader", "lists"]]]]
BERLIN = ["compare", ["field", "city"], [["eq", ["const", "Berlin"]]]]
CALLED = ["filter", "default", ["reader", "first_name"], [["const", "friend"]]]
LATE = [CALLED, VIP, BERLIN, ["field", "city"]]
TEXT = "Dear [e0],\n\n[if1]For the few[else1]For the many[end1].[if2] Come to [e3].[end2]\n\nhttp://127.0.0.1:8000/u/[token]\n"
HTML = (
    "<html><body><p>Dear [e0-html],</p>[if1]<p>For the few</p>[else1]<p>For the many</p>[end1][e3-html]</body></html>\n"
)
SUBJECT = "[if1]VIP: [end1]News for [e0]"


def spelt(text):
    return text.replace("[", f"{MARKER}-").replace("]", "-o")


@pytest.fixture
def personal(now):
    """An issue being sent that asks about lists and fields, to these people: each a name, a city and more lists."""

    def make(*people, late=LATE, **parts):
        for number, (name, city, *lists) in enumerate(people):
            make_subscriber(
                f"r{number}@example.org", ("readers", *lists), name=name, fields={"city": city} if city else {}
            )
        issue = make_issue(status=Issue.Status.SENDING, started_at=now)
        texts = {"subject": SUBJECT, "html": HTML, "text": TEXT, **parts}
        issue.edition = make_edition(
            issue, marker=MARKER, late=late, **{name: spelt(text) for name, text in texts.items()}
        )
        issue.save()
        Message.freeze(issue, Audience(("readers",)), now)
        return issue

    return make


def person(number):
    return Subscriber.objects.get(email=f"r{number}@example.org")


PEOPLE = (("Ada Lovelace", "Berlin", "vip"), ("Bob", ""), ("", "Berlin"), ("Cy", "Rome", "vip"), ("Di", ""))


def run(config, issue, clock):
    send_all(config, issue, clock)
    issue.refresh_from_db()


def mails(config):
    found = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in config.outbox.rglob("*.eml")
    ]
    return {
        mail["To"].addresses[0].username: (mail["Subject"], mail.get_body(("plain",)).get_content()) for mail in found
    }


@pytest.mark.django_db
def test_each_reader_gets_what_is_true_of_them(config, personal, clock):
    run(config, personal(*PEOPLE), clock)
    found = mails(config)
    assert {name: subject for name, (subject, _) in found.items()} == {
        "r0": "VIP: News for Ada", "r1": "News for Bob", "r2": "News for friend", "r3": "VIP: News for Cy",
        "r4": "News for Di",
    }  # fmt: skip
    bodies = {name: text.splitlines()[2] for name, (_, text) in found.items()}
    assert bodies == {
        "r0": "For the few. Come to Berlin.", "r1": "For the many.", "r2": "For the many. Come to Berlin.",
        "r3": "For the few.", "r4": "For the many.",
    }  # fmt: skip


@pytest.mark.django_db
def test_lists_are_those_of_the_moment_of_sending(config, personal, clock):
    issue = personal(("Ada", "", "vip"), ("Bob", ""))
    Subscription.objects.filter(list__name="vip").update(status="unsubscribed")
    Subscription.objects.create(subscriber=person(1), list=make_list("vip"), changed_at=clock.now, how="asked to")
    run(config, issue, clock)
    assert {name: subject for name, (subject, _) in mails(config).items()} == {
        "r0": "News for Ada",
        "r1": "VIP: News for Bob",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("subject", "late", "statements"), [("[if1]x[end1]", LATE, 1), ("[e0]", [CALLED], 0), ("x", [], 0)]
)
def test_lists_are_asked_for_once_a_batch_and_only_if_the_edition_asks(
    personal, make_sender, subject, late, statements
):
    issue = personal(*((f"N{n}", "") for n in range(7)), late=late, subject=subject, html="x", text="x")
    with CaptureQueriesContext(connection) as queries:
        make_sender(issue, FakeTransport(at_once=1)).step()
    asked = [
        one["sql"] for one in queries if one["sql"].startswith('SELECT "subscribers_subscription"."subscriber_id"')
    ]
    assert len(asked) == statements


@pytest.mark.django_db
def test_memberships_name_active_lists_only():
    ada, bob, cy = make_subscriber(lists=("a", "b")), make_subscriber(lists=("b",)), make_subscriber(lists=())
    Subscription.objects.filter(subscriber=ada, list__name="b").update(status="unsubscribed")
    assert memberships([ada.pk, bob.pk, cy.pk, None]) == {
        ada.pk: Membership(frozenset({"a"})), bob.pk: Membership(frozenset({"b"})),
    }  # fmt: skip


# ── SendGrid: readers of one text share a call ───────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_a_call_carries_readers_of_one_text_only(api, sendgrid_config, personal, clock):
    server, issue = api(), personal(*PEOPLE)
    run(sendgrid_config(server.url), issue, clock)
    assert states(issue) == {"submitted": 5}
    by_call = [sorted(one["to"][0]["email"][:2] for one in call["personalizations"]) for call in server.calls]
    assert sorted(by_call) == [["r0"], ["r1", "r4"], ["r2"], ["r3"]]
    for call in server.calls:
        vip = any(one["to"][0]["email"][:2] in ("r0", "r3") for one in call["personalizations"])
        html = call["content"][1]["value"]
        assert ("For the few" in html, "For the many" in html) == (vip, not vip)
        assert call["subject"].startswith("VIP: ") is vip
        assert f"{MARKER}-if" not in str(call)
        for one in call["personalizations"]:
            assert set(one["substitutions"]) >= {hole(MARKER, "token"), hole(MARKER, "e0"), hole(MARKER, "e0-html")}
    (bobs,) = [one for call in server.calls for one in call["personalizations"] if one["to"][0]["email"][:2] == "r2"]
    assert bobs["substitutions"][hole(MARKER, "e0")] == "friend"


@pytest.mark.django_db
def test_a_group_of_more_than_a_call_takes_is_parted(api, sendgrid_config, personal, clock):
    server, issue = api(), personal(*[("A", "", "vip")] * 3, *[("B", "")] * 2)
    run(sendgrid_config(server.url, per_call=2), issue, clock)
    assert sorted(len(call["personalizations"]) for call in server.calls) == [1, 2, 2]
    named = [one["custom_args"]["message"] for call in server.calls for one in call["personalizations"]]
    assert sorted(map(int, named)) == sorted(issue.messages.values_list("pk", flat=True))


@pytest.mark.django_db
def test_a_second_call_that_fails_loses_nobody_and_repeats_nobody(api, sendgrid_config, personal, clock):
    first = (202, {"X-Message-Id": "a"}, None)
    server, issue = api(first, (503, {}, b"")), personal(*PEOPLE)
    config = sendgrid_config(server.url)
    run(config, issue, clock)
    sent = {one["custom_args"]["message"] for one in server.calls[0]["personalizations"]}
    assert states(issue) == {"submitted": len(sent), "pending": 5 - len(sent)}
    assert {str(pk) for pk in issue.messages.filter(state="submitted").values_list("pk", flat=True)} == sent
    assert issue.retry_at is not None

    clock.forward(minutes=5)
    run(config, issue, clock)
    assert states(issue) == {"submitted": 5}
    accepted = [
        one["custom_args"]["message"]
        for call in (server.calls[0], *server.calls[2:])
        for one in call["personalizations"]
    ]
    assert len(accepted) == len(set(accepted)) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [DROP, HANG])
def test_a_lost_answer_leaves_only_its_own_call_uncertain(api, sendgrid_config, personal, clock, answer):
    server, issue = api((202, {}, None), answer), personal(("A", "", "vip"), ("B", "", "vip"), ("C", ""), ("D", ""))
    run(sendgrid_config(server.url, timeout="500ms"), issue, clock)
    lost = {one["custom_args"]["message"] for one in server.calls[1]["personalizations"]}
    assert {str(pk) for pk in issue.messages.filter(state="uncertain").values_list("pk", flat=True)} == lost
    assert len(lost) == 2


@pytest.mark.django_db
def test_a_person_who_is_erased_meanwhile_is_withheld(personal, make_sender):
    issue = personal(("A", ""), ("B", "", "vip"))
    person(1).delete()
    transport = FakeTransport(at_once=10)
    make_sender(issue, transport).step()
    assert transport.taken == ["r0@example.org"]
    assert states(issue) == {"submitted": 1, "withheld": 1}


def test_texts_that_differ_are_never_put_into_one_call(sendgrid_config, make_mailing, api):
    server = api()
    config = sendgrid_config(server.url)
    mailing = Mailing(config, "weekly", "s", MARKER, "d" * 64, "Hi", spelt(HTML), spelt(TEXT), LATE)
    mailing = replace(mailing, subject=spelt(SUBJECT))
    readers = [Reader("1", "a@example.org", "A", "t", {}, frozenset({"vip"})), Reader("2", "b@example.org", "B", "t")]
    outcomes = hand_over(sendgrid.open_transport("sendgrid", config), mailing, readers)
    assert [one.state for one in outcomes] == [State.SUBMITTED] * 2
    assert [call["subject"].startswith("VIP") for call in server.calls] == [True, False]
    assert [len(call["personalizations"]) for call in server.calls] == [1, 1]


def test_values_too_long_for_sendgrid_are_cut_and_our_own_words_are_not(sendgrid_config, api):
    server = api()
    config = sendgrid_config(server.url)
    late = [["field", f"f{n}"] for n in range(12)] + [["const", "our words " * 30]]
    text = spelt("".join(f"[e{n}] [e{n}-html] " for n in range(13)))
    mailing = Mailing(config, "weekly", "s", MARKER, "d" * 64, "Hi", text, text, late)
    reader = Reader("1", "a@example.org", "Ada", "t", {f"f{n}": "👩‍💻<" * 200 for n in range(12)})
    (outcome,) = hand_over(sendgrid.open_transport("sendgrid", config), mailing, [reader])
    assert outcome.state == State.SUBMITTED
    found = server.calls[0]["personalizations"][0]["substitutions"]
    assert sum(len(name) + len(value.encode()) for name, value in found.items()) <= 10_000
    assert found[hole(MARKER, "e12")] == "our words " * 30
    assert found[hole(MARKER, "e0")].endswith("…")


def test_a_reader_for_whom_there_is_no_room_at_all_fails_alone(sendgrid_config, api):
    server = api()
    config = sendgrid_config(server.url)
    late = [["field", f"f{n}"] for n in range(120)]
    text = spelt("".join(f"[e{n}-html]" for n in range(120)))
    mailing = Mailing(config, "weekly", "s", MARKER, "d" * 64, "Hi", text, text, late)
    readers = [
        Reader("1", "a@example.org", "Ada", "t", {f"f{n}": "👩‍💻" * 200 for n in range(120)}),
        Reader("2", "b@example.org", "", "t"),
    ]
    outcomes = {one.ref: one for one in hand_over(sendgrid.open_transport("sendgrid", config), mailing, readers)}
    assert (outcomes["1"].state, outcomes["2"].state) == (State.FAILED, State.SUBMITTED)
    assert "10,000 bytes" in outcomes["1"].reason


# ── tests and samples ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_tests_and_samples_are_filled_with_what_is_known_of_the_person(config, personal, now):
    issue = personal(*PEOPLE)
    send_test(config, KEY, issue, issue.edition, ["r0@example.org", "stranger@example.org", "R2@example.org"], now)
    found = {name: subject for name, (subject, _) in mails(config).items()}
    assert found == {
        "r0": "[Test] VIP: News for Ada", "stranger": "[Test] News for friend", "R2": "[Test] News for friend",
    }  # fmt: skip
    assert b"VIP: News for Cy" in sample(config, KEY, issue, issue.edition, "r3@example.org", now)


@pytest.mark.django_db
def test_tests_by_sendgrid_go_in_calls_of_one_text_and_answer_in_order(api, sendgrid_config, personal, now):
    server, issue = api(), personal(*PEOPLE)
    emails = ["r0@example.org", "r1@example.org", "zoë@example.org", "r3@example.org"]
    outcomes = send_test(sendgrid_config(server.url), KEY, issue, issue.edition, emails, now)
    assert [one.state for one in outcomes] == [State.SUBMITTED, State.SUBMITTED, State.FAILED, State.SUBMITTED]
    assert sorted(len(call["personalizations"]) for call in server.calls) == [1, 1, 1]


@pytest.mark.django_db
def test_a_recipient_is_found_in_any_spelling_and_unknown_ones_have_nothing():
    make_subscriber("Ada@example.org", ("readers", "vip"), name="Ada", fields={"city": "Berlin"})
    found = recipient("ADA@EXAMPLE.ORG", "t")
    assert (found.name, found.fields, found.lists) == ("Ada", {"city": "Berlin"}, {"readers", "vip"})
    assert recipient("who@example.org", "t") == Reader("preview", "who@example.org", "", "t")
    assert recipient("nonsense", "t").name == ""
