"""The API: the same answer for whoever it is asked about, under the same limits as the form."""

import base64
import json
from datetime import timedelta

import pytest
from altcha import Challenge, Payload, solve_challenge
from django.utils import timezone

from newsletter.errands import captcha
from newsletter.models import Errand, Notice
from subscribers.models import Consent, Suppression
from tests.factories import make_list, make_staff, make_subscriber
from tests.reader.doing import behind_the_answer
from tests.reader.joining import PATH, mailed, sound, stamp, standing

pytestmark = pytest.mark.django_db
ASK = "/api/v1/subscribe"


@pytest.fixture
def guarded(settings, make_config):
    """With a captcha, as quick as can be."""
    settings.NEWSLETTER = make_config(audience={"subscribe": {"captcha": "altcha", "effort": 1000}})
    return settings.NEWSLETTER


def ask(client, email="ada@example.org", list="readers", **more):
    return client.post(ASK, {"list": list, "email": email, **more}, "application/json")


def task(client):
    return client.get("/api/v1/captcha").json()


def solution(found, **changes):
    """The answer to a task, as the widget sends it."""
    one = Challenge(found["algorithm"], found["challenge"], found["maxNumber"], found["salt"], found["signature"])
    number = solve_challenge(one.challenge, one.salt, one.algorithm, one.max_number).number
    payload = Payload(one.algorithm, one.challenge, number, one.salt, one.signature)
    return base64.b64encode(json.dumps({**payload.to_dict(), **changes}).encode()).decode()


def test_an_address_is_asked_by_mail(client):
    answer = ask(client, name="Ada")
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (202, "*")
    behind_the_answer()
    assert standing("ada@example.org") == [("readers", "pending")]
    assert (Consent.objects.get().source, Notice.objects.get().kind) == ("api", "confirm")
    client.post(mailed(), headers={"Sec-Fetch-Site": "same-origin"})
    assert standing("ada@example.org") == [("readers", "active")]


def test_the_answer_tells_nobody_who_is_known(client):
    make_subscriber("known@example.org")
    Suppression.objects.create(key="bad@example.org", kind="bounced")
    answers = {ask(client, f"{who}@example.org").content for who in ("known", "bad", "new")}
    assert len(answers) == 1
    behind_the_answer()
    assert dict(Notice.objects.values_list("to", "kind")) == {
        "known@example.org": "preferences", "new@example.org": "confirm"
    }  # fmt: skip


def test_without_a_captcha_it_is_closed_unless_it_is_opened(client, settings, make_config):
    settings.NEWSLETTER = make_config()
    assert ask(client).status_code == 403
    assert not Errand.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [({"email": "nobody"}, 422), ({"email": ""}, 422), ({"email": "a@x.test\nBcc: b@x.test"}, 422),
     ({"list": "x"}, 404), ({"more": 1}, 422), ({"name": "x" * 201}, 422), ({"email": "süß@x.test"}, 422),
     ({"email": ["a@x.test"]}, 422)],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_a_reason(client, body, status):
    answer = client.post(ASK, {"list": "readers", "email": "a@x.test", **body}, "application/json")
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert not Errand.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
def test_what_is_no_json_is_refused(client, body):
    assert client.generic("POST", ASK, body, "application/json").status_code in (400, 422)


def test_private_lists_are_neither_shown_nor_joined(client):
    make_list("readers", public=False)
    assert client.get("/api/v1/lists").json() == []
    assert ask(client).status_code == 404


def test_the_public_lists_are_told(client):
    make_list("readers", title="Whale watchers", description="One a week.", language="de")
    assert client.get("/api/v1/lists").json() == [
        {"name": "readers", "title": "Whale watchers", "description": "One a week.", "language": "de",
         "newsletters": ["The Weekly"]}
    ]  # fmt: skip


def test_a_mailbox_is_flooded_neither_by_the_api_nor_by_form_and_api_together(client):
    client.post(PATH, {"email": "ada@example.org", "stamp": stamp()})
    assert [ask(client).status_code for _ in range(3)] == [202, 202, 429]
    assert "try again in" in ask(client).json()["detail"]


def test_a_captcha_guards_it(client, guarded):
    right = solution(task(client))
    assert ask(client).status_code == 422
    assert ask(client, captcha=right).status_code == 202
    assert Errand.objects.count() == 1


def test_an_answer_is_taken_once(client, guarded):
    right = solution(task(client))
    assert [ask(client, f"r{at}@x.test", captcha=right).status_code for at in range(3)] == [202, 422, 422]


def test_the_form_and_the_api_take_an_answer_once_between_them(client, guarded):
    right = solution(task(client))
    assert ask(client, captcha=right).status_code == 202
    answer = client.post(PATH, {"email": "bob@example.org", "stamp": stamp(), "altcha": right})
    assert answer.status_code == 422
    assert Errand.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"number": -1}, {"number": "1"}, {"signature": "0" * 64}, {"challenge": "0" * 64}, {"algorithm": "SHA-1"},
     {"salt": "00" * 12 + "?expires=9999999999&"}, {"salt": 5}, {"number": None}],
)  # fmt: skip
def test_a_wrong_answer_is_none(client, guarded, changes):
    assert ask(client, captcha=solution(task(client), **changes)).status_code == 422


def test_the_end_of_a_task_cannot_be_moved(client, guarded, settings):
    found = task(client)
    longer = found["salt"].replace("?", "?expires=9999999999&")
    assert not captcha.solved(solution(found, salt=longer), settings.SECRET_KEY, timezone.now())


@pytest.mark.parametrize("answer", ["", "x", "e30=", "bnVsbA==", "W10=", "=" * 1999, "9" * 2000])
def test_what_is_no_answer_is_none(client, guarded, answer):
    assert ask(client, captcha=answer).status_code == 422


def test_a_task_ends(guarded, settings, monkeypatch):
    then = timezone.now() - timedelta(minutes=21)
    old = captcha.challenge(guarded, settings.SECRET_KEY, then)
    assert not captcha.solved(solution(old), settings.SECRET_KEY, timezone.now())
    assert captcha.solved(
        solution(captcha.challenge(guarded, settings.SECRET_KEY, timezone.now())), settings.SECRET_KEY, timezone.now()
    )


def test_there_is_no_task_where_there_is_no_captcha(client):
    assert client.get("/api/v1/captcha").status_code == 404


def test_the_form_asks_for_the_captcha_and_says_what_to_do_without_a_script(client, guarded):
    page = sound(answer := client.get("/lists/readers/"))
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert page.all("altcha-widget")[0]["challengeurl"] == "/api/v1/captcha"
    assert "Without JavaScript that cannot be done" in page.source
    assert "script-src" not in client.get("/")["Content-Security-Policy"]
    missing = client.post(PATH, {"email": "ada@example.org", "stamp": stamp()})
    assert missing.status_code == 422
    assert "did not come through" in sound(missing).text()
    solved = client.post(PATH, {"email": "ada@example.org", "stamp": stamp(), "altcha": solution(task(client))})
    assert solved.status_code == 200
    assert Errand.objects.count() == 1


def test_a_script_of_another_site_may_ask(client):
    answer = client.options(ASK, headers={"Origin": "https://blog.example.org"})
    assert (answer.status_code, answer["Access-Control-Allow-Headers"]) == (204, "Content-Type")


def test_its_description_is_for_staff(client):
    assert client.get("/api/v1/openapi.json").status_code == 302
    client.force_login(make_staff())
    assert "/api/v1/subscribe" in client.get("/api/v1/openapi.json").json()["paths"]
    assert client.get("/api/v1/docs").status_code == 404
