"""SMTP with real servers: TLS, signing in, what a server can do, and a message that arrives whole."""

import email
import email.policy
import socket
import ssl
import subprocess

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from newsletter.send.mailing import Reader
from newsletter.send.transports import State, TransportDown, smtp
from tests.send.conftest import hand_over

ADA = Reader("0", "ada@example.org", "ada", "tok0")


# ── what the server says it can do ───────────────────────────────────────────────────────────────────────────────────


def test_the_size_is_told_and_a_message_that_is_too_large_sends_nothing(smtp_server, transport_to, submit_by_smtp):
    roomy, narrow = smtp_server(offers=("SIZE 1000000",)), smtp_server(offers=("SIZE 500",))
    submit_by_smtp(transport_to(roomy.port), ADA)
    assert roomy.said("MAIL") == [f"MAIL FROM:<weekly@news.example.org> SIZE={len(roomy.texts[0])}"]
    with pytest.raises(TransportDown, match="takes messages of up to 500 bytes, and this one has") as down:
        submit_by_smtp(transport_to(narrow.port), ADA)
    assert down.value.permanent
    assert narrow.said("MAIL") == []


@pytest.mark.parametrize("offer", ["SIZE", "SIZE 0", "SIZE lots"])
def test_a_server_that_names_no_size_gets_any(smtp_server, transport_to, submit_by_smtp, offer):
    assert submit_by_smtp(transport_to(smtp_server(offers=(offer,)).port), ADA)[0].state == State.SUBMITTED


def test_check_greets_the_server_and_sends_nothing(smtp_server, make_config):
    good, bad = smtp_server(), smtp_server(CONNECT=["554 5.3.2 go away"])
    config = make_config(send={"smtp": {"host": "127.0.0.1", "port": good.port}})
    assert smtp.check("smtp", config) == ""
    assert "MAIL" not in " ".join(good.commands)
    refused = smtp.check("smtp", make_config(send={"smtp": {"host": "127.0.0.1", "port": bad.port}}))
    assert "cannot be reached: 554 5.3.2 go away" in refused


ZOE = Reader("9", "zoë@bücher.example", "Zoë", "tok9")


def test_a_server_with_smtputf8_takes_an_address_beyond_ascii(smtp_server, transport_to, make_mailing, mode):
    server = smtp_server(offers=("PIPELINING", "SMTPUTF8"))
    outcomes = hand_over(transport_to(server.port, pipelining=mode), make_mailing(), [ADA, ZOE, ADA])
    assert [one.state for one in outcomes] == [State.SUBMITTED] * 3
    assert server.said("MAIL")[1].endswith("> BODY=8BITMIME SMTPUTF8")
    assert server.said("RCPT")[1] == "RCPT TO:<zoë@xn--bcher-kva.example>"
    assert not any("SMTPUTF8" in server.said("MAIL")[place] for place in (0, 2))
    message = email.message_from_string(server.texts[1].decode(), policy=email.policy.SMTPUTF8)
    assert message["To"].addresses[0].addr_spec == "zoë@xn--bcher-kva.example"
    assert message["To"].addresses[0].display_name == "Zoë"


def test_without_smtputf8_such_a_reader_fails_with_the_reason(smtp_server, transport_to, make_mailing):
    server = smtp_server()
    (outcome,) = hand_over(transport_to(server.port), make_mailing(), [ZOE])
    assert (outcome.state, server.said("MAIL")) == (State.FAILED, [])
    assert outcome.reason == "the mail server cannot take “zoë” before the @: it is not ASCII"


# ── a real server ────────────────────────────────────────────────────────────────────────────────────────────────────


class Inbox:
    """Keeps what aiosmtpd was handed."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append((session.authenticated, bool(session.ssl), envelope))
        return "250 taken"


@pytest.fixture
def real_server():
    """Start aiosmtpd; all are stopped in the end."""
    running = []

    def start(**settings):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        running.append(Controller(Inbox(), hostname="127.0.0.1", port=port, **settings))
        running[-1].start()
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody has signed but itself."""
    pem = tmp_path_factory.mktemp("tls") / "self.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    extra = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(pem), "-out", f"{pem}.crt"]
    try:
        subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{pem}.crt", pem)
    return f"{pem}.crt", context


def test_a_real_server_receives_the_message_whole(real_server, transport_to, make_mailing):
    server = real_server()
    mailing = make_mailing(subject="Grüße 👩‍🚀")
    assert hand_over(transport_to(server.port, timeout="5s"), mailing, [ADA])[0].reason == "250 taken"
    [(_, _, envelope)] = server.handler.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("weekly@news.example.org", ["ada@example.org"])
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Message-ID"] == "<0.weekly.2026-11-20@news.example.org>"
    assert message["Subject"] == "Grüße 👩‍🚀"
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8000/u/tok0>"
    assert "\n.a line that begins with a dot\n" in message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert '<a href="http://127.0.0.1:8000/u/tok0">' in message.get_body(("html",)).get_content()


def signed_in(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"ada", b"secret"), handled=False)


@pytest.mark.parametrize("auth", ["auto", "plain", "login"])
def test_signing_in_over_starttls(real_server, transport_to, submit_by_smtp, certificate, monkeypatch, auth):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", path)
    server = real_server(tls_context=context, authenticator=signed_in, require_starttls=True, auth_required=True)
    settings = {"security": "starttls", "username": "ada", "timeout": "5s", "auth": auth}
    right = transport_to(server.port, password="secret", **settings)
    assert submit_by_smtp(right, ADA)[0].state == State.SUBMITTED
    right.close()
    [(authenticated, encrypted, _)] = server.handler.envelopes
    assert authenticated
    assert encrypted
    with pytest.raises(TransportDown, match="refused the user name or password") as down:
        submit_by_smtp(transport_to(server.port, password="wrong", **settings), ADA)
    assert down.value.permanent


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_connection_is_as_fast_and_as_true(
    smtp_server, transport_to, make_mailing, certificate, monkeypatch, security, mode
):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", path)
    script = {"RCPT": ["250 ok", "550 5.1.1 no such user"]}
    tls = {"tls": context} if security == "tls" else {"starttls": context}
    offers = ("PIPELINING", *(["STARTTLS"] if security == "starttls" else []))
    server = smtp_server(offers=offers, **tls, **script)
    transport = transport_to(server.port, security=security, pipelining=mode)
    mailing = make_mailing(text="a line of text\n" * 20_000)
    for _ in range(2):  # the second time, by the connection that was kept
        states = [one.state for one in hand_over(transport, mailing, [ADA] * 4)]
        assert states.count(State.SUBMITTED) >= 3
    transport.close()
    assert (server.connections, len(server.accepted), server.commands[-1]) == (1, 7, "QUIT")
    assert all(len(text) > 300_000 for text in server.accepted)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_reason(
    real_server, smtp_server, transport_to, submit_by_smtp, certificate, security
):
    _, context = certificate
    server = real_server(tls_context=context) if security == "starttls" else smtp_server(tls=context)
    with pytest.raises(TransportDown, match="shows a certificate that cannot be trusted: self-signed") as down:
        submit_by_smtp(transport_to(server.port, security=security), ADA)
    assert down.value.permanent
