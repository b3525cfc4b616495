"""Signing in by a mailed link: nobody learns who reads, a scanner signs nobody in, a link works once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.errands.limits import network
from newsletter.models import Notice, SignIn, Turn
from newsletter.reader.signed_in import COOKIE
from newsletter.reader.signing_in import address_of, local
from tests.factories import make_sent_issue, make_subscriber
from tests.reader.doing import behind_the_answer
from tests.reader.talk import HERE, browser, mailed_link, replies_of, text_of

pytestmark = pytest.mark.django_db


def ask(client, email="maja@example.org", **more):
    return client.post("/sign-in/", {"email": email, **more})


@pytest.fixture
def maja():
    return make_subscriber("maja@example.org", name="Maja")


def test_a_link_is_mailed_and_its_button_signs_in(maja):
    client = browser()
    assert ask(client, "MAJA@example.org", back="/issues/weekly/").status_code == 200
    behind_the_answer()
    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.subscriber, notice.newsletter) == ("sign_in", maja.email, maja, "weekly")
    assert timedelta(minutes=59) < notice.until - timezone.now() <= timedelta(hours=1)
    path = mailed_link()
    assert "Sign in to Test Times" in text_of(client.get(path))
    answer = client.post(path)
    assert (answer.status_code, answer["Location"]) == (303, "/issues/weekly/")
    cookie = answer.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 86400)
    assert "already" in text_of(client.get("/sign-in/"))


def test_looking_at_the_link_signs_nobody_in(maja):
    ask(browser())
    scanner = browser()
    for method in (scanner.get, scanner.head):
        assert method(mailed_link()).status_code == 200
    assert SignIn.objects.get().used_at is None
    assert COOKIE not in scanner.cookies


def test_the_answer_is_the_same_for_somebody_who_is_no_subscriber(maja):
    known, stranger = (text_of(ask(browser(), email)) for email in ("maja@example.org", "nobody@example.org"))
    assert known.replace("maja@", "") == stranger.replace("nobody@", "")
    behind_the_answer()
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("email", ["", "no address", "a@", "<script>@example.org", "x" * 400 + "@example.org"])
def test_what_is_no_address_is_said_to_be_none_and_shown_again(email):
    answer = ask(browser(), email)
    assert answer.status_code == 422
    assert "not an email address" in text_of(answer)
    assert "<script>@" not in text_of(answer)


def test_a_link_works_once(maja):
    ask(browser())
    path = mailed_link()
    assert browser().post(path).status_code == 303
    second = browser()
    assert second.post(path).status_code == 410
    assert second.get(path).status_code == 410
    assert COOKIE not in second.cookies


def test_a_link_works_for_an_hour(maja, settings):
    from newsletter import tokens

    made = SignIn.objects.create(subscriber=maja, created_at=timezone.now())
    token = tokens.sign_until(
        made.pk, timezone.now() - timedelta(seconds=2), settings.SECRET_KEY, tokens.SIGN_IN
    )  # fmt: skip
    assert browser().post(f"/sign-in/{token}").status_code == 410


@pytest.mark.parametrize("token", ["x", "a" * 32, "ü", "%00"])
def test_a_forged_link_is_not_found(token):
    assert browser().get(f"/sign-in/{token}").status_code == 404


def test_a_token_of_the_cookie_is_no_link_and_a_link_no_cookie(maja):
    client = browser(maja)
    assert client.post(f"/sign-in/{client.cookies[COOKIE].value}").status_code == 404
    ask(browser())
    other = Client(headers=HERE)
    other.cookies[COOKIE] = mailed_link().rpartition("/")[2]
    assert "already" not in text_of(other.get("/sign-in/"))


def test_signing_out_ends_the_cookie_wherever_a_copy_of_it_is(maja):
    client = browser(maja)
    copy = client.cookies[COOKIE].value
    assert client.post("/sign-out/", {"back": "//evil.example"})["Location"] == "/"
    thief = Client(headers=HERE)
    thief.cookies[COOKIE] = copy
    assert "already" not in text_of(thief.get("/sign-in/"))
    assert client.get("/sign-out/").status_code == 405


def test_erasing_a_reader_signs_them_out(maja):
    client = browser(maja)
    assert "already" in text_of(client.get("/sign-in/"))
    maja.delete()
    assert "already" not in text_of(client.get("/sign-in/"))


def test_a_mailbox_gets_three_links_an_hour(maja):
    answers = [ask(browser()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422]
    assert "You can try again in 60 minutes" in text_of(answers[3])
    behind_the_answer()
    assert Notice.objects.count() == 3


def test_a_network_gets_twenty_an_hour_whoever_it_asks_for():
    client = browser()
    codes = [ask(client, f"reader{at}@example.org").status_code for at in range(21)]
    assert codes == [200] * 20 + [422]
    assert ask(Client(headers=HERE, REMOTE_ADDR="203.0.113.9"), "x@example.org").status_code == 200
    assert Turn.objects.filter(at__lte=timezone.now()).count() > 20


@pytest.mark.parametrize(
    ("address", "shown"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", "unknown"),
     ("::ffff:203.0.113.7", "203.0.113.0/24")],
)  # fmt: skip
def test_a_network_is_a_household(rf, address, shown):
    assert network(address_of(rf.get("/", REMOTE_ADDR=address))) == shown


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "x", "/a\r\nb", "/" * 400],
)
def test_no_way_back_leads_elsewhere(path):
    assert local(path) == ""


# ── other sites ──────────────────────────────────────────────────────────────────────────────────────────────────────

ELSEWHERE = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Referer": "http://[::1"},
    {"Referer": "https://evil.example/http://testserver/"},
    {"Origin": "http://testserver.evil.example"},
]
OURS = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://testserver"},
    {"Origin": "http://127.0.0.1:8000"},
    {"Referer": "http://testserver/sign-in/"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_no_other_site_can_post_in_a_readers_name(maja, headers):
    issue = make_sent_issue()
    client = browser(maja)
    client.headers = headers
    strange = Client(headers=headers)
    strange.cookies = client.cookies
    paths = ("/sign-in/", "/sign-out/", f"{replies_of(issue)}", f"/issues/weekly/{issue.slug}/like/",
             f"/issues/weekly/{issue.slug}/vote/")  # fmt: skip
    for path in paths:
        answer = strange.post(path, {"text": "x", "email": "maja@example.org"})
        assert answer.status_code == 403, path
        assert "Nothing was done" in text_of(answer)
    behind_the_answer()
    assert not Notice.objects.exists()
    assert not issue.likes.exists()


@pytest.mark.parametrize("headers", OURS)
def test_our_own_pages_can_whatever_the_browser_says_of_them(maja, headers):
    assert ask(Client(headers=headers, enforce_csrf_checks=True)).status_code == 200


# ── caches ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_is_everybodys_without_the_cookie_and_one_readers_with_it(maja):
    path = replies_of(make_sent_issue())
    public, private = Client().get(path), browser(maja).get(path)
    assert "Cookie" in public["Vary"]
    assert "no-store" not in public.get("Cache-Control", "")
    assert not public.cookies
    assert "Maja" not in text_of(public)
    assert (private["Cache-Control"], "Cookie" in private["Vary"]) == ("private, no-store", True)
    assert "Signed in as Maja" in text_of(private)


def test_a_cookie_that_is_worth_nothing_gets_the_public_page_but_no_cache():
    client = Client()
    client.cookies[COOKIE] = "x" * 32
    answer = client.get(replies_of(make_sent_issue()))
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert "Signed in" not in text_of(answer)


def test_on_https_the_cookie_never_travels_in_the_clear(maja, settings, make_config):
    settings.NEWSLETTER = make_config(site={"url": "https://news.example.org"})
    client = browser()
    ask(client)
    behind_the_answer()
    path = Notice.objects.get().facts["sign_in_url"].removeprefix("https://news.example.org")
    assert client.post(path).cookies[COOKIE]["secure"] is True
