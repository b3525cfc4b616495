"""Links, looked at over a network that the tests make: politely, within bounds, and never inside our own."""

import asyncio
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from newsletter.collect.errors import Unreachable
from newsletter.collect.guard import Guarded
from newsletter.config.preflight import Preflight as Settings
from newsletter.models import LinkCheck
from newsletter.preflight.links import Wanted, findings, look, looking, wanted
from tests.factories import NOW, make_post
from tests.preflight.conftest import PUBLIC, codes, only

Outcome = LinkCheck.Outcome
URL = "https://iana.org/x"


def clock():
    return NOW


def seen(answer, url=URL, **settings):
    """What is made of one link to which a server answers so."""
    return only(look([url], Settings(**settings), clock, httpx.MockTransport(answer)))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "fine"), (204, "fine"), (404, "broken"), (410, "broken"), (401, "refused"), (403, "refused"),
     (429, "refused"), (451, "refused"), (999, "refused"), (500, "doubtful"), (503, "doubtful")],
)  # fmt: skip
def test_what_a_status_means(status, outcome):
    found = seen(lambda request: httpx.Response(status))
    assert (found.outcome, found.status, found.at) == (outcome, status, NOW)


def test_a_server_that_does_not_care_for_head_is_asked_by_get():
    asked = []

    def answer(request):
        asked.append(request.method)
        return httpx.Response(405 if request.method == "HEAD" else 200)

    assert seen(answer).outcome == Outcome.FINE
    assert asked == ["HEAD", "GET"]


def test_the_page_itself_is_never_read():
    class Page(httpx.AsyncByteStream):
        async def __aiter__(self):
            raise AssertionError("somebody reads it")
            yield b""

    def answer(request):
        return httpx.Response(404) if request.method == "HEAD" else httpx.Response(200, stream=Page())

    assert seen(answer).status == 200


@pytest.mark.parametrize(
    ("status", "to", "outcome"),
    [(301, "https://iana.org/y", "moved"), (308, "https://iana.org/y", "moved"), (302, "https://iana.org/y", "fine"),
     (301, "https://iana.org/x/", "fine"), (301, "https://iana.org/gone", "broken")],
)  # fmt: skip
def test_where_redirects_lead_is_noted(status, to, outcome):
    def answer(request):
        if str(request.url) == URL:
            return httpx.Response(status, headers={"Location": to})
        return httpx.Response(404 if "gone" in str(request.url) else 200)

    found = seen(answer)
    assert (found.outcome, found.leads_to) == (outcome, to)


def test_a_circle_is_broken():
    found = seen(lambda request: httpx.Response(302, headers={"Location": URL}))
    assert (found.outcome, "circle" in found.fault) == (Outcome.BROKEN, True)


def test_a_redirect_to_what_is_no_web_address_is_broken():
    assert seen(lambda request: httpx.Response(302, headers={"Location": "ftp://iana.org/"})).outcome == Outcome.BROKEN


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] expired"), "tls"),
     (httpx.ConnectError("refused"), "doubtful"), (httpx.ReadTimeout("slow"), "doubtful"),
     (looking.NoSuchHost("there is no host named x"), "broken"),
     (looking.NotResolved("the name could not be looked up"), "doubtful"), (Unreachable("no address"), "doubtful")],
)  # fmt: skip
def test_what_a_fault_means(error, outcome):
    def answer(request):
        raise error

    assert seen(answer).outcome == outcome


def test_a_server_that_says_nothing_is_given_up_after_the_time_that_is_set():
    async def answer(request):
        await asyncio.sleep(60)

    found = seen(answer, timeout="50ms")
    assert (found.outcome, found.fault) == (Outcome.DOUBTFUL, "no answer within 0.05 seconds")


def test_names_and_redirects_that_end_inside_our_network_are_never_followed():
    async def resolve(host, port):
        return ["127.0.0.1"] if "inside" in host else ["192.0.43.8"]

    def answer(request):
        assert request.url.host == "192.0.43.8", "it went inside"
        return httpx.Response(302, headers={"Location": "http://inside.iana.org/admin"})

    way = Guarded(httpx.MockTransport(answer), allow_private=False, resolve=resolve)
    found = look([URL, "https://inside.iana.org/", "http://127.0.0.1/", "http://0x7f.1/"][:3], Settings(), clock, way)
    assert [one.outcome for one in found] == [Outcome.PRIVATE] * 3


def test_few_of_one_host_are_asked_at_a_time():
    at_once, most = [0], [0]

    async def answer(request):
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        await asyncio.sleep(0)
        at_once[0] -= 1
        return httpx.Response(200)

    look([f"https://iana.org/{number}" for number in range(20)], Settings(), clock, httpx.MockTransport(answer))
    assert most[0] <= looking.PER_HOST


@pytest.mark.parametrize("url", ["https://[::1", "https://iana.org:99999/", "https://exa mple.org/", "https://\x00/"])
def test_hostile_addresses_have_an_outcome_and_do_no_harm(url):
    found = look([url, URL], Settings(), clock, httpx.MockTransport(lambda request: httpx.Response(200)))
    assert {one.url: one.outcome in Outcome for one in found} == {url: True, URL: True}


def test_names_that_do_not_exist_are_told_from_name_servers_that_say_nothing(monkeypatch):
    async def asked(errno):
        async def getaddrinfo(*args, **options):
            raise socket.gaierror(errno, "")

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
        await looking.resolve("x.iana.org", 443)

    with pytest.raises(looking.NoSuchHost):
        asyncio.run(asked(socket.EAI_NONAME))
    with pytest.raises(looking.NotResolved):
        asyncio.run(asked(socket.EAI_AGAIN))


def test_a_real_server_is_looked_at():
    class Pages(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(404 if "gone" in self.path else 200)
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        found = look([f"{base}/here", f"{base}/gone"], Settings(allow_private=True), clock)
        server.shutdown()
    assert [one.outcome for one in found] == [Outcome.FINE, Outcome.BROKEN]


@pytest.mark.django_db
def test_links_of_others_and_images_are_looked_at_once_each_and_our_own_never(make_proof):
    post = make_post(
        title="A whale falls", url=f"{URL}#part", image_url="https://iana.org/whale.jpg", image_alt="A whale"
    )
    proof = make_proof(post, make_post(url="https://printer.local/x"), make_post(url="https://www.example.org/x"),
                       changes=PUBLIC)  # fmt: skip
    found = {one.url: one for one in wanted(proof)}
    assert set(found) == {URL, "https://iana.org/whale.jpg"}
    assert found["https://iana.org/whale.jpg"].kind == "image"
    assert found["https://iana.org/whale.jpg"].where == "“A whale falls”"


def known(**links):
    LinkCheck.tell(
        LinkCheck.of(f"https://iana.org/{name}", outcome, NOW, fault="so it is") for name, outcome in links.items()
    )
    return [Wanted(f"https://iana.org/{name}", "link", "the opening", None) for name in links]


@pytest.mark.django_db
def test_each_outcome_has_its_code():
    links = known(fine="fine", moved="moved", broken="broken", refused="refused", doubtful="doubtful", tls="tls",
                  private="private")  # fmt: skip
    found = list(findings(links, Settings(), NOW))
    assert codes(found) == [
        "link-redirects",
        "link-broken",
        "link-refused",
        "link-doubtful",
        "link-tls",
        "link-private",
    ]
    assert {one.where for one in found} == {"the opening"}
    assert found[1].about == "https://iana.org/broken"


@pytest.mark.django_db
def test_images_have_codes_of_their_own():
    links = [one._replace(kind="image") for one in known(broken="broken", moved="moved")]
    assert codes(findings(links, Settings(), NOW)) == ["image-broken"]


@pytest.mark.django_db
def test_what_nobody_looked_at_lately_is_said_once():
    links = known(fine="fine", broken="broken")
    later = NOW + timedelta(days=2)
    one = only(findings(links, Settings(), later))
    assert (one.code, one.what) == ("link-unchecked", "2 links have not been looked at yet, or not lately")
    assert list(findings(links, Settings(links=False), later)) == list(findings([], Settings(), later)) == []


@pytest.mark.django_db
def test_a_later_look_takes_the_place_of_an_earlier_one():
    known(x="broken")
    LinkCheck.tell([LinkCheck.of(URL, "fine", NOW + timedelta(hours=1))])
    row = LinkCheck.objects.get()
    assert (row.outcome, row.fault) == ("fine", "")
    assert LinkCheck.forget(NOW + timedelta(hours=2)) == 1
