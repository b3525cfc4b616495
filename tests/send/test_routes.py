"""Which transport carries a message, settled as the audience is frozen."""

from collections import Counter

import pytest

from newsletter.send.routes import OWN, Routes
from subscribers.models import Subscriber
from tests.factories import make_subscriber

pytestmark = pytest.mark.django_db
NAMED = {key: {"kind": "outbox"} for key in ("main", "bulk", "spare")}


@pytest.fixture
def routes(make_config):
    """The ways of `weekly` under these settings; `main` is its own."""

    def make(*routes, newsletter="weekly", **settings):
        send = {"transport": "main", "transports": NAMED, "routes": list(routes), **settings}
        return Routes.of(make_config(send=send), newsletter)

    return make


def chosen(routes):
    return dict(Subscriber.objects.order_by("pk").values_list("key", routes.choice()))


def people(count):
    return [Subscriber(email=f"{number}@gmail.com", key=f"{number}@gmail.com") for number in range(count)]


def test_without_routes_it_is_the_newsletters_own(routes):
    make_subscriber("a@example.org")
    assert chosen(routes()) == {"a@example.org": OWN}


@pytest.mark.parametrize(
    ("address", "transport"),
    [
        ("a@gmail.com", "bulk"),
        ("a@GMAIL.com", "bulk"),
        ("a@googlemail.com", "bulk"),
        ("a@notgmail.com", OWN),
        ("a@gmail.com.example.net", OWN),
        ("gmail.com@example.net", OWN),
        ("a@x.example.org", "spare"),
        ("a@y.x.example.org", "spare"),
        ("a@example.org", OWN),
        ("a@xexample.org", OWN),
        ("a@bücher.example", "spare"),
        ("a_b%c@gmail.com", "bulk"),
    ],
)
def test_the_domain_decides(routes, address, transport):
    make_subscriber(address)
    bulk = {"domains": ["gmail.com", "googlemail.com"], "to": "bulk"}
    spare = {"domains": ["*.example.org", "bücher.example"], "to": "spare"}
    assert list(chosen(routes(bulk, spare)).values()) == [transport]


def test_the_first_route_that_matches_holds(routes):
    make_subscriber("a@gmail.com")
    make_subscriber("a@example.org")
    ways = (
        {"domains": ["gmail.com"], "newsletters": ["daily"], "to": "main"},
        {"domains": ["gmail.com"], "to": "spare"},
        {"newsletters": ["weekly"], "to": "bulk"},
        {"to": "main"},
    )
    assert chosen(routes(*ways)) == {"a@gmail.com": "spare", "a@example.org": "bulk"}
    assert chosen(routes(*ways, newsletter="daily")) == {"a@gmail.com": "main", "a@example.org": "main"}


@pytest.mark.parametrize(
    "weights", [{"main": 3, "bulk": 1}, {"main": 600, "bulk": 400, "spare": 1}, {"main": 7}], ids=str
)
def test_weights_share_out_the_readers_evenly_in_any_stretch_of_them(routes, weights):
    Subscriber.objects.bulk_create(people(500))
    found = list(chosen(routes({"to": weights})).values())
    for stretch in (found, found[:100], found[200:300]):
        counts = Counter(stretch)
        for name, weight in weights.items():
            assert abs(counts[name] - len(stretch) * weight / sum(weights.values())) <= 4


def test_a_reader_is_always_written_to_by_the_same_one(routes):
    Subscriber.objects.bulk_create(people(20))
    ways = routes({"to": {"main": 1, "bulk": 1}})
    before = chosen(ways)
    make_subscriber("new@example.org")
    assert before.items() <= chosen(ways).items()


def test_stand_ins_are_those_of_the_routes_to_a_transport_and_of_the_default(routes):
    ways = (
        {"domains": ["a.example"], "to": {"bulk": 1, "main": 1}, "failover": ["outbox", "bulk"]},
        {"domains": ["b.example"], "newsletters": ["daily"], "to": "bulk", "failover": ["smtp"]},
    )
    weekly = routes(*ways, failover=["spare", "main"])
    daily = routes(*ways, failover=["spare", "main"], newsletter="daily")
    assert weekly.stand_ins("main") == ("outbox", "bulk", "spare")
    assert (weekly.stand_ins("bulk"), daily.stand_ins("bulk")) == (("outbox",), ("outbox", "smtp"))
    assert weekly.stand_ins("spare") == ()
    assert weekly.names == ["main", "spare", "bulk", "outbox"]


@pytest.mark.parametrize(
    ("name", "resting", "carried"),
    [
        ("main", (), [OWN]),
        ("bulk", (), ["bulk"]),
        ("spare", (), []),
        ("spare", ("main",), [OWN]),
        ("bulk", ("main",), ["bulk"]),
        ("bulk", ("main", "spare"), [OWN, "bulk"]),
        ("main", ("main", "spare", "bulk"), []),
        ("main", ("bulk",), [OWN]),
    ],
)
def test_the_first_stand_in_that_is_awake_takes_what_waits_for_a_resting_one(routes, name, resting, carried):
    ways = routes({"domains": ["gmail.com"], "to": "bulk"}, failover=["spare", "bulk"])
    assert ways.carried_by(name, resting) == carried
