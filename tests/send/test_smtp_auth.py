"""SMTP: signing in with a password or a token, and what may be wrong with it."""

import base64
import hmac

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.transports import State, TransportDown
from newsletter.send.transports.smtp import oauth as accounts
from tests.send.servers import DROP

ADA = Reader("0", "ada@example.org", "ada", "tok0")
CRAM = hmac.new(b"secret", b"<1896.697170952@postoffice.example.net>", "md5").hexdigest()


@pytest.fixture
def token_server(api):
    """Start a place to fetch access tokens from, that gives these answers."""
    accounts._ACCOUNTS.clear()
    return api


# ── signing in, and what may be wrong with it ────────────────────────────────────────────────────────────────────────


def coded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("auth", "offered", "said"),
    [
        ("auto", "PLAIN LOGIN", [f"AUTH PLAIN {coded(chr(0) + 'ada' + chr(0) + 'secret')}"]),
        ("auto", "LOGIN", ["AUTH LOGIN", coded("ada"), coded("secret")]),
        ("login", "PLAIN LOGIN", ["AUTH LOGIN", coded("ada"), coded("secret")]),
        ("plain", "CRAM-MD5 PLAIN", [f"AUTH PLAIN {coded(chr(0) + 'ada' + chr(0) + 'secret')}"]),
        ("auto", "PLAIN LOGIN CRAM-MD5", ["AUTH CRAM-MD5", coded("ada " + CRAM)]),
        ("cram-md5", "PLAIN LOGIN CRAM-MD5", ["AUTH CRAM-MD5", coded("ada " + CRAM)]),
    ],
)
def test_each_way_of_signing_in(smtp_server, transport_to, submit_by_smtp, auth, offered, said):
    challenges = [f"334 {coded('<1896.697170952@postoffice.example.net>')}"] * (len(said) - 1)
    server = smtp_server(offers=(f"AUTH {offered}",), AUTH=[*challenges, "235 2.7.0 welcome"])
    transport = transport_to(server.port, username="ada", password="secret", auth=auth)
    assert submit_by_smtp(transport, ADA)[0].state == State.SUBMITTED
    start = server.commands.index(said[0])
    assert server.commands[start : start + len(said)] == said


def test_a_way_of_signing_in_that_is_offered_and_not_taken_is_followed_by_another(
    smtp_server, transport_to, submit_by_smtp
):
    server = smtp_server(offers=("AUTH CRAM-MD5 PLAIN",), AUTH=["504 5.5.4 not really", "235 welcome"])
    transport = transport_to(server.port, username="ada", password="secret")
    assert submit_by_smtp(transport, ADA)[0].state == State.SUBMITTED
    assert [line.split()[1] for line in server.said("AUTH")] == ["CRAM-MD5", "PLAIN"]


def test_a_wrong_password_pauses_and_is_never_repeated(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(offers=("AUTH PLAIN LOGIN",), AUTH=["535 5.7.8 wrong"])
    with pytest.raises(TransportDown, match=r"\(535\); check send.smtp.username") as down:
        submit_by_smtp(transport_to(server.port, username="ada", password="hunter2hunter2"), ADA)
    assert down.value.permanent
    assert "hunter2" not in str(down.value)
    assert len(server.said("AUTH")) == 1


def test_a_server_that_cannot_check_a_password_now_is_worth_waiting_for(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(offers=("AUTH PLAIN",), AUTH=["454 4.7.0 later"])
    with pytest.raises(TransportDown, match=r"\(454\)") as down:
        submit_by_smtp(transport_to(server.port, username="ada", password="x"), ADA)
    assert not down.value.permanent


def test_a_password_beyond_ascii_is_refused_without_being_shown(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(offers=("AUTH PLAIN",))
    with pytest.raises(TransportDown, match="must be ASCII") as down:
        submit_by_smtp(transport_to(server.port, username="ada", password="pässwörd"), ADA)
    assert down.value.permanent
    assert "ä" not in str(down.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"username": "ada"}, "AUTH with a password"),
        ({"username": "ada", "auth": "cram-md5"}, "AUTH CRAM-MD5"),
        ({"security": "starttls"}, "STARTTLS"),
    ],
)
def test_what_the_server_does_not_offer_names_the_setting(smtp_server, transport_to, submit_by_smtp, settings, words):
    with pytest.raises(TransportDown, match=rf"{words}.*; check send.smtp.security") as down:
        submit_by_smtp(transport_to(smtp_server().port, **settings), ADA)
    assert down.value.permanent


# ── signing in with a token ──────────────────────────────────────────────────────────────────────────────────────────


def oauth(server, **changes):
    return {"username": "ada@example.org", "oauth": {
        "token_url": f"{server.url}/token", "client_id": "us", "client_secret": "s3cret", "refresh_token": "r3fresh",
        **changes,
    }}  # fmt: skip


def token(value, **more):
    return 200, {}, {"access_token": value, "expires_in": 3600, **more}


def bearer(value):
    return coded(f"user=ada@example.org\1auth=Bearer {value}\1\1")


def test_a_token_is_fetched_once_and_used_for_all_connections(smtp_server, token_server, transport_to, submit_by_smtp):
    server, tokens = smtp_server(offers=("AUTH XOAUTH2",)), token_server(token("t1"))
    for _ in range(2):
        transport = transport_to(server.port, messages_per_connection=1, **oauth(tokens))
        assert {one.state for one in submit_by_smtp(transport, ADA, ADA)} == {State.SUBMITTED}
    assert tokens.calls == [
        {"grant_type": "refresh_token", "refresh_token": "r3fresh", "client_id": "us", "client_secret": "s3cret"}
    ]
    assert server.said("AUTH") == [f"AUTH XOAUTH2 {bearer('t1')}"] * 4


def test_without_a_refresh_token_the_program_asks_in_its_own_name(
    smtp_server, token_server, transport_to, submit_by_smtp
):
    server, tokens = smtp_server(offers=("AUTH XOAUTH2",)), token_server(token("t1"))
    settings = oauth(tokens, refresh_token="", scope="https://outlook.example/.default")
    submit_by_smtp(transport_to(server.port, **settings), ADA)
    assert tokens.calls == [{
        "grant_type": "client_credentials", "client_id": "us", "client_secret": "s3cret",
        "scope": "https://outlook.example/.default",
    }]  # fmt: skip


def test_a_token_that_was_taken_back_is_replaced_once(smtp_server, token_server, transport_to, submit_by_smtp):
    server = smtp_server(offers=("AUTH XOAUTH2",), AUTH=["334 eyJzdGF0dXMiOiI0MDAifQ==", "535 5.7.8 no", "235 welcome"])
    tokens = token_server(token("old", refresh_token="r3fresh2"), token("new"))
    assert submit_by_smtp(transport_to(server.port, **oauth(tokens)), ADA)[0].state == State.SUBMITTED
    assert server.said("AUTH") == [f"AUTH XOAUTH2 {bearer('old')}", f"AUTH XOAUTH2 {bearer('new')}"]
    assert [call["refresh_token"] for call in tokens.calls] == ["r3fresh", "r3fresh2"]


def test_a_token_that_has_run_out_is_fetched_anew(smtp_server, token_server, transport_to, submit_by_smtp):
    server, tokens = smtp_server(offers=("AUTH XOAUTH2",)), token_server(token("t1", expires_in=30), token("t2"))
    transport = transport_to(server.port, messages_per_connection=1, **oauth(tokens))
    submit_by_smtp(transport, ADA, ADA)
    assert [line.split()[-1] for line in server.said("AUTH")] == [bearer("t1"), bearer("t2")]


def test_tokens_that_are_refused_again_and_again_pause(smtp_server, token_server, transport_to, submit_by_smtp):
    server = smtp_server(offers=("AUTH XOAUTH2",), AUTH=["535 5.7.8 no"] * 9)
    with pytest.raises(TransportDown, match=r"refused the access token \(535\)") as down:
        submit_by_smtp(transport_to(server.port, **oauth(token_server(token("t1"), token("t2")))), ADA)
    assert down.value.permanent
    assert len(server.said("AUTH")) == 2


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ((400, {}, {"error": "invalid_grant", "error_description": "Token revoked."}), "invalid_grant Token", True),
        ((401, {}, {"error": "invalid_client"}), "401 invalid_client; check its `oauth` keys", True),
        ((200, {}, {"token": "x"}), "gives no access token", True),
        ((200, {}, b"<html>"), "gives no access token", True),
        ((200, {}, ["x"]), "gives no access token", True),
        ((503, {}, {}), "answers 503", False),
        ((429, {}, {}), "answers 429", False),
        (DROP, "cannot be reached", False),
    ],
)
def test_a_token_that_cannot_be_had_says_why(
    smtp_server, token_server, transport_to, submit_by_smtp, answer, words, permanent
):
    server = smtp_server(offers=("AUTH XOAUTH2",))
    with pytest.raises(TransportDown, match=words) as down:
        submit_by_smtp(transport_to(server.port, **oauth(token_server(answer))), ADA)
    assert down.value.permanent is permanent
    assert not {"s3cret", "r3fresh"} & set(str(down.value).split())
    assert server.said("AUTH") == []
