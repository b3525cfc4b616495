"""Links by their addresses: what leads nowhere, what only we can reach, what hides where it leads."""

import pytest

from newsletter.preflight.checks import addresses
from newsletter.preflight.places import is_private, is_proving, is_shortened
from tests.factories import make_post
from tests.preflight.conftest import PUBLIC, codes, only, own

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url",
    ["/about", "about.html", "www.iana.org/x", "//iana.org/x", "#", "#nowhere", "", "javascript:alert(1)", "http:///x"],
)
def test_a_link_that_leads_nowhere_from_a_mail_is_a_blocker(mail, url):
    one = only(addresses.relative(mail(f'<a href="{url}">On the reef</a>')))
    assert (one.code, one.about, one.level) == ("link-relative", url, None)


@pytest.mark.parametrize(
    "url", ["https://iana.org/", "HTTP://iana.org", "mailto:ada@example.org", "tel:+4930", "#here"]
)
def test_whole_addresses_and_jumps_within_the_mail_are_none(mail, url):
    assert list(addresses.relative(mail(f'<a href="{url}">On the reef</a><a name="here"></a>'))) == []


def test_an_image_needs_a_whole_address_too(mail):
    assert codes(addresses.relative(mail('<img src="pictures/reef.png" alt="A reef">'))) == ["link-relative"]
    assert codes(addresses.relative(mail('<img src="https://iana.org/reef.png" alt="A reef">'))) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/x", "https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://169.254.1.1/",
        "https://printer.local/", "https://wiki.internal/", "https://intranet/", "https://news.test/", "https://a.example/",
        "https://www.example.org/x", "https://2130706433/", "https://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_a_link_that_only_we_can_follow_is_a_blocker_on_a_public_site_and_a_note_at_home(mail, url):
    html = f'<a href="{url}">On the reef</a>'
    assert is_private(url)
    one = only(addresses.private(mail(html)))
    assert (one.code, one.level, one.about) == ("link-staging", None, url)
    at_home = only(addresses.private(mail(html, site={"url": "http://127.0.0.1:8000"})))
    assert at_home.level == "note"


@pytest.mark.parametrize(
    "url",
    [
        "https://iana.org/",
        "https://dev.to/x",
        "https://test.wikipedia.org/",
        "https://1.1.1.1/",
        "https://exampleorg.net/",
    ],
)
def test_a_public_place_is_none(mail, url):
    assert list(addresses.private(mail(f'<a href="{url}">On the reef</a>'))) == []


def test_a_place_that_is_called_staging_is_a_warning(mail):
    assert is_proving("https://www-staging.iana.org/")
    one = only(addresses.private(mail('<a href="https://staging.iana.org/x">On the reef</a>')))
    assert (one.code, one.level) == ("link-staging", "warning")


def test_links_to_our_own_site_and_those_made_for_each_reader_are_left_alone(make_proof):
    proof = make_proof(make_post(url="https://iana.org/x"), changes={"site": {"url": "http://127.0.0.1:8000"}})
    assert any("127.0.0.1:8000" in one.url for one in proof.page.anchors)
    assert list(addresses.private(proof)) == list(addresses.unencrypted(proof)) == []


def test_plain_http_is_a_warning(mail):
    assert codes(addresses.unencrypted(mail('<a href="http://iana.org/">On the reef</a>'))) == ["link-plain-http"]
    assert codes(addresses.unencrypted(mail('<a href="https://iana.org/">On the reef</a>'))) == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://bit.ly/3x", True),
        ("https://www.tinyurl.com/x", True),
        ("https://rabbit.ly.iana.org/", False),
        ("https://iana.org/t.co", False),
    ],
)
def test_a_shortener_is_known_by_its_host(mail, url, found):
    assert is_shortened(url) == found
    assert codes(addresses.shortened(mail(f'<a href="{url}">On the reef</a>'))) == ["link-shortened"] * found


def test_our_own_site_is_to_be_served_by_https_once_it_is_public(mail):
    assert codes(addresses.site(mail(site={"url": "http://newsletter.iana.org"}))) == ["site-plain-http"]
    assert codes(addresses.site(mail())) == codes(addresses.site(mail(site={"url": "http://127.0.0.1:8000"}))) == []


def test_a_finding_says_in_which_story_the_link_stands(make_proof):
    post = make_post(title="A whale falls", url="http://bit.ly/whale")
    proof = make_proof(post, changes=PUBLIC)
    one = only(addresses.shortened(proof))
    assert (one.where, one.item) == ("“A whale falls”", proof.items[0].pk)


def test_a_link_in_the_opening_is_found_there(make_proof):
    proof = make_proof(changes=PUBLIC, opening="See [the chart](http://bit.ly/chart) of it.")
    assert only(addresses.shortened(proof)).where == "the opening"


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://exa mple.org/", "https://\u202e.org", "x" * 50_000, "https://" + "a." * 5000]
)
def test_hostile_addresses_are_looked_at_without_harm(mail, url):
    proof = mail(f'<a href="{url}">On the reef</a>')
    for check in (addresses.relative, addresses.private, addresses.unencrypted, addresses.shortened):
        assert all(len(one.what) < 300 for one in check(proof))


def test_a_story_of_our_own_is_looked_at_as_a_whole_though_the_mail_tells_it_in_short(make_proof):
    body = '<p><a href="http://bit.ly/x">The reef</a> <a href="https://iana.org/{{ reader.email }}">yours</a></p>'
    proof = make_proof(own(title="A whale falls", html=body, personal=True), make_post(), changes=PUBLIC)
    assert only(addresses.shortened(proof)).where == "“A whale falls”"
    assert list(addresses.relative(proof)) == []
    theirs = make_proof(make_post(html='<a href="http://bit.ly/x">The reef</a>'), changes=PUBLIC)
    assert list(addresses.shortened(theirs)) == []
