"""The preview shows a mail every way it may be read, and sends copies of it that count nowhere."""

import uuid
from email import message_from_bytes, policy

import pytest
from django.urls import reverse

from newsletter.models import Issue, Message
from tests.factories import make_issue, make_item, make_post, make_subscriber

pytestmark = pytest.mark.django_db
MANY = " ".join(f"a{n}@example.org" for n in range(21))


@pytest.fixture
def config(settings, make_config):
    groups = {"test_groups": {"team": ["grace@example.org", "ada@example.org"]}}
    settings.NEWSLETTER = make_config(newsletters={"weekly": groups})
    return settings.NEWSLETTER


@pytest.fixture
def issue():
    issue = make_issue(status=Issue.Status.IN_REVIEW, subject="A whale for {{ reader.first_name | default('you') }}")
    make_item(issue, make_post(title="A whale falls"))
    return issue


def send(client, issue, to="", group="", key=None):
    data = {"to": to, "group": group, "key": key or str(uuid.uuid4())}
    return client.post(reverse("desk-test", args=(issue.pk,)), data, follow=True).content.decode()


def outbox(config):
    files = sorted(config.outbox_of("outbox").rglob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_a_test_goes_to_me_and_to_a_group_marked_and_not_counted(staff, issue, config):
    make_subscriber("ada@example.org", name="Ada Lovelace")
    page = send(staff, issue, "ada@example.org", "team")
    assert "2 copies sent as a test." in page
    mails = {mail["To"].addresses[0].addr_spec: mail for mail in outbox(config)}
    assert set(mails) == {"ada@example.org", "grace@example.org"}
    assert mails["ada@example.org"]["Subject"] == "[Test] A whale for Ada"
    assert mails["grace@example.org"]["Subject"] == "[Test] A whale for you"
    assert not Message.objects.exists()
    issue.refresh_from_db()
    assert issue.status == "in_review"


def test_the_same_form_sent_twice_sends_one(staff, issue, config):
    key = str(uuid.uuid4())
    send(staff, issue, "ada@example.org", key=key)
    assert "sent already" in send(staff, issue, "ada@example.org", key=key)
    assert len(outbox(config)) == 1


@pytest.mark.parametrize(("to", "said"), [
    ("", "Say where the test goes"), ("nobody", "nobody"), (MANY, "at most"),
])  # fmt: skip
def test_an_address_that_is_none_is_said(staff, issue, config, to, said):
    assert said in send(staff, issue, to)
    assert outbox(config) == []


def test_what_cannot_be_rendered_is_not_sent(staff, issue, config):
    Issue.objects.update(subject="{{ reader.nonsense.more }}")
    send(staff, issue, "ada@example.org")
    assert outbox(config) == []


def test_it_is_seen_side_by_side_as_source_and_in_each_view(staff, issue):
    address, raw = (reverse(name, args=(issue.pk,)) for name in ("desk-preview", "desk-preview-html"))
    page = staff.get(address, {"part": "all"}).content.decode()
    for view in ("wide", "phone", "dark", "bare", "text", "source"):
        assert f"{raw}?view={view}" in page
        answer = staff.get(raw, {"view": view})
        assert answer.status_code == 200
        assert answer["Content-Security-Policy"].startswith("sandbox")
        assert "A whale falls" in " ".join(answer.content.decode().split())
    assert "&lt;title&gt;" in staff.get(address, {"part": "source"}).content.decode()
    assert "<img src" not in staff.get(raw, {"view": "bare"}).content.decode()
