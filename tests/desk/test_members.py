"""Owners invite, say who may do what, and let go; the last of them stays, and nobody else gets near."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from newsletter.models import Membership, Notice
from newsletter.models.deeds import nobody
from tests.desk.test_roles import config, signed_in
from tests.factories import make_staff

__all__ = ["config"]
pytestmark = pytest.mark.django_db
INVITE = "/desk/staff/"


@pytest.fixture
def owner(db):
    """A browser in which the only owner is signed in."""
    client = Client()
    client.force_login(make_staff("root"))
    return client


def page(user):
    return reverse("desk-member", args=(user.pk,))


def told(answer):
    return [str(one) for one in answer.context["messages"]]


def logged():
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def save(client, user, *held, **fields):
    data = {"do": "save", "email": user.email, "first_name": "", "last_name": "", "role": held, **fields}
    return client.post(page(user), data, follow=True)


def test_who_is_invited_gets_a_link_and_the_roles_that_were_ticked(owner, config):
    data = {"email": "grace@example.org", "first_name": "Grace", "role": ["weekly/Editor", "/Analyst"]}
    answer = owner.post(INVITE, data)
    grace = get_user_model().objects.get(username="grace")
    assert (answer.status_code, answer["Location"]) == (303, page(grace))
    assert (grace.is_staff, grace.is_superuser, grace.has_usable_password()) == (True, False, False)
    assert [str(one) for one in Membership.objects.all()] == ["Editor of weekly"]
    assert [group.name for group in grace.groups.all()] == ["Analyst"]
    mail = Notice.objects.get()
    assert (mail.kind, mail.to, mail.facts["what"], mail.facts["by"]) == (
        "account",
        "grace@example.org",
        "invited",
        "root",
    )
    assert "invited by mail to grace@example.org" in logged()
    assert "Changed roles from no role to Analyst, Editor of weekly." in logged()


def test_the_link_lets_somebody_choose_a_password_and_come_in(owner, client, config):
    owner.post(INVITE, {"email": "grace@example.org"})
    link = Notice.objects.get().facts["account_url"].removeprefix("http://127.0.0.1:8000")
    form = client.get(link, follow=True)
    assert form.status_code == 200
    words = "a very long password"
    done = client.post(form.redirect_chain[-1][0], {"password1": words, "password2": words}, follow=True)
    assert done.status_code == 200
    came = client.post("/desk/login/", {"login": "grace@example.org", "password": words})
    assert (came.status_code, came["Location"]) == (302, "/desk/")
    assert "signed in, from 127.0.0.0" in logged()
    # Once is enough: the link is worth nothing any more.
    assert "token_fail" in Client().get(link, follow=True).context


def test_two_names_are_made_of_two_addresses_that_begin_alike(owner, config):
    for domain in ("example.org", "example.net"):
        owner.post(INVITE, {"email": f"grace@{domain}"})
    assert list(get_user_model().objects.exclude(username="root").values_list("username", flat=True)) == [
        "grace",
        "grace2",
    ]


def test_an_address_that_somebody_has_already_is_refused_and_nothing_typed_is_lost(owner, config):
    answer = owner.post(INVITE, {"email": "ROOT@example.org", "first_name": "Another", "role": ["/Editor"]})
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "has this address already" in said
    assert 'value="Another"' in said
    assert 'value="/Editor" checked' in said


def test_roles_are_changed_and_written_down_with_what_they_were(owner, config):
    ada = make_staff("ada", is_superuser=False)
    save(owner, ada, "/Editor", "daily/Approver")
    save(owner, ada, "/Analyst", email="ada@other.example.org")
    ada.refresh_from_db()
    assert ([group.name for group in ada.groups.all()], ada.memberships.count()) == (["Analyst"], 0)
    assert ada.email == "ada@other.example.org"
    assert logged()[-2:] == [
        "Changed email from ada@example.org to ada@other.example.org.",
        "Changed roles from Editor, Approver of daily to Analyst.",
    ]


def test_a_role_that_reaches_beyond_cannot_be_given_for_one_newsletter(owner, config):
    ada = make_staff("ada", is_superuser=False)
    assert "weekly/List admin" not in owner.get(page(ada)).content.decode()
    assert "Select a valid choice" in save(owner, ada, "weekly/List admin").content.decode()
    assert ada.memberships.count() == 0


def test_the_last_owner_can_neither_be_let_go_nor_be_made_less(owner, config):
    root = get_user_model().objects.get(username="root")
    assert "This is the last owner" in save(owner, root, "/Editor").content.decode()
    assert told(owner.post(page(root), {"do": "deactivate"}, follow=True)) == [
        "This is the last owner: make somebody else an owner first."
    ]
    root.refresh_from_db()
    assert (root.is_active, root.is_superuser) == (True, True)
    save(owner, make_staff("ada", is_superuser=False), "/Owner")
    save(owner, root, "/Editor")
    root.refresh_from_db()
    assert (root.is_superuser, [group.name for group in root.groups.all()]) == (False, ["Editor"])
    assert owner.get(page(root)).status_code == 403


def test_an_owner_by_role_may_do_all_that_a_superuser_may(config):
    client, user = signed_in("Owner")
    assert client.get(page(user)).status_code == 200
    assert client.get(reverse("admin:admin_logentry_changelist")).status_code == 200
    save(client, make_staff("ada", is_superuser=False), "/Editor")
    assert get_user_model().objects.get(username="ada").groups.get().name == "Editor"


@pytest.mark.parametrize("role", ["", "Writer", "Editor", "Approver", "Analyst", "List admin"])
def test_nobody_else_sees_or_changes_what_anybody_may(config, role):
    client, user = signed_in(role)
    for address in (page(user), INVITE, reverse("admin:auth_user_changelist"), reverse("admin:auth_group_changelist")):
        assert client.get(address).status_code == 403, address
    for data in ({"do": "save", "email": "x@example.org", "role": "/Owner"}, {"do": "activate"}, {"do": "factors"}):
        assert client.post(page(user), data).status_code == 403
    assert client.post(INVITE, {"email": "friend@example.org", "role": "/Owner"}).status_code == 403
    assert not user.groups.filter(name="Owner").exists()


def test_who_is_deactivated_is_out_at_once_and_can_come_back(owner, config):
    client, user = signed_in("Editor")
    assert client.get("/desk/").status_code == 200
    owner.post(page(user), {"do": "deactivate"})
    assert client.get("/desk/").status_code == 302
    assert client.post("/desk/login/", {"login": "writer", "password": "a long password"}).status_code in (200, 302)
    assert client.get("/desk/").status_code == 302
    owner.post(page(user), {"do": "activate"})
    assert client.post("/desk/login/", {"login": "writer", "password": "a long password"})["Location"] == "/desk/"
    assert "Changed standing from may sign in to deactivated." in logged()


def test_nobody_is_deleted_and_the_names_of_the_log_are_no_members(owner, config):
    user = make_staff("ada", is_superuser=False)
    assert owner.get(reverse("admin:auth_user_delete", args=(user.pk,))).status_code == 403
    hollow = nobody("by itself")
    assert "by itself" not in owner.get(reverse("admin:auth_user_changelist")).content.decode()
    assert owner.get(page(hollow)).status_code == 404


def test_the_roles_of_every_house_are_not_edited_and_ones_own_are(owner, config):
    theirs, ours = Group.objects.get(name="Editor"), Group.objects.create(name="Interns")
    assert owner.post(reverse("admin:auth_group_change", args=(theirs.pk,)), {"name": "X"}).status_code == 403
    assert owner.post(reverse("admin:auth_group_delete", args=(theirs.pk,)), {"post": "yes"}).status_code == 403
    assert owner.post(reverse("admin:auth_group_change", args=(ours.pk,)), {"name": "Guests"}).status_code == 302
    ours.refresh_from_db()
    assert ours.name == "Guests"


def test_everybody_chooses_which_mails_they_want(config):
    client, user = signed_in("Editor")
    page_of_theirs = client.get("/desk/you/").content.decode()
    assert "Your roles: Editor" in page_of_theirs
    assert client.post("/desk/you/", {"sent": "on", "report": "on"}).status_code == 303
    assert dict(user.wishes.values_list("news", "wanted")) == {
        "draft_ready": False, "refused": False, "voided": False, "trial": False, "paused": False, "failed": False,
        "odd": False,
    }  # fmt: skip
    client.post("/desk/you/", {"sent": "on", "report": "on", "paused": "on"})
    assert user.wishes.get(news="paused").wanted
