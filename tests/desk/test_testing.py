"""The preview shows a mail every way it may be read, and sends copies of it that count nowhere."""

import uuid
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from newsletter import pipeline
from newsletter.models import Chore, Issue, Message, TestGroup
from subscribers.erasing import erase
from subscribers.models import Segment
from subscribers.traces import Person
from tests.desk.test_roles import signed_in
from tests.factories import NOW, make_issue, make_item, make_list, make_post, make_subscriber, occasion

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
    """Post the form, let the job do it, and look at the page that tells of it."""
    data = {"to": to, "group": group, "key": key or str(uuid.uuid4())}
    answer = client.post(reverse("desk-test", args=(issue.pk,)), data)
    if answer.status_code == 422:
        return answer.content.decode()
    ctx = pipeline.Context(config=settings.NEWSLETTER, key=settings.SECRET_KEY)
    pipeline.do_chores(ctx)
    return client.get(answer["Location"]).content.decode()


def outbox(config):
    files = sorted(config.outbox_of("outbox").rglob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_a_test_goes_to_me_and_to_a_group_marked_and_not_counted(staff, issue, config):
    make_subscriber("ada@example.org", name="Ada Lovelace")
    page = send(staff, issue, "ada@example.org", "team")
    assert " ".join(page.split()).count("</strong>: sent</span>") == 2
    assert "2 of 2 copies sent as a test" in LogEntry.objects.get().change_message
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
    send(staff, issue, "ada@example.org", key=key)
    assert len(outbox(config)) == 1


@pytest.mark.parametrize(("to", "said"), [
    ("", "Say where the test goes"), ("nobody", "nobody"), (MANY, "at most"),
])  # fmt: skip
def test_an_address_that_is_none_is_said(staff, issue, config, to, said):
    page = send(staff, issue, to)
    assert said in page
    assert f'value="{to}"' in page  # what was typed is there to be put right
    assert outbox(config) == []


def test_what_cannot_be_rendered_is_not_sent(staff, issue, config):
    Issue.objects.update(subject="{{ reader.nonsense.more }}")
    assert "cannot be rendered" in send(staff, issue, "ada@example.org")
    assert outbox(config) == []


def test_the_request_itself_sends_nothing_and_the_page_asks_how_it_goes(staff, issue, config):
    answer = staff.post(reverse("desk-test", args=(issue.pk,)), {"to": "ada@example.org", "key": str(uuid.uuid4())})
    assert (answer.status_code, outbox(config)) == (303, [])
    chore = Chore.objects.get()
    part = reverse("desk-test-outcome", args=(issue.pk, chore.pk))
    assert f'hx-get="{part}"' in staff.get(answer["Location"]).content.decode()
    assert "It is sent within seconds" in staff.get(part, headers={"HX-Request": "true"}).content.decode()
    other = reverse("desk-test-outcome", args=(make_issue(due_at=issue.due_at + timedelta(days=7)).pk, chore.pk))
    assert staff.get(other).status_code == 404


def test_a_test_lost_half_way_says_so_and_is_not_sent_again(staff, issue, config):
    chore = Chore.ask("test", issue.pk, NOW, emails=["ada@example.org"])
    assert chore.take(NOW)
    assert not chore.take(NOW)
    pipeline.do_chores(pipeline.Context(config, settings.SECRET_KEY, clock=lambda: NOW + timedelta(minutes=6)))
    page = staff.get(reverse("desk-test-outcome", args=(issue.pk, chore.pk))).content.decode()
    assert "was stopped before it was done" in page
    assert outbox(config) == []


def test_a_transport_that_fails_is_told_of(staff, issue, settings, make_config):
    smtp = {"transport": "smtp", "smtp": {"host": "127.0.0.1", "port": 9, "timeout": "1s"}}
    settings.NEWSLETTER = make_config(send=smtp)
    assert "the transport smtp failed" in send(staff, issue, "ada@example.org")


def test_groups_of_the_desk_can_be_tested_with(staff, issue, config):
    TestGroup.objects.create(name="Proof readers", addresses=["proof@example.org"])
    TestGroup.objects.create(name="Others", newsletter="daily", addresses=["other@example.org"])
    page = staff.get(reverse("desk-preview", args=(issue.pk,))).content.decode()
    assert "Proof readers (1)" in page
    assert "team (2)" in page
    assert "Others" not in page
    send(staff, issue, group=str(TestGroup.objects.get(name="Proof readers").pk))
    assert [mail["To"].addresses[0].addr_spec for mail in outbox(config)] == ["proof@example.org"]


def test_a_group_is_checked_address_by_address_and_logged(staff, config):
    add = reverse("admin:newsletter_testgroup_add")
    data = {"name": "Team", "newsletter": "", "addresses": "Ada@Example.org, nobody\nada@example.org"}
    page = staff.post(add, data).content.decode()
    assert "“nobody” is no address" in page
    assert not TestGroup.objects.exists()
    assert staff.post(add, {**data, "addresses": "Ada@example.org\nada@example.org"}).status_code == 302
    assert TestGroup.objects.get().addresses == ["Ada@example.org"]
    assert LogEntry.objects.filter(object_repr="Team").exists()
    page = staff.get(reverse("admin:newsletter_testgroup_changelist")).content.decode()
    assert "Named in config.yaml" in page
    assert "grace@example.org, ada@example.org" in page


def test_whoever_edits_one_newsletter_makes_groups_for_it_alone(issue, config):
    client, _ = signed_in("Editor", "weekly")
    common = TestGroup.objects.create(name="Everybody", addresses=["all@example.org"])
    TestGroup.objects.create(name="Others", newsletter="daily", addresses=["other@example.org"])
    listed = client.get(reverse("admin:newsletter_testgroup_changelist")).content.decode()
    assert "Everybody" in listed
    assert "other@example.org" not in listed
    add = reverse("admin:newsletter_testgroup_add")
    assert client.post(add, {"name": "Mine", "newsletter": "", "addresses": "a@example.org"}).status_code == 200
    assert client.post(add, {"name": "Mine", "newsletter": "weekly", "addresses": "a@example.org"}).status_code == 302
    change = reverse("admin:newsletter_testgroup_change", args=(common.pk,))
    client.post(change, {"name": "Changed", "newsletter": "weekly", "addresses": "b@example.org"})
    assert TestGroup.objects.get(pk=common.pk).name == "Everybody"


def test_side_by_side_stands_what_was_chosen_and_stays_chosen(staff, issue):
    address, chosen = (reverse(name, args=(issue.pk,)) for name in ("desk-preview", "desk-preview-panes"))
    answer = staff.post(chosen, {"pane": ["phone", "source", "nonsense"], "as": "ada@example.org"})
    assert answer["Location"] == f"{address}?part=all&as=ada%40example.org"
    for _ in range(2):
        page = staff.get(address, {"part": "all"}).content.decode()
        assert ("?view=phone" in page, "?view=source" in page, "?view=dark" in page) == (True, True, False)


def test_somebody_of_a_list_is_drawn_and_the_next_and_the_one_before(staff, issue):
    readers, others = make_list("readers"), make_list("others")
    people = [make_subscriber(f"r{n}@example.org", lists=[readers]) for n in range(3)]
    make_subscriber("elsewhere@example.org", lists=[others])
    address = reverse("desk-preview", args=(issue.pk,))
    page = staff.get(address, {"of": "list:readers"}).content.decode()
    assert any(f"{one.email}: one of 3" in page for one in people)
    page = staff.get(address, {"of": "list:readers", "at": people[1].pk}).content.decode()
    assert f"at={people[0].pk}" in page
    assert f"at={people[2].pk}" in page
    first = staff.get(address, {"of": "list:readers", "at": people[2].pk}).content.decode()
    assert "Previous" not in first
    Segment.objects.create(
        name="none", title="None", rules={"all": [{"kind": "domain", "is": "one_of", "value": ["none.test"]}]}
    )
    assert "Nobody is in it now" in staff.get(address, {"of": "segment:none"}).content.decode()
    assert "Draw one" not in signed_in("Editor", "weekly")[0].get(address, {"of": "list:readers"}).content.decode()


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


def test_an_erased_person_is_in_no_group_and_the_others_stay(config):
    person = make_subscriber("ada@example.org")
    TestGroup.objects.create(name="Team", addresses=["Ada@example.org", "grace@example.org"])
    erase(Person.of(person), occasion("erased"))
    assert TestGroup.objects.get().addresses == ["grace@example.org"]
