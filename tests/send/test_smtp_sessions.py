"""SMTP with real servers: TLS, signing in, and a message that arrives whole."""

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


def test_a_wrong_password_pauses_and_is_never_repeated(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(EHLO=["250-here\r\n250 AUTH PLAIN"], AUTH=["535 5.7.8 wrong"])
    with pytest.raises(TransportDown, match=r"\(535\); check send.smtp.username") as down:
        submit_by_smtp(transport_to(server.port, username="ada", password="hunter2hunter2"), ADA)
    assert down.value.permanent
    assert "hunter2" not in str(down.value)


def test_a_password_beyond_ascii_is_refused_without_being_shown(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(EHLO=["250-here\r\n250 AUTH PLAIN"])
    with pytest.raises(TransportDown, match="must be ASCII") as down:
        submit_by_smtp(transport_to(server.port, username="ada", password="pässwörd"), ADA)
    assert down.value.permanent
    assert "ä" not in str(down.value)


@pytest.mark.parametrize(("settings", "words"), [({"username": "ada"}, "AUTH"), ({"security": "starttls"}, "STARTTLS")])
def test_what_the_server_does_not_offer_names_the_setting(smtp_server, transport_to, submit_by_smtp, settings, words):
    with pytest.raises(TransportDown, match=rf"{words}.*; check send.smtp.security") as down:
        submit_by_smtp(transport_to(smtp_server().port, **settings), ADA)
    assert down.value.permanent


def test_check_greets_the_server_and_sends_nothing(smtp_server, make_config):
    good, bad = smtp_server(), smtp_server(CONNECT=["554 5.3.2 go away"])
    config = make_config(send={"smtp": {"host": "127.0.0.1", "port": good.port}})
    assert smtp.check("smtp", config) == ""
    assert "MAIL" not in " ".join(good.commands)
    refused = smtp.check("smtp", make_config(send={"smtp": {"host": "127.0.0.1", "port": bad.port}}))
    assert "cannot be reached: 554 5.3.2 go away" in refused


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
    return AuthResult(success=(data.login, data.password) == (b"ada", b"secret"))


def test_signing_in_over_starttls(real_server, transport_to, submit_by_smtp, certificate, monkeypatch):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", path)
    server = real_server(tls_context=context, authenticator=signed_in, require_starttls=True, auth_required=True)
    settings = {"security": "starttls", "username": "ada", "timeout": "5s"}
    right = transport_to(server.port, password="secret", **settings)
    assert submit_by_smtp(right, ADA)[0].state == State.SUBMITTED
    right.close()
    [(authenticated, encrypted, _)] = server.handler.envelopes
    assert authenticated
    assert encrypted


def test_a_server_that_speaks_tls_from_the_first_byte(
    smtp_server, transport_to, submit_by_smtp, certificate, monkeypatch
):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", path)
    server = smtp_server(tls=context)
    transport = transport_to(server.port, security="tls")
    assert submit_by_smtp(transport, ADA)[0].state == State.SUBMITTED
    transport.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_reason(
    real_server, smtp_server, transport_to, submit_by_smtp, certificate, security
):
    _, context = certificate
    server = real_server(tls_context=context) if security == "starttls" else smtp_server(tls=context)
    with pytest.raises(TransportDown, match="shows a certificate that cannot be trusted: self-signed") as down:
        submit_by_smtp(transport_to(server.port, security=security), ADA)
    assert down.value.permanent
