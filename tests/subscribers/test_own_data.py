"""What a person's copy says, and what becomes of the words that they wrote."""

import json

import pytest

from newsletter.models import Event, Payload, Reply
from subscribers.erasing import erase
from subscribers.models import Consent, List
from subscribers.own_data import everything, holdings
from subscribers.traces import Person, mentions
from tests.factories import (
    make_event,
    make_link,
    make_message,
    make_notice,
    make_reply,
    make_sent_issue,
    make_subscriber,
    occasion,
)

pytestmark = pytest.mark.django_db
TYPED, NAME = "Zq@qz.test", "Vxvx Wz"


def test_replies_go_with_the_answers_of_staff_and_leave_a_stub_only_under_other_readers(now):
    person, issue = make_subscriber(TYPED, name=NAME), make_sent_issue()
    alone = make_reply(issue, subscriber=person)
    make_reply(issue, parent=alone, via=Reply.Via.DESK, subscriber=None, text="Dear you")
    spoken_with = make_reply(issue, subscriber=person)
    other = make_reply(issue, parent=spoken_with, text="I agree")
    erase(Person.of(person), occasion("erased", now))
    assert set(Reply.objects.values_list("pk", flat=True)) == {spoken_with.pk, other.pk}
    spoken_with.refresh_from_db()
    assert (spoken_with.author_name, spoken_with.text) == ("", "(removed at the reader’s wish)")
    assert spoken_with.state == Reply.State.PUBLISHED


def test_replies_that_are_left_lose_the_name_and_only_public_ones_are_left(now):
    person, issue = make_subscriber(TYPED, name=NAME), make_sent_issue()
    public = make_reply(issue, subscriber=person, author_name=NAME, text="A good read", original="quoted", note="hm")
    make_reply(issue, subscriber=person, state=Reply.State.HELD, published_at=None)
    erase(Person.of(person), occasion("erased", now), keep=("replies",))
    kept = Reply.objects.get()
    assert (kept.pk, kept.text, kept.subscriber) == (public.pk, "A good read", None)
    assert (kept.author_name, kept.original, kept.note) == ("", "", "")


def test_a_reply_that_came_from_the_address_in_answer_to_another_readers_copy_is_theirs(now):
    other = make_subscriber("bea@example.org")
    make_reply(subscriber=other, via=Reply.Via.MAIL, note=f"it comes from {TYPED}, not from the subscriber")
    make_reply(subscriber=other, text=f"Ask {TYPED} about it")
    erase(Person.at(TYPED), occasion("erased", now))
    assert Reply.objects.get().text == "Ask (erased) about it"


def test_mails_of_programs_are_looked_through_and_go_with_the_person(now):
    person = make_subscriber(TYPED, name=NAME)
    theirs = [Payload.keep("mail", f"Final-Recipient: rfc822; {said}\xff".encode("latin-1"), now)
              for said in (TYPED, TYPED.upper(), f"<{TYPED}>")]  # fmt: skip
    other = Payload.keep("mail", f"Final-Recipient: rfc822; a{TYPED}".encode(), now)
    posted = Payload.keep("sendgrid", f'[{{"email": "{TYPED}"}}]'.encode(), now)
    *told, last = everything(Person.of(person))["told_by_programs"]
    assert [one["mail"][:30] for one in told] == [one.data.decode("latin-1")[:30] for one in theirs]
    assert (last["from"], "mail" in last) == ("sendgrid", False), "a post tells of others too"
    assert erase(Person.of(person), occasion("erased", now))["told_by_programs"] == 4
    assert list(Payload.objects.order_by("pk")) == [other, posted]
    assert Payload.objects.get(pk=posted.pk).data == b'[{"email": "(erased)"}]'


def test_the_copy_tells_all_that_is_kept_and_names_no_member_of_staff():
    person = make_subscriber(TYPED, name=NAME, fields={"city": "Berlin"})
    issue = make_sent_issue()
    make_event(make_message(issue, person), Event.Kind.CLICK, link=make_link(issue), agent="Mail 1.0")
    Consent.note_all("paused", occasion(by="ada"), [person.pk])
    copy = everything(Person.of(person))
    assert (copy["person"][0]["address"], copy["person"][0]["fields"]) == (TYPED, {"city": "Berlin"})
    assert (copy["events"][0]["link"], copy["events"][0]["program"]) == ("https://example.org/stories/1", "Mail 1.0")
    assert (copy["subscriptions"][0]["list"], copy["consents"][0]["by"]) == ("readers", "staff")
    assert "ada" not in json.dumps(copy, default=str)


def test_a_link_that_lets_somebody_in_is_not_in_the_copy():
    person = make_subscriber(TYPED)
    make_notice(subscriber=person)
    assert "sign-in/x" not in json.dumps(everything(Person.of(person)), default=str)


def test_what_is_held_is_counted_by_table():
    assert holdings(Person.of(make_subscriber(TYPED, lists=("a", "b")))) == {"person": 1, "subscriptions": 2}
    assert holdings(Person.at("nobody@example.org")) == {}


def test_rows_that_stay_small_are_searched_in_every_text():
    List.objects.create(name="a", description=f"write to {TYPED}")
    assert [one.name for one in mentions(List, Person.at(TYPED))] == ["a"]
