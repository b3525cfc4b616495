"""Moderation at the desk: read, approve, hide, block, answer, and only by those who may."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from newsletter import tokens
from newsletter.models import Issue, Muted, Notice, Rejected, Reply
from tests.factories import (
    NOW,
    make_edition,
    make_issue,
    make_message,
    make_notice,
    make_reply,
    make_sent_issue,
    make_staff,
    make_subscriber,
)

pytestmark = pytest.mark.django_db
LIST = "/desk/newsletter/reply/"


def page_of(reply):
    return reverse("desk-reply", args=(reply.pk,))


def state_of(reply):
    reply.refresh_from_db()
    return reply.state


def text(client, path, **query):
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def held():
    return make_reply(state="held", text="<script>alert(1)</script>\n\nWords", note="the reader is new",
                      original="Words\n> quoted", published_at=None)  # fmt: skip


@pytest.fixture
def with_rights(db):
    """A browser of a member of staff who may do only this."""

    def make(*rights):
        user = make_staff("ben", is_superuser=False)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client = Client()
        client.force_login(user)
        return client

    return make


def test_the_list_shows_held_ones_first_and_nothing_unconfirmed(staff, held):
    make_reply(text="Newer and published", received_at=NOW.replace(year=2027))
    make_reply(text="Typed by anybody", state="unconfirmed")
    found = text(staff, LIST)
    assert found.index("alert(1)") < found.index("Newer and published")
    assert "Typed by anybody" not in found
    assert "<script>alert(1)" not in found
    assert "Newer and published" not in text(staff, LIST, state__exact="held")


def test_a_replys_page_shows_words_reader_note_and_original(staff, held):
    found = text(staff, page_of(held))
    for part in (
        "&lt;script&gt;alert(1)",
        held.subscriber.email,
        "The reader is new",
        "&gt; quoted",
        "Approve",
        "Hide",
    ):
        assert part in found
    assert "<script>alert(1)" not in found
    assert staff.get(f"{LIST}{held.pk}/change/")["Location"] == page_of(held)


def test_approving_and_hiding_undo_each_other(staff, held):
    for act, state in (("approve", "published"), ("hide", "hidden"), ("approve", "published")):
        answer = staff.post(page_of(held), {"act": act})
        assert (answer.status_code, answer["Location"]) == (303, page_of(held))
        assert state_of(held) == state


def test_somebody_quicker_is_no_error(staff, held):
    staff.post(page_of(held), {"act": "approve"})
    answer = staff.post(page_of(held), {"act": "approve"}, follow=True)
    assert "Somebody else was quicker" in answer.content.decode()


def test_many_are_approved_or_hidden_at_once(staff):
    replies = [make_reply(state="held") for _ in range(3)]
    chosen = [reply.pk for reply in replies[:2]]
    staff.post(LIST, {"action": "approve_selected", "_selected_action": chosen})
    assert [state_of(reply) for reply in replies] == ["published", "published", "held"]
    staff.post(LIST, {"action": "hide_selected", "_selected_action": chosen})
    assert [state_of(reply) for reply in replies] == ["hidden", "hidden", "held"]


def test_blocking_hides_all_of_a_readers(staff, held):
    other = make_reply(subscriber=held.subscriber)
    staff.post(page_of(held), {"act": "block"})
    assert Muted.objects.get().key == held.subscriber.key
    assert (state_of(held), state_of(other)) == ("hidden", "hidden")
    assert "Block sender" not in text(staff, page_of(held))


def test_a_private_answer_is_mailed_and_stands_nowhere(staff, held):
    staff.post(page_of(held), {"act": "answer", "text": "Thank <you>!"})
    answer = Reply.objects.get(via="desk")
    assert (answer.parent, answer.state, answer.text, answer.staff.username) == (held, "private", "Thank <you>!", "ada")
    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.answers_to) == ("answer", held.subscriber.email, "")
    assert notice.facts["answer"] == "Thank <you>!"
    assert notice.facts["your_words"] == held.text
    assert state_of(held) == "held"
    assert not list(Reply.shown(held.issue))


def test_an_answer_names_the_issue_as_the_reader_got_it(staff, held):
    other = make_edition(held.issue, subject="Another subject", variant="b")
    Issue.objects.filter(pk=held.issue_id).update(variants={"b": other.pk})
    Reply.objects.filter(pk=held.pk).update(message=make_message(held.issue, held.subscriber, variant="b"))
    staff.post(page_of(held), {"act": "answer", "text": "Thank you!"})
    assert Notice.objects.get().facts["issue_title"] == "Another subject"


def test_a_public_answer_shows_the_reply_too(staff, held):
    staff.post(page_of(held), {"act": "answer", "text": "Thank you!", "public": "on"})
    shown = list(Reply.shown(held.issue))
    assert (shown, [one.text for one in shown[0].thread]) == ([held], ["Thank you!"])


def test_the_same_answer_twice_is_mailed_once(staff, held):
    for _ in range(2):
        staff.post(page_of(held), {"act": "answer", "text": "Thank you!"})
    assert Notice.objects.count() == Reply.objects.filter(via="desk").count() == 1


def test_an_answers_mail_can_be_answered(staff, held, settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"replies": {"address": "reply@in.example.org"}}})
    staff.post(page_of(held), {"act": "answer", "text": "Thank you!"})
    token = Notice.objects.get().answers_to
    from django.utils import timezone

    number = tokens.read_until(token, [settings.SECRET_KEY], tokens.THREAD, timezone.now())
    assert Reply.objects.get(pk=number).via == "desk"


def test_an_answer_in_a_thread_belongs_to_its_beginning(staff):
    top = make_reply()
    below = make_reply(top.issue, parent=top)
    staff.post(page_of(below), {"act": "answer", "text": "Thank you!", "public": "on"})
    answer = Reply.objects.get(via="desk")
    assert (answer.parent, Notice.objects.get().to) == (top, below.subscriber.email)


def test_somebody_erased_gets_no_mail_but_may_be_answered_on_the_page(staff, held):
    held.subscriber.delete()
    assert "no longer a subscriber" in text(staff, page_of(held))
    staff.post(page_of(held), {"act": "answer", "text": "Thank you!", "public": "on"})
    assert not Notice.objects.exists()
    assert Reply.objects.filter(via="desk", state="published").count() == 1


@pytest.mark.parametrize("words", ["", "   ", "x" * 5001])
def test_an_answer_that_cannot_be_sent_is_shown_again(staff, held, words):
    answer = staff.post(page_of(held), {"act": "answer", "text": words})
    assert answer.status_code == 422
    assert not Notice.objects.exists()


@pytest.mark.parametrize("act", ["approve", "hide", "block", "answer", "", "delete"])
def test_who_may_only_look_gets_403_for_all_else(with_rights, held, act):
    client = with_rights("view_reply")
    found = text(client, page_of(held))
    assert "Approve" not in found
    assert 'value="answer"' not in found
    assert client.post(page_of(held), {"act": act, "text": "x"}).status_code == 403
    assert state_of(held) == "held"


def test_who_may_not_even_look_gets_403(with_rights, held):
    client = with_rights("view_issue")
    assert client.get(page_of(held)).status_code == 403
    assert client.get(LIST).status_code == 403
    assert client.post(LIST, {"action": "approve_selected", "_selected_action": [held.pk]}).status_code == 403


def test_a_forbidden_bulk_action_changes_nothing(with_rights, held):
    client = with_rights("view_reply")
    client.post(LIST, {"action": "approve_selected", "_selected_action": [held.pk]})
    assert state_of(held) == "held"


def test_strangers_are_sent_to_sign_in(client, held):
    assert client.get(page_of(held))["Location"].startswith("/desk/login/")
    assert client.post(page_of(held), {"act": "approve"})["Location"].startswith("/desk/login/")


def test_a_form_from_elsewhere_is_refused(held):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff())
    assert strict.post(page_of(held), {"act": "approve"}).status_code == 403
    assert state_of(held) == "held"


def test_what_waits_is_counted_on_the_sidebar_and_shown_today(staff, held, with_rights):
    found = text(staff, "/desk/")
    assert "<strong>1 reply</strong> waits for you" in found
    assert "<strong>1 reply</strong>" not in text(with_rights("view_issue"), "/desk/")
    staff.post(page_of(held), {"act": "approve"})
    assert "<strong>1 reply</strong>" not in text(staff, "/desk/")


def test_rejected_mail_blocked_people_and_service_mails_have_their_lists(staff):
    Rejected.objects.create(why="automatic", reason="Auto-Submitted: auto-replied", key="k", at=NOW, subject="Away")
    Muted.objects.create(key="rude@example.org")
    make_notice(subscriber=make_subscriber("maja@example.org"))
    Notice.objects.update(state="uncertain")
    assert "automatic answer" in text(staff, "/desk/newsletter/rejected/")
    assert "rude@example.org" in text(staff, "/desk/newsletter/muted/")
    found = text(staff, "/desk/newsletter/notice/")
    assert "maja@example.org" in found
    assert "/sign-in/x" not in text(staff, f"/desk/newsletter/notice/{Notice.objects.get().pk}/change/")
    staff.post("/desk/newsletter/notice/", {"action": "send_again", "_selected_action": [Notice.objects.get().pk]})
    assert Notice.objects.get().state == "pending"


def test_the_report_shows_replies_likes_and_polls(staff):
    issue = make_sent_issue()
    make_reply(issue)
    from tests.factories import make_message, make_poll

    make_message(issue)
    make_poll(issue, "Tea or coffee?")
    found = text(staff, reverse("desk-report", args=(issue.pk,)))
    for part in ("Replies", "Likes", "Tea or coffee?"):
        assert part in found
    assert make_issue().polls.count() == 0
