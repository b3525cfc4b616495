"""Who may do what: every address of the desk, asked for by each role; and roles that hold for one newsletter alone.

A new page needs a line in PAGES, which says what it takes to see it; without one these tests fail.
"""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from newsletter import pipeline, roles, staff
from newsletter.acting import acting
from newsletter.models import Issue, Membership, TransitionRefused
from tests.desk.doors import House, names, verb_addresses
from tests.desk.test_editor import save_letter
from tests.factories import make_issue, make_item, make_message, make_reply, make_sent_issue, make_source, make_staff

pytestmark = pytest.mark.django_db

TRIAGE = "newsletter.triage_post"
SEE, CHANGE, SEND = "newsletter.view_issue", "newsletter.change_issue", "newsletter.send_issue"
STAFF, OWNER, OPEN = "any member of staff", "an owner", "anybody"
PEOPLE, EDIT_PEOPLE = "subscribers.view_subscriber", "subscribers.change_subscriber"
STEERING = ["schedule", "unschedule", "send", "pause", "resume", "cancel", "stop", "go_on"]
PAGES = {
    "desk-preview": SEE, "desk-preview-html": SEE, "desk-report": SEE, "desk-report-export": SEE,
    "desk-link-map": SEE, "desk-link-map-html": SEE, "desk-letters": SEE, "desk-letter": SEE, "desk-sending": SEE,
    "desk-retry": SEND, "desk-go-on": SEND, "desk-settle": SEND,
    "desk-issue-audience": SEE, "desk-gallery": SEE, "desk-gallery-mail": SEE,
    "desk-reply": "newsletter.view_reply", "desk-person-data": "newsletter.view_notice",
    "desk-person-erase": "subscribers.delete_subscriber", "desk-field": "subscribers.change_field",
    **dict.fromkeys(("desk-segment-new", "desk-segment-draw", "desk-segment-count", "desk-segment"),
                    "subscribers.view_segment"),
    "desk-segment-delete": "subscribers.delete_segment",
    # A page on which rules can be tried out; only who may add segments can keep one.
    "admin:subscribers_segment_add": "subscribers.view_segment",
    **dict.fromkeys(("desk-outbox", "desk-outbox-folder", "desk-outbox-message", "desk-outbox-html",
                     "desk-outbox-eml"), "newsletter.view_message"),
    "desk-bulk": PEOPLE, "desk-bulk-do": EDIT_PEOPLE, "desk-bulk-ask": EDIT_PEOPLE,
    "desk-import-new": "subscribers.add_subscriber", "desk-import": "subscribers.view_import",
    "desk-import-refusals": "subscribers.view_import", "desk-import-do": "subscribers.add_subscriber",
    "desk-people-export": PEOPLE, "desk-hygiene": PEOPLE, "desk-growth": "subscribers.view_list",
    "desk-list-delete": "subscribers.delete_list", "desk-tag-delete": "subscribers.delete_tag",
    "desk-tag-merge": "subscribers.delete_tag", "desk-suppress-many": "subscribers.add_suppression",
    "desk-suppressions-lift": "subscribers.delete_suppression",
    "desk-suppressions-export": "subscribers.view_suppression",
    **dict.fromkeys(("desk-inbox", "desk-inbox-of", "desk-inbox-add", "desk-inbox-write", "desk-inbox-post"), TRIAGE),
    "desk-calendar": SEE, "desk-calendar-date": SEE, "desk-series": SEE, "desk-calendar-feed": STAFF,
    "desk-new-posts": CHANGE, "desk-edit": SEE, "desk-edit-look": CHANGE, "desk-edit-paste": CHANGE,
    "desk-edit-picture": CHANGE, "desk-edit-here": CHANGE, "desk-history": SEE, "desk-revision": SEE,
    "desk-preview-panes": SEE, "desk-test-outcome": CHANGE, "desk-newsletters": SEE, "desk-newsletter": SEE,
    "desk-senders": SEE, "desk-senders-look": CHANGE, "desk-senders-wake": SEND, "desk-configuration": OWNER,
    "desk-source": "newsletter.view_source", "desk-source-visit": TRIAGE,
    "desk-emoji": SEE, "desk-test": CHANGE, "admin:newsletter_issue_contents": SEE,
    "desk-ab": SEE, "desk-checks": SEE, "desk-checks-line": SEE, "desk-checks-run": CHANGE,
    "desk-checks-override": "newsletter.add_override",
    "desk-again": STAFF, "desk-you": STAFF, "desk-invite": OWNER, "desk-member": OWNER,
    "admin:index": STAFF, "admin:desk-audit-export": "admin.view_logentry",
    "admin:newsletter_issue_preview": SEE, "admin:newsletter_issue_report": SEE,
    "desk-when": SEND, "desk-presses": SEE,
    **dict.fromkeys(("admin:newsletter_issue_approve", "admin:newsletter_issue_refuse"), "newsletter.approve_issue"),
    "admin:newsletter_issue_hand_in": CHANGE,
    **{f"admin:newsletter_issue_{verb}": SEND for verb in STEERING},
    "admin:subscribers_subscriber_their_data": PEOPLE,
    "admin:subscribers_field_change_kind": "subscribers.change_field",
}  # fmt: skip
"""What it takes to get each page; those of lists and forms follow from their table."""
ROLES = [*roles.ROLES]
POSTS = (
    "desk-go-on",
    "desk-calendar-feed",
    "desk-edit-look",
    "desk-edit-paste",
    "desk-edit-picture",
    "desk-edit-here",
    "desk-test",
    "desk-preview-panes",
    "desk-senders-look",
    "desk-senders-wake",
    "desk-source-visit",
    "desk-checks-run",
    "desk-checks-override",
    "desk-segment-draw",
    "desk-segment-count",
    "desk-bulk-do",
    "desk-import-do",
)
"""Addresses that are only ever posted to."""


@pytest.fixture
def config(settings, make_config):
    """Two newsletters, so that a role may be held for one of them."""
    daily = {
        "title": "The Daily", "sources": ["other"], "lists": ["readers"], "postal_address": "1 Test Street",
        "sender": {"address": "daily@news.example.org"},
    }  # fmt: skip
    other = {"kind": "feed", "location": "http://127.0.0.1:9/other", "allow_private": True}
    settings.NEWSLETTER = make_config(newsletters={"daily": daily}, collect={"sources": {"other": other}})
    return settings.NEWSLETTER


def signed_in(role: str = "", newsletter: str = "", name: str = "writer", **fields):
    """A browser in which somebody of that role is signed in, and they."""
    user = make_staff(name, is_superuser=False, **fields)
    if role and newsletter:
        Membership.objects.create(user=user, group=Group.objects.get(name=role), newsletter=newsletter)
    elif role:
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client, user


def needed(name: str) -> str:
    """What it takes to see a page."""
    if name in PAGES:
        return PAGES[name]
    if name.startswith(("account_", "mfa_", "usersessions_", "socialaccount_", "openid_connect_")):
        return OPEN
    if name.startswith("admin:auth_"):
        return OWNER
    app, model, page = name.removeprefix("admin:").split("_", 2)
    right = {"changelist": "view", "change": "view", "history": "view", "add": "add", "delete": "delete"}[page]
    return f"{app}.{right}_{model}"


def has(user, what: str) -> bool:
    if what in (STAFF, OPEN):
        return True
    return roles.is_owner(user) if what == OWNER else roles.may(user, what)


@pytest.mark.parametrize("role", ["", *ROLES])
def test_every_address_opens_for_just_those_who_may(config, role):
    house = House()
    client, user = signed_in(role)
    wrong = []
    for name, route in names().items():
        what = needed(name)
        if what == OPEN:
            continue
        address = house.address(name, route)
        answer = client.post(address) if name in POSTS else client.get(address, follow=True)
        # What leads to the front page says that there is no such thing, to who may not know.
        refused = answer.status_code == 403
        shut = refused or [to for to, _ in getattr(answer, "redirect_chain", [])][-1:] == ["/desk/"]
        # Some rows are never added or deleted by hand, whoever asks.
        never = name.endswith(("_add", "_delete"))
        wrongly = (refused and not never) if has(user, what) else not shut
        if wrongly or answer.status_code not in (200, 303, 403, 404, 422):
            wrong.append((name, what, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        ("Writer", ["hand_in"]),
        ("Analyst", []),
        ("List admin", []),
        ("Approver", ["approve", "refuse"]),
        ("Editor", ["hand_in", *STEERING]),
        ("Owner", ["approve", "refuse", "hand_in", *STEERING]),
    ],
)
def test_each_verb_is_refused_to_who_may_not_whatever_the_page_offers(config, role, verbs):
    client, _ = signed_in(role)
    for verb, address in verb_addresses(make_issue(status="in_review")).items():
        before = Issue.objects.values().get()
        for answer in (client.get(address), client.post(address, {"reason": "x"})):
            assert (answer.status_code != 403) == (verb in verbs), (verb, answer.status_code)
        if verb not in verbs:
            assert Issue.objects.values().get() == before


def test_a_writer_edits_a_draft_and_not_what_is_approved(config):
    client, user = signed_in("Writer")
    issue = make_issue(status="in_review")
    make_item(issue)
    assert save_letter(client, issue, subject="New words").status_code == 303
    issue.refresh_from_db()
    assert (issue.subject, issue.edited_by) == ("New words", user)
    client.get(address := reverse("desk-edit", args=(issue.pk,)))
    Issue.objects.update(status="approved")
    assert client.post(address, {"do": "letter", "subject": "Newer words"}).status_code == 403
    assert client.get(address).status_code == 200
    issue.refresh_from_db()
    assert (issue.subject, issue.status) == ("New words", "approved")


def test_a_role_for_one_newsletter_is_none_for_the_others(config):
    client, user = signed_in("Editor", "weekly")
    ours, others = make_issue(status="sending"), make_issue(newsletter="daily", status="sending")
    assert client.get(reverse("desk-report", args=(ours.pk,))).status_code == 200
    for name in ("desk-report", "desk-preview", "desk-retry", "desk-sending", "admin:newsletter_issue_change"):
        assert client.get(reverse(name, args=(others.pk,))).status_code == 403, name
    assert client.get(reverse("desk-letter", args=("daily",))).status_code == 403
    assert client.get(reverse("desk-outbox-folder", args=("daily", "2026-11-20"))).status_code == 403
    assert client.post(verb_addresses(others)["pause"]).status_code == 403
    assert client.post(verb_addresses(ours)["pause"], {"reason": ""}).status_code == 303
    ours.refresh_from_db()
    others.refresh_from_db()
    assert (ours.status, others.status) == ("paused", "sending")
    assert roles.newsletters_of(user, SEND) == {"weekly"}
    assert roles.newsletters_of(user, "subscribers.view_subscriber") == frozenset()


def test_lists_show_what_is_theirs_alone(config):
    client, _ = signed_in("Editor", "weekly")
    ours, others = make_sent_issue(), make_sent_issue(newsletter="daily")
    kept, hidden = make_message(ours), make_message(others)
    make_reply(ours, text="from ours")
    reply = make_reply(others, text="from others", state="held")
    make_source("wire"), make_source("other")
    for name, seen, unseen in (
        ("newsletter_issue", "weekly/", "daily/"),
        ("newsletter_message", kept.subscriber.email, hidden.subscriber.email),
        ("newsletter_reply", "from ours", "from others"), ("newsletter_source", ">wire<", ">other<"),
    ):  # fmt: skip
        page = client.get(reverse(f"admin:{name}_changelist")).content.decode()
        assert seen in page, name
        assert unseen not in page, name
    assert "daily/" not in client.get("/desk/").content.decode()
    many = {"action": "approve_selected", "_selected_action": [reply.pk]}
    client.post(reverse("admin:newsletter_reply_changelist"), many)
    reply.refresh_from_db()
    assert reply.state == "held"
    assert client.get(reverse("desk-reply", args=(reply.pk,))).status_code == 403


def test_a_role_for_one_newsletter_gives_nothing_that_reaches_beyond(config):
    _, user = signed_in("Editor", "weekly")
    group = Group.objects.get(name="Editor")
    group.permissions.add(Permission.objects.get(codename="view_subscriber"))
    assert not roles.may(user, "subscribers.view_subscriber")
    assert not roles.for_one(group)
    roles.agree()
    assert roles.for_one(group)


def test_who_approves_may_be_asked_to_be_another_than_who_edited_last(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"approval_by": "another"}})
    ctx = pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY)
    ada, grace = make_staff("ada"), make_staff("grace")
    issue = make_issue(status="in_review")
    make_item(issue)
    with acting(ada):
        issue.edited()
    with pytest.raises(TransitionRefused, match="edited last by you"):
        pipeline.approve(ctx, issue, ada)
    client = Client()
    client.force_login(ada)
    address = verb_addresses(issue)["approve"]
    seen = client.get(address).context["form"]["seen"].value()
    said = [str(one) for one in client.post(address, {"seen": seen}, follow=True).context["messages"]]
    assert said == [
        "weekly/2026-11-20 was edited last by you, and The Weekly wants another to approve it: ask somebody who may"
    ]
    pipeline.approve(ctx, issue, grace)
    assert issue.status == "approved"


def test_the_command_line_is_trusted_to_approve(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"approval_by": "another"}})
    issue = make_issue(status="in_review")
    make_item(issue)
    issue.edited()
    pipeline.approve(pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY), issue)
    assert issue.status == "approved"


def test_every_role_of_a_house_is_there_with_its_permissions(db):
    assert set(Group.objects.values_list("name", flat=True)) >= set(ROLES)
    known = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }
    for name, role in roles.ROLES.items():
        assert set(role.permissions) <= known, name
    assert roles.for_one(Group.objects.get(name="Approver"))
    assert not roles.for_one(Group.objects.get(name="List admin"))


def test_news_go_to_who_holds_the_role_for_that_newsletter_and_wants_them(config):
    make_staff("root", is_superuser=True)
    _, ours = signed_in("Editor", "weekly", "ours")
    signed_in("Editor", "daily", "theirs")
    signed_in("Analyst", "", "analyst")
    _, gone = signed_in("Editor", "", "gone")
    gone.is_active = False
    gone.save()
    assert staff.recipients(config, "paused", "weekly") == ["ours@example.org", "root@example.org"]
    ours.wishes.create(news="paused", wanted=False)
    assert staff.recipients(config, "paused", "weekly") == ["root@example.org"]
    assert "analyst@example.org" in staff.recipients(config, "report", "weekly")
