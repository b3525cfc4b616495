"""Several transports, the routes to them, and their limits as people write them."""

import random

import pytest

from newsletter.config import Rate
from newsletter.config.rates import SECONDS
from tests.config.conftest import WEEKLY

BULK = """
send:
  transport: bulk
  transports:
    bulk: {kind: smtp, host: bulk.example.net}
"""
OAUTH = "send: {transport: smtp, smtp: {host: h, username: u, auth: xoauth2, oauth: {%s}}}"
PRIVATE = """
send:
  transport: private
  transports:
    private: {kind: %s}
"""


def rates(config, text):
    return [str(rate) for rate in config(f"send:\n  smtp:\n    rate: {text}").send.smtp.rate]


def warm_up(config, text):
    return config(f"send: {{smtp: {{warm_up: {text}}}}}").send.smtp.warm_up


def test_the_three_that_are_always_there_go_by_their_kinds(config):
    made = config()
    assert {name: settings.kind for name, settings in made.transports.items()} == {
        "outbox": "outbox", "smtp": "smtp", "sendgrid": "sendgrid",
    }  # fmt: skip
    assert [made.transports[name].connections for name in ("outbox", "smtp", "sendgrid")] == [1, 4, 2]


def test_further_ones_have_names_and_the_keys_of_their_kind(config):
    made = config(BULK)
    assert (made.transports["bulk"].kind, made.transports["bulk"].host) == ("smtp", "bulk.example.net")
    assert made.transport_of("any") == "bulk"
    assert made.used_transports == ["bulk"]


def test_one_may_be_completed_from_the_environment(config):
    made = config(
        BULK.replace("bulk", "my-bulk"),
        NEWSLETTER_SEND__TRANSPORTS__MY_BULK__USERNAME="me",
        NEWSLETTER_SEND__TRANSPORTS__MY_BULK__PASSWORD="0123",
        NEWSLETTER_SEND__TRANSPORTS__MY_BULK__RATE="[1,000 per hour, 5/s]",
        NEWSLETTER_SEND__TRANSPORTS__MY_BULK__WARM_UP="{1: 50, 3: 70}",
        NEWSLETTER_SEND__TRANSPORTS__SPARE="{kind: outbox}",
    )
    bulk = made.transports["my-bulk"]
    assert (bulk.username, bulk.password.get_secret_value(), bulk.warm_up) == ("me", "0123", (50, 50, 70))
    assert [str(rate) for rate in bulk.rate] == ["5 per second", "1,000 per hour"]
    assert made.transports["spare"].kind == "outbox"


def test_an_outbox_of_ones_own_may_have_its_own_folder(config, tmp_path):
    made = config("send: {transports: {a: {kind: outbox}, b: {kind: outbox, path: b}}}")
    assert made.outbox_of("a") == made.outbox
    assert made.outbox_of("b") == tmp_path / "b"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("send: {transports: {a: }}", "send.transports.a: this must hold further keys"),
        ("send: {transports: {a: {}}}", "send.transports.a: `kind` is required here: `outbox`, `smtp` or `sendgrid`"),
        ("send: {transports: {a: {kind: smpt}}}", "send.transports.a: `kind` must be `outbox`, `smtp` or `sendgrid`"),
        ("send: {transports: {a: {kind: smtp, hots: h}}}", "a.hots: there is no such key (did you mean 'host'?)"),
        ("send: {transports: {a: {kind: outbox, host: h}}}", "transports.a.host: there is no such key (known"),
        ("send:\n  transports:\n    a:\n      kind: smtp\n      port: x", "line 5: send.transports.a.port: this"),
        ("send: {transports: {A: {kind: smtp}}}", "send.transports.A: a name is up to 63 lower-case"),
        ("send: {transports: {smtp: {kind: outbox}}}", "the transport 'smtp' is always there (write its keys under"),
        ("send: {transport: smpt}", "send.transport: there is no transport 'smpt' (did you mean 'smtp'?)"),
        ("send: {failover: [zzz]}", "send.failover.0: there is no transport 'zzz' (there are: outbox, smtp, sendgrid)"),
        ("send: {routes: [{to: {outbx: 1}}]}", "send.routes.0.to.outbx: there is no transport 'outbx' (did you mean"),
        ("send: {routes: [{to: outbox, failover: [x]}]}", "send.routes.0.failover.0: there is no transport 'x'"),
        (WEEKLY + "    transport: bulk\n", "line 12: newsletters.the-weekly.transport: there is no transport 'bulk'"),
        ("send: {routes: [{to: outbox, newsletters: [daily]}]}", "newsletters.0: there is no newsletter 'daily'"),
        ("send: {routes: [{}]}", "send.routes.0.to: this key is required"),
        ("send: {routes: [{to: {}}]}", "send.routes.0.to: this needs at least one entry"),
        ("send: {routes: [{to: {outbox: 0}}]}", "send.routes.0.to.outbox: this must be greater than or equal to 1"),
        ("send: {routes: [{to: outbox, domains: [gmail]}]}", "domains.0: 'gmail' is not a domain; write gmail.com, or"),
        ("send: {routes: [{to: outbox, domains: ['*']}]}", "'*' is not a domain"),
        ("send: {routes: [{to: outbox}, {to: outbox}]}", "routes.1: a route before this one matches every message"),
        ("send: {routes: [{to: outbox, failover: [outbox]}]}", "failover: a transport cannot stand in for itself"),
        ("send: {smtp: {connections: 0}}", "send.smtp.connections: this must be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_a_hint(complaint, text, said):
    assert said in complaint(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PRIVATE % "smtp", "line 5: send.transports.private.host: the private transport needs a host"),
        (PRIVATE % "sendgrid", "needs a key (set NEWSLETTER_SEND__TRANSPORTS__PRIVATE__API_KEY, or …_FILE"),
        (PRIVATE % "smtp, host: h, username: u", "private.password: a user name needs a password (set NEWSLETTER_S"),
        (OAUTH % "client_id: c, refresh_token: r", "smtp.oauth.token_url: signing in with a token needs a token_url"),
        (OAUTH % "token_url: 'https://t.example/t', refresh_token: r", "oauth.client_id: signing in with a token"),
        (OAUTH % "token_url: 'https://t.example/t', client_id: c", "needs a refresh token or a client secret (set"),
        (
            OAUTH.replace("username: u, ", "") % "token_url: 'https://t.example/t', client_id: c, refresh_token: r",
            "smtp.username: signing in with a token needs the",
        ),
        ("send: {failover: [smtp]}", "send.smtp.host: the smtp transport needs a host"),
        ("send: {routes: [{to: {outbox: 1, smtp: 1}}]}", "send.smtp.host: the smtp transport needs a host"),
        ("send: {routes: [{to: outbox, failover: [smtp]}]}", "send.smtp.host: the smtp transport needs a host"),
    ],
)  # fmt: skip
def test_every_transport_that_may_be_used_must_be_complete(complaint, text, said):
    assert said in complaint(text)


def test_a_transport_that_only_others_routes_lead_to_need_not_be_complete(config):
    other = WEEKLY.replace("the-weekly", "other").partition("newsletters:")[2]
    made = config("send: {routes: [{to: smtp, newsletters: [other]}], smtp: {host: h}}" + WEEKLY + other)
    assert made.transports_of("the-weekly") == ["outbox"]
    assert made.transports_of("other") == ["outbox", "smtp"]


def test_routes_are_read_in_the_short_forms_too(config):
    made = config(
        "send: {smtp: {host: h}, routes: [{domains: [Gmail.com., '@googlemail.com', '*.Example.ORG', bücher.example],"
        " to: smtp}, {to: [smtp, outbox]}]}"
    )
    first, second = made.send.routes
    assert first.domains == ("gmail.com", "googlemail.com", "*.example.org", "xn--bcher-kva.example")
    assert (first.to, second.to) == ({"smtp": 1}, {"smtp": 1, "outbox": 1})


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("100 per second", ["100 per second"]),
        ("1,000 per hour", ["1,000 per hour"]),
        ("20/min", ["20 per minute"]),
        ("50000 a day", ["50,000 a day"]),
        ("[20/min, 5000 a day]", ["20 per minute", "5,000 a day"]),
        ("[5000 a day, 20/min]", ["20 per minute", "5,000 a day"]),
        ("[100 per second, 1,000 per hour]", ["100 per second", "1,000 per hour"]),
        ("[1,000,000 a day]", ["1,000,000 a day"]),
        ("100 per second,200 per hour and 300 a day", ["100 per second", "200 per hour", "300 a day"]),
        ("100 messages per second; 10k mails / day", ["100 per second", "10,000 a day"]),
        ("500 hourly", ["500 per hour"]),
        ("2000 daily", ["2,000 a day"]),
        ("1 000 an hour", ["1,000 per hour"]),
        ("30/M", ["30 per minute"]),
        ("14 EACH SECOND", ["14 per second"]),
        ("[]", []),
        ("", []),
    ],
)
def test_a_rate_is_what_a_person_writes(config, text, read):
    assert rates(config, text) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100", "'100' is not a rate; write a whole number per second, minute, hour or day, such as 100 per second or"),
        ("fast", "'fast' is not a rate; write"),
        ("100 per week", "'100 per week' is not a rate; write"),
        ("0 per second", "'0 per second' is not a rate that mail can go at; write"),
        ("0.5 per second", "is not a rate; write a whole number"),
        ("-5 per second", "is not a rate; write"),
        ("[20/min, 30 per minute]", "there are two limits for the minute; keep one of them"),
        ("{second: 5}", "this is not a rate; write"),
        ("[{second: 5}]", "is not a rate; write"),
        ("9999999999 a day", "is not a rate that mail can go at"),
        ("[100 per second, 1,00 per hour]", "is not a rate; write"),
    ],
)
def test_what_is_no_rate_is_refused_with_how_to_write_one(complaint, text, said):
    assert said in complaint(f"send:\n  smtp:\n    rate: {text}")


def test_every_rate_is_read_back_as_it_is_printed(config):
    chance = random.Random(5)
    for _ in range(30):
        number = 10 ** chance.randrange(9) * chance.randrange(1, 10) + chance.randrange(10)
        words = [str(Rate(number, unit)) for unit in SECONDS if chance.random() < 0.6]
        assert rates(config, f"[{', '.join(words)}]") == words
        assert rates(config, "'" + ", ".join(words) + "'") == words


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("[50, 100, 500]", (50, 100, 500)),
        ("{1: 50, 5: 1000}", (50, 50, 50, 50, 1000)),
        ("{1: '1,000', 2: 5000}", (1000, 5000)),
        ("{2: 100, 1: 50}", (50, 100)),
        ("[]", ()),
        ("{}", ()),
    ],
)
def test_a_warm_up_says_how_many_on_each_day_of_sending(config, text, days):
    assert warm_up(config, text) == days


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("50", "this is not a warm-up; write how many on each day of sending, such as [50, 100, 500] or {1: 50"),
        ("[50, 1,000]", "'000' is not a number of messages or a day; write"),
        ("[50, 0]", "'0' is not a number of messages or a day"),
        ("[many]", "'many' is not a number of messages or a day"),
        ("{2: 50}", "a warm-up begins with day 1 and has 366 days at most"),
        ("{1: 50, 400: 60}", "a warm-up begins with day 1 and has 366 days at most"),
        ("{0: 50}", "'0' is not a number of messages or a day"),
    ],
)
def test_what_is_no_warm_up_is_refused_with_how_to_write_one(complaint, text, said):
    assert said in complaint(f"send: {{smtp: {{warm_up: {text}}}}}")


def test_secrets_of_further_transports_are_not_repeated(refused):
    problems = refused("send: {transports: {a: {kind: smtp, password: [hunter2]}, b: hunter2, c: {kind: hunter2}}}")
    assert len(problems) == 3
    assert "hunter2" not in "".join(map(str, problems))


def test_routes_and_stand_ins_may_come_from_the_environment(config):
    made = config(
        NEWSLETTER_SEND__ROUTES="[{domains: ['*.example.org'], to: {outbox: 1}}]", NEWSLETTER_SEND__FAILOVER="[outbox]"
    )
    assert made.send.routes[0].domains == ("*.example.org",)
    assert made.send.failover == ("outbox",)
