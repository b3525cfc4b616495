"""What others are asked: a name server, a spam filter, our site; each on the loopback, each also silent or mad."""

import json
import socketserver
import ssl
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from newsletter.preflight.outside import Means, ask, sender, site, spam
from newsletter.preflight.outside.means import ends
from tests.factories import NOW
from tests.preflight.conftest import PUBLIC, codes, only

pytestmark = pytest.mark.django_db
OURS = "news.iana.org"
GOOD = {OURS: ["v=spf1 include:relay.iana.org -all"], f"_dmarc.{OURS}": ["v=DMARC1; p=none"]}


@contextmanager
def names(texts, rcode=dns.rcode.NXDOMAIN, silent=False):
    """A name server on the loopback that knows these TXT records; any other name it answers with `rcode`."""

    class Answer(socketserver.BaseRequestHandler):
        def handle(self):
            data, way = self.request
            asked = dns.message.from_wire(data)
            name = str(asked.question[0].name).rstrip(".")
            answer = dns.message.make_response(asked)
            if found := texts.get(name):
                quoted = ['"' + one + '"' for one in found]
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *quoted))
            else:
                answer.set_rcode(rcode)
            if not silent:
                way.sendto(answer.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.server_address[1]
        yield Means(resolver)
        server.shutdown()


@pytest.fixture
def ours(make_proof):
    """The proof of an issue that is sent from a domain that exists."""

    def make(**given):
        return make_proof(
            changes={**PUBLIC, "newsletters": {"weekly": {"sender": {"address": f"weekly@{OURS}", **given}}}}
        )

    return make


def test_a_domain_with_its_records_is_well(ours):
    with names({**GOOD, f"relay._domainkey.{OURS}": ["v=DKIM1; k=rsa; p=MIIB"]}) as means:
        assert list(sender.domain(ours(dkim_selector="relay"), means)) == []


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({}, ["sender-spf", "sender-dmarc"]),
        ({**GOOD, OURS: ["v=spf1 -all", "v=spf1 ~all"]}, ["sender-spf"]),
        ({**GOOD, OURS: ["v=spf1 +all"]}, ["sender-spf"]),
        ({**GOOD, OURS: ["v=spf10 -all"]}, ["sender-spf"]),
        ({OURS: GOOD[OURS]}, ["sender-dmarc"]),
        ({OURS: GOOD[OURS], "_dmarc.iana.org": ["v=DMARC1;p=reject"]}, []),
    ],
)
def test_what_is_missing_is_named(ours, texts, found):
    with names(texts) as means:
        assert codes(sender.domain(ours(), means)) == found


@pytest.mark.parametrize(("key", "words"), [(None, "there is no DKIM key"), ("v=DKIM1; p=", "has been withdrawn")])
def test_a_dkim_key_is_looked_for_where_the_selector_says(ours, key, words):
    texts = {**GOOD, **({f"relay._domainkey.{OURS}": [key]} if key else {})}
    with names(texts) as means:
        one = only(sender.domain(ours(dkim_selector="relay"), means))
        assert (one.code, words in one.what) == ("sender-dkim", True)
        assert list(sender.domain(ours(), means)) == []


def test_spf_is_asked_of_the_domain_that_bounces_go_to(ours):
    with names({**GOOD, OURS: [], "bounces.iana.org": ["v=spf1 -all"]}) as means:
        assert list(sender.domain(ours(bounce_address="b@bounces.iana.org"), means)) == []


def test_name_servers_that_do_not_answer_are_a_note(ours, monkeypatch):
    monkeypatch.setattr(sender, "SECONDS", 0.2)
    with names({}, silent=True) as means:
        one = only(sender.domain(ours(), means))
    assert (one.code, "did not answer in time" in one.what) == ("sender-unknown", True)


def test_name_servers_that_fail_are_a_note_too(ours):
    with names({}, rcode=dns.rcode.SERVFAIL) as means:
        assert codes(sender.domain(ours(), means)) == ["sender-unknown"]


def test_a_domain_for_examples_is_not_looked_up(make_proof):
    one = only(sender.domain(make_proof(), Means()))
    assert (one.code, one.about) == ("sender-reserved", "news.example.org")


def test_the_certificate_of_our_site_must_hold_for_a_while(make_proof):
    def until(days):
        return Means(ends=lambda host, port, seconds: NOW + timedelta(days=days))

    assert list(site.certificate(make_proof(changes=PUBLIC), until(60))) == []
    assert "ends on 25 November 2026" in only(site.certificate(make_proof(changes=PUBLIC), until(5))).what


@pytest.mark.parametrize(
    ("error", "level"), [(ssl.SSLCertVerificationError("expired"), None), (OSError("unreachable"), "note")]
)
def test_a_certificate_that_is_not_valid_is_a_warning_and_one_out_of_reach_a_note(make_proof, error, level):
    def fails(host, port, seconds):
        raise error

    one = only(site.certificate(make_proof(changes=PUBLIC), Means(ends=fails)))
    assert (one.code, one.level) == ("site-tls", level)


@pytest.mark.parametrize("url", ["http://newsletter.iana.org", "https://localhost:8000", "https://news.test"])
def test_a_site_without_a_certificate_or_at_home_is_not_asked(make_proof, url):
    assert list(site.certificate(make_proof(changes={"site": {"url": url}}), Means(ends=None))) == []


def test_a_server_that_speaks_no_tls_is_told(make_proof):
    with talking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port, pytest.raises(OSError):  # noqa: PT011 - of which there are many
        ends("127.0.0.1", port, 5)


@contextmanager
def filtering(answer, status=200):
    """An rspamd that always answers so; what it was asked is in `asked`."""
    asked = []

    class Scan(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers.get("Password"), body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Scan) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"url": f"http://127.0.0.1:{server.server_port}", "password": "q1"}, asked
        server.shutdown()


def told(score, action="no action"):
    symbols = {"BAD_WORDS": {"score": 4.5, "description": "bad words"}, "GOOD": {"score": -1}, "PLAIN": {"score": 0.5}}
    return json.dumps({"score": score, "required_score": 15, "action": action, "symbols": symbols}).encode()


def test_rspamd_gets_the_whole_message_and_its_reasons_are_named(make_proof):
    with filtering(told(6.5, "add header")) as (rspamd, asked):
        one = only(spam.rspamd(make_proof(changes={"compose": {"preflight": {"rspamd": rspamd}}}), Means()))
    assert one.code == "spam-score"
    assert one.what == (
        "rspamd gives it 6.5 of 15, and would say “add header”; most for BAD_WORDS (bad words), PLAIN (0.5)"
    )
    ((path, password, body),) = asked
    assert (path, password) == ("/checkv2", "q1")
    assert b"\r\nSubject: " in body
    assert b"List-Unsubscribe" in body
    assert b"-token-o" not in body


@pytest.mark.parametrize(("answer", "status", "found"), [
    (told(1.2), 200, []), (told(4, "greylist"), 200, []), (told(20, "reject"), 200, ["spam-score"]),
    (b"no", 200, ["spam-unknown"]), (b"[]", 200, ["spam-unknown"]), (b'{"score": "x"}', 200, ["spam-unknown"]),
    (told(1), 403, ["spam-unknown"]), (b"", 500, ["spam-unknown"]),
])  # fmt: skip
def test_what_is_made_of_rspamds_answers(make_proof, answer, status, found):
    with filtering(answer, status) as (rspamd, _):
        assert codes(spam.rspamd(make_proof(changes={"compose": {"preflight": {"rspamd": rspamd}}}), Means())) == found


@contextmanager
def talking(answer):
    """A server that reads a request to its end, where there is one, and answers so."""

    class Talk(socketserver.StreamRequestHandler):
        def handle(self):
            self.request.settimeout(0.5)
            try:
                while self.request.recv(65_536):
                    pass
            except TimeoutError:
                pass
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("answer", "found"), [
    (b"SPAMD/1.1 0 EX_OK\r\nContent-length: 20\r\nSpam: True ; 7.3 / 5.0\r\n\r\nBAD_WORDS,NO_NAME\r\n", ["spam-score"]),
    (b"SPAMD/1.1 0 EX_OK\r\nSpam: False ; -0.1 / 5.0\r\n\r\n", []),
    (b"SPAMD/1.0 76 Bad header line\r\n", ["spam-unknown"]),
    (b"HTTP/1.1 200 OK\r\n\r\n", ["spam-unknown"]), (b"", ["spam-unknown"]),
    (b"\xff\x00" * 200_000, ["spam-unknown"]),
])  # fmt: skip
def test_what_is_made_of_spamassassins_answers(make_proof, answer, found):
    with talking(answer) as port:
        changes = {"compose": {"preflight": {"spamassassin": {"address": f"127.0.0.1:{port}"}}}}
        told = list(spam.spamassassin(make_proof(changes=changes), Means()))
    assert codes(told) == found
    if found == ["spam-score"]:
        assert told[0].what == "SpamAssassin gives it 7.3 of 5; most for BAD_WORDS, NO_NAME"


def test_filters_that_are_not_there_are_a_note(make_proof):
    changes = {
        "compose": {"preflight": {"rspamd": {"url": "http://127.0.0.1:9"}, "spamassassin": {"address": "127.0.0.1:9"}}}
    }
    assert codes(ask(make_proof(changes=changes), Means())) == ["sender-reserved", "spam-unknown", "spam-unknown"]


def test_nobody_is_asked_whom_the_configuration_does_not_name(make_proof):
    assert codes(ask(make_proof(), Means())) == ["sender-reserved"]
