"""The envelope's sender says which message it is of, so that whatever comes back is known by where it comes to."""

import re
from datetime import timedelta
from threading import Event

import pytest

from newsletter import tokens
from newsletter.models import Message
from newsletter.render import service_mail
from newsletter.send.mailing import Reader
from newsletter.send.notices import send_notices
from newsletter.send.transports import TransportDown
from tests.factories import make_notice
from tests.send.conftest import KEY, hand_over, send_all
from tests.send.servers import LATE

ADDRESS = "bounces@in.example.org"
ADA, BOB, CY = (
    Reader(str(n), f"{name}@example.org", name, f"tok{n}", bounce=f"{name}{n}")
    for n, name in enumerate(("ada", "bob", "cy"))
)


@pytest.fixture
def config_for(make_config):
    """A configuration that sends by SMTP to this port."""

    def make(port, address=ADDRESS, **changes):
        server = {"host": "127.0.0.1", "port": port, "connections": 1}
        send = {"transport": "smtp", "smtp": server, "retry": {"first": "1s"}}
        return make_config(send=send, track={"bounces": {"address": address}}, **changes)

    return make


def senders(server):
    return [re.fullmatch(r"MAIL FROM:<(.*?)>.*", line)[1] for line in server.said("MAIL")]


@pytest.mark.django_db(transaction=True)
def test_each_message_has_an_address_that_names_it_and_ends(config_for, smtp_server, sending, clock):
    server = smtp_server(offers=("PIPELINING",))
    issue = sending(3)
    send_all(config_for(server.port), issue, clock)
    found = [re.fullmatch(r"bounces\+([a-z2-7]{32})@in\.example\.org", sender)[1] for sender in senders(server)]
    numbers = {tokens.read_until(token, [KEY], tokens.BOUNCE, clock.now) for token in found}
    assert numbers == set(issue.messages.values_list("pk", flat=True))
    assert tokens.read_until(found[0].upper(), [KEY], tokens.BOUNCE, clock.now) in numbers
    with pytest.raises(tokens.Expired):
        tokens.read_until(found[0], [KEY], tokens.BOUNCE, clock.now + timedelta(days=91))
    with pytest.raises(tokens.BadToken):
        tokens.read_until(found[0], [KEY], tokens.REPLY, clock.now)


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_tried_again_has_the_same_address(config_for, smtp_server, sending, clock):
    server = smtp_server(RCPT=["450 4.7.1 come again", "250 ok"])
    issue = sending(1)
    config = config_for(server.port)
    send_all(config, issue, clock)
    assert issue.messages.get().state == Message.State.DEFERRED
    clock.forward(hours=1)
    send_all(config, issue, clock)
    first, second = senders(server)
    assert (first, issue.messages.get().state) == (second, Message.State.SUBMITTED)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("address", "own", "like"),
    [
        (None, None, r"weekly@news\.example\.org"),
        (ADDRESS, "back@weekly.example.org", r"back\+\w{32}@weekly\.example\.org"),
        (None, "back@weekly.example.org", r"back\+\w{32}@weekly\.example\.org"),
    ],
)
def test_config_says_where_bounces_go(config_for, smtp_server, sending, clock, address, own, like):
    server = smtp_server()
    letter = {"sender": {"bounce_address": own}} if own else {}
    send_all(config_for(server.port, address, newsletters={"weekly": letter}), sending(1), clock)
    assert re.fullmatch(like, senders(server)[0])


@pytest.mark.django_db(transaction=True)
def test_a_service_mail_is_no_message_and_comes_back_to_the_bare_address(config_for, smtp_server, clock):
    server = smtp_server()
    make_notice()
    send_notices(config_for(server.port), KEY, "weekly", service_mail, clock, Event())
    assert senders(server) == [ADDRESS]


def test_no_round_trip_is_added(smtp_server, transport_to, make_mailing):
    """The server keeps its answer to a text back until the next message's envelope has come."""
    server = smtp_server(offers=("PIPELINING",), TEXT=[LATE + "250 ok"] * 2)
    found = hand_over(transport_to(server.port), make_mailing(), [ADA, BOB, CY])
    assert [one.state for one in found] == ["submitted"] * 3
    assert senders(server) == [f"weekly+{one.bounce}@news.example.org" for one in (ADA, BOB, CY)]


def test_a_sender_that_is_refused_is_named(smtp_server, transport_to, make_mailing):
    server = smtp_server(MAIL=["550 5.1.8 unknown sender"] * 2)
    with pytest.raises(TransportDown, match=r"weekly\+ada0@news\.example\.org"):
        hand_over(transport_to(server.port), make_mailing(), [ADA])
