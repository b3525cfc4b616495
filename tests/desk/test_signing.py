"""Staff come in by password, second factor or another service; tries are limited, and nothing typed is lost."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from newsletter.models import Notice
from tests.desk.one_time import code
from tests.factories import make_list, make_staff

pytestmark = pytest.mark.django_db
WORDS = "a long password"
LOGIN = "/desk/login/"
LIST = {"title": "A title that took an hour", "opt_in": "double"}


@pytest.fixture(autouse=True)
def _no_tries_yet():
    cache.clear()


def come(client, name="ada", password=WORDS, **query):
    return client.post(
        f"{LOGIN}?{'&'.join(f'{k}={v}' for k, v in query.items())}", {"login": name, "password": password}
    )


def logged():
    return [(entry.user.username, entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")]


def test_a_name_or_an_address_and_the_password_let_somebody_in_where_they_wanted(client):
    make_staff()
    assert come(client, next="/desk/outbox/")["Location"] == "/desk/outbox/"
    assert come(Client(), "ADA@example.org")["Location"] == "/desk/"
    assert logged() == [("ada", "signed in, from 127.0.0.0")] * 2


@pytest.mark.parametrize("where", ["https://evil.example.org/", "//evil.example.org/", "/\\evil.example.org"])
def test_the_way_on_never_leads_to_another_site(client, where):
    make_staff()
    assert come(client, next=where)["Location"] == "/desk/"


def test_a_wrong_password_is_told_and_written_down(client):
    make_staff()
    answer = come(client, password="wrong words here")
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()
    assert logged() == [("ada", "failed to sign in, from 127.0.0.0")]


def test_a_name_that_is_nobodys_is_not_kept_for_it_may_be_a_password(client):
    come(client, "my-secret-password")
    assert logged() == [("a stranger", "failed to sign in, from 127.0.0.0")]
    assert not LogEntry.objects.filter(object_repr__contains="secret").exists()


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(client):
    make_staff()
    for _ in range(10):
        assert "not correct" in come(client, password="wrong").content.decode()
    # The counts stand in the database: another process, and another browser, count alike.
    late = come(Client())
    assert late.status_code == 200
    assert "Too many" in late.content.decode()


def test_who_is_not_on_the_staff_or_deactivated_stays_out(client):
    make_staff("reader", is_staff=False, is_superuser=False)
    make_staff("gone", is_active=False)
    assert "not on the staff" in come(client, "reader").client.get(LOGIN).content.decode()
    come(client, "gone")
    assert client.get("/desk/").status_code == 302


def test_who_lost_their_place_on_the_staff_meanwhile_is_out_and_no_page_leads_round_in_circles():
    client, user = Client(), make_staff()
    client.force_login(user)
    user.is_staff = False
    user.save()
    answer = client.get("/desk/", follow=True)
    assert answer.redirect_chain == [("/desk/login/?next=/desk/", 302)]
    assert answer.status_code == 200


def with_totp(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def test_a_second_factor_is_asked_for_and_a_wrong_one_does_not_do(client):
    secret = with_totp(make_staff())
    asked = come(client, next="/desk/outbox/")
    assert asked["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get("/desk/").status_code == 302
    assert client.post(asked["Location"], {"code": "000000"}).status_code == 200
    assert logged() == [("ada", "failed to sign in: a wrong second factor, from 127.0.0.0")]
    assert client.get("/desk/").status_code == 302
    assert client.post(asked["Location"], {"code": code(secret)})["Location"] == "/desk/outbox/"
    assert client.get("/desk/").status_code == 200


def test_a_recovery_code_does_once(client):
    user = make_staff()
    with_totp(user)
    spare = RecoveryCodes.activate(user).get_unused_codes()[0]
    assert client.post(come(client)["Location"], {"code": spare})["Location"] == "/desk/"
    other = Client()
    assert other.post(come(other)["Location"], {"code": spare}).status_code == 200


def test_an_app_is_added_by_its_secret_and_makes_recovery_codes(client, django_capture_on_commit_callbacks):
    make_staff()
    come(client)
    # Who is in must show once more that it is they.
    asked = client.get(reverse("mfa_activate_totp"))["Location"]
    assert asked.startswith(reverse("account_reauthenticate"))
    page = client.post(asked, {"password": WORDS}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("mfa_activate_totp")
    assert "<svg" in page.content.decode() or "data:image/svg" in page.content.decode()
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert ("ada", "second factor added, from 127.0.0.0") in logged()
    assert Notice.objects.filter(kind="account", facts__what="totp_activated").exists()


def test_a_forgotten_password_is_set_anew_by_mail_and_nobody_learns_who_is_here(client):
    make_staff()
    address = reverse("account_reset_password")
    known, unknown = (client.post(address, {"email": f"{name}@example.org"}) for name in ("ada", "nobody"))
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    mail = Notice.objects.get()
    assert (mail.to, mail.facts["what"]) == ("ada@example.org", "reset")
    link = mail.facts["account_url"].removeprefix("http://127.0.0.1:8000")
    form = client.get(link, follow=True)
    words = "an even longer password"
    client.post(form.redirect_chain[-1][0], {"password1": words, "password2": words})
    assert come(Client(), password=words)["Location"] == "/desk/"
    assert come(Client()).status_code == 200


def test_no_more_than_three_links_an_hour_go_to_one_mailbox(client):
    make_staff()
    for _ in range(5):
        client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
    assert Notice.objects.count() == 3


def test_browsers_that_are_signed_in_are_listed_and_signed_out(client):
    make_staff()
    other = Client(headers={"user-agent": "Somewhere/1"})
    come(client), come(other)
    page = client.get(reverse("usersessions_list")).content.decode()
    assert "Somewhere/1" in page
    client.post(reverse("usersessions_list"))
    assert other.get("/desk/").status_code == 302
    assert client.get("/desk/").status_code == 200


def test_the_old_page_to_change_a_password_leads_to_the_new_one(client):
    make_staff()
    come(client)
    assert client.get("/desk/password_change/")["Location"] == reverse("account_change_password")
    for name in ("account_change_password", "mfa_index", "mfa_list_webauthn", "mfa_add_webauthn", "usersessions_list"):
        assert client.get(reverse(name), follow=True).status_code == 200, name


def test_nobody_signs_up(client):
    assert client.get("/desk/account/signup/")["Location"] == LOGIN
    assert client.post("/desk/account/signup/", {"username": "x", "email": "x@example.org"}).status_code == 302


# ── another service ──────────────────────────────────────────────────────────────────────────────────────────────────


class House(BaseHTTPRequestHandler):
    """A service that vouches for whoever it is told to."""

    person: dict[str, object] = {}

    def _say(self, facts):
        body = json.dumps(facts).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_address[1]}"
        if self.path.endswith("openid-configuration"):
            self._say({
                "issuer": here, "authorization_endpoint": f"{here}/authorize", "token_endpoint": f"{here}/token",
                "userinfo_endpoint": f"{here}/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            })  # fmt: skip
        else:
            self._say(self.person)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"access_token": "token", "token_type": "Bearer", "expires_in": 60})

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def house(settings):
    server = HTTPServer(("127.0.0.1", 0), House)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {
        "provider_id": "house", "name": "House accounts", "client_id": "newsletter", "secret": "quiet",
        "settings": {"server_url": f"http://127.0.0.1:{server.server_address[1]}"},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    yield House
    server.shutdown()
    server.server_close()


def by_house(client):
    """Press the button, and come back from there."""
    away = client.post(reverse("openid_connect_login", kwargs={"provider_id": "house"}))
    assert away.status_code == 302, away.content
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
    return client.get(
        reverse("openid_connect_callback", kwargs={"provider_id": "house"}), {"code": "x", "state": state}
    )


def test_another_service_lets_in_who_is_staff_already(client, house):
    make_staff()
    assert "House accounts" in client.get(LOGIN).content.decode()
    house.person = {"sub": "1", "email": "ada@example.org", "email_verified": True, "name": "Ada"}
    assert by_house(client)["Location"] == "/desk/"
    assert client.get("/desk/").status_code == 200
    assert get_user_model().objects.get().check_password(WORDS)
    # Known by now, whatever address it names next time.
    other = Client()
    house.person = {"sub": "1", "email": "new@example.org", "email_verified": True}
    assert by_house(other)["Location"] == "/desk/"


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "2", "email": "stranger@example.org", "email_verified": True},
        {"sub": "3", "email": "ada@example.org", "email_verified": False},
        {"sub": "4", "email": "ada@example.org"},
        {"sub": "5"},
    ],
)
def test_it_lets_in_nobody_else_and_makes_nobody_a_member(client, house, person, django_user_model):
    make_staff()
    house.person = person
    answer = by_house(client)
    assert answer.status_code in (200, 302)
    assert client.get("/desk/").status_code == 302
    assert django_user_model.objects.exclude(username="a stranger").count() == 1


def test_a_second_factor_is_asked_for_after_it_too(client, house):
    with_totp(make_staff())
    house.person = {"sub": "1", "email": "ada@example.org", "email_verified": True}
    assert by_house(client)["Location"].startswith(reverse("mfa_authenticate"))


# ── a sign-in that ends in the middle of an edit ─────────────────────────────────────────────────────────────────────


def edit(row):
    return reverse("admin:subscribers_list_change", args=(row.pk,))


def test_what_was_typed_when_a_sign_in_had_ended_is_kept_and_sent_again(client):
    make_staff()
    row = make_list()
    answer = client.post(edit(row), LIST)
    assert (answer.status_code, answer["Location"]) == (303, f"{LOGIN}?next=%2Fdesk%2Fagain%2F")
    # A stranger's session takes room for an hour and no longer; who signs in stays as anybody.
    assert client.session.get_expiry_age() <= 3600
    assert come(client, next="/desk/again/")["Location"] == "/desk/again/"
    assert client.session.get_expiry_age() > 20 * 24 * 3600
    page = client.get("/desk/again/").content.decode()
    assert f'action="{edit(row)}"' in page
    assert 'name="title" value="A title that took an hour"' in page
    row.refresh_from_db()
    assert row.title != LIST["title"]
    client.post(edit(row), LIST)
    row.refresh_from_db()
    assert row.title == LIST["title"]
    assert client.get("/desk/again/")["Location"] == "/desk/"


def test_what_is_kept_can_be_dropped_and_is_nobody_elses(client):
    make_staff()
    client.post(edit(make_list()), LIST)
    other = Client()
    come(other)
    assert other.get("/desk/again/")["Location"] == "/desk/"
    come(client)
    assert client.post("/desk/again/").status_code == 303
    assert client.get("/desk/again/")["Location"] == "/desk/"


def test_a_password_is_never_kept(client):
    for path in ("/desk/account/password/change/", LOGIN, "/desk/logout/"):
        client.post(path, {"password": "a secret", "login": "x", "oldpassword": "a secret"})
        assert "kept" not in client.session


def test_too_much_is_not_kept_and_that_is_said(client):
    answer = client.post(edit(make_list()), {"title": "x" * 1_100_000}, follow=True)
    assert "too large to be kept" in answer.content.decode()
    assert "kept" not in client.session


@pytest.mark.parametrize(
    "headers",
    [{"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, {"Accept": "application/json"}],
)
def test_a_script_that_asks_is_told_that_nobody_is_signed_in(client, headers):
    answer = client.post(edit(make_list()), LIST, headers=headers)
    assert answer.status_code == 401
    assert "Sign in again in another tab" in answer.content.decode()
    assert "kept" not in client.session


def test_a_form_that_is_older_than_the_sign_in_is_offered_again_and_a_forged_one_is_not():
    make_staff()
    row = make_list()
    client = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})
    token = client.get(LOGIN).context["csrf_token"]
    client.post(LOGIN, {"login": "ada", "password": WORDS, "csrfmiddlewaretoken": str(token)})
    old = client.post(edit(row), {**LIST, "csrfmiddlewaretoken": str(token)})
    assert (old.status_code, old["Location"]) == (303, "/desk/again/")
    page = client.get("/desk/again/")
    again = {**LIST, "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    assert client.post(edit(row), again).status_code == 302
    forged = client.post(edit(row), {**LIST, "title": "forged"}, headers={"origin": "https://evil.example.org"})
    assert forged.status_code == 403
    assert client.get("/desk/again/")["Location"] == "/desk/"
    row.refresh_from_db()
    assert row.title == LIST["title"]
