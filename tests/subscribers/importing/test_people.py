"""Import of people: each row is added, found known, kept out, or refused with its line and its reason."""

from datetime import timedelta

import pytest

from subscribers.joining import ask, leave
from subscribers.models import Consent, Field, Import, Subscriber, Subscription, Suppression, Tag
from tests.factories import make_list, make_subscriber, make_suppression, occasion
from tests.subscribers.importing.conftest import reasons, told

pytestmark = pytest.mark.django_db


def people():
    return sorted(Subscriber.objects.values_list("email", "name"))


def fields():
    return dict(Subscriber.objects.values_list("key", "fields"))


def consents(key="ada@example.org"):
    return [(one.action, one.note) for one in Consent.objects.filter(subscriber__key=key).order_by("pk")]


def test_people_come_in_with_their_names_and_how_they_came(load, now):
    report = load("email,name\nada@example.org,Ada  Lovelace\nBob@Example.org,\n", basis="signed up at the fair")
    assert told(report) == {"added": 2}
    assert people() == [("Bob@example.org", ""), ("ada@example.org", "Ada Lovelace")]
    row = Subscription.objects.get(subscriber__key="ada@example.org")
    assert (row.list.name, row.status, row.how, row.source, row.changed_at, row.joined_at, row.import_number) == (
        "readers", "active", "imported from people.csv", "desk", now, now, report.job.pk,
    )  # fmt: skip
    ada = row.subscriber
    assert (ada.domain, ada.import_number, ada.created_at, ada.status) == ("example.org", report.job.pk, now, "active")
    kept = Consent.objects.get(subscriber=ada)
    assert (kept.action, kept.list, kept.list_name, kept.at, kept.source, kept.by) == (
        "imported", row.list, "readers", now, "desk", "ada",
    )  # fmt: skip
    assert kept.form == f"import {report.job.pk}: people.csv"
    assert kept.note == "imported from people.csv: signed up at the fair"


def test_the_same_file_again_changes_nothing(load):
    text = "email,name\nada@example.org,Ada\nbob@example.org,Bob\n"
    load(text)
    before = list(Subscription.objects.order_by("pk").values()), people(), Consent.objects.count()
    assert told(load(text)) == {"unchanged": 2}
    assert (list(Subscription.objects.order_by("pk").values()), people(), Consent.objects.count()) == before


def test_who_is_on_another_list_is_added_to_this_one_and_stays_one_person(load):
    make_subscriber("ada@example.org", lists=("others",), name="Ada")
    assert told(load("email,name\nada@example.org,Countess\n")) == {"added": 1}
    assert people() == [("ada@example.org", "Ada")]
    assert sorted(Subscription.objects.values_list("list__name", flat=True)) == ["others", "readers"]
    assert Subscriber.objects.get().import_number is None


def test_role_and_disposable_addresses_are_flagged(load):
    load("email\ninfo@example.org\nada@mailinator.com\nada@example.org\nSales+DE@example.org\n")
    assert dict(Subscriber.objects.values_list("key", "flag")) == {
        "info@example.org": "role", "ada@mailinator.com": "disposable", "ada@example.org": "",
        "sales+de@example.org": "role",
    }  # fmt: skip


# ── who is not brought back ──────────────────────────────────────────────────────────────────────────────────────────


def test_who_has_unsubscribed_is_not_brought_back(load, now):
    leave(make_subscriber("ada@example.org"), ["readers"], occasion("asked to", now))
    report = load("email,city\nADA@example.org,Rome\n")
    assert told(report) == {"kept_out": 1}
    assert reasons(report) == [(2, "ADA@example.org", "unsubscribed on 20 November 2026, and stays so")]
    row = Subscription.objects.get()
    assert (row.status, row.how, row.subscriber.fields) == ("unsubscribed", "asked to", {})


def test_a_suppressed_address_is_kept_out_whether_it_is_known_by_key_or_by_hash(load):
    make_suppression("ada@example.org", Suppression.Kind.BOUNCED)
    make_suppression("bob@example.org", Suppression.Kind.ERASED)
    Suppression.objects.filter(kind="erased").update(key=None)
    report = load("email\nada@example.org\nBOB@example.org\n")
    assert told(report) == {"kept_out": 2}
    assert [reason for _, _, reason in reasons(report)] == ["suppressed: bounced", "suppressed: erased"]
    assert people() == []


def test_with_a_reason_they_are_brought_back_and_the_reason_is_kept(load, now):
    leave(make_subscriber("ada@example.org"), ["readers"], occasion("asked to", now - timedelta(days=9)))
    make_suppression("bob@example.org", Suppression.Kind.BOUNCED)
    report = load("email\nada@example.org\nbob@example.org\n", restore="they asked us to, by letter")
    assert told(report) == {"restored": 2}
    assert set(Subscription.objects.values_list("subscriber__key", "status", "changed_at")) == {
        ("ada@example.org", "active", now), ("bob@example.org", "active", now),
    }  # fmt: skip
    assert consents()[-1] == ("restored", "they asked us to, by letter")
    assert consents("bob@example.org") == [
        ("imported", "imported from people.csv"), ("released", "they asked us to, by letter"),
    ]  # fmt: skip
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("kind", [Suppression.Kind.COMPLAINED, Suppression.Kind.ERASED])
def test_who_complained_or_was_erased_is_brought_back_by_no_reason(load, kind):
    make_suppression("ada@example.org", kind)
    report = load("email\nada@example.org\n", restore="they said so")
    assert told(report) == {"kept_out": 1}
    assert reasons(report)[0][2] == f"suppressed: {kind}; an import lifts no such suppression"
    assert Suppression.objects.count() == 1
    assert people() == []


def test_who_has_not_confirmed_comes_in_only_on_a_basis(load, now):
    make_list()
    ask("ada@example.org", ["readers"], occasion("asked to", now))
    report = load("email\nada@example.org\n")
    assert told(report) == {"kept_out": 1}
    assert "has not confirmed yet" in reasons(report)[0][2]
    assert told(load("email\nada@example.org\n", basis="confirmed on paper")) == {"added": 1}
    assert Subscription.objects.get().status == "active"
    assert consents() == [("asked", "asked to"), ("imported", "imported from people.csv: confirmed on paper")]


def test_who_shows_no_sign_of_life_is_not_woken_up(load):
    make_subscriber("ada@example.org", lists=("others",), status=Subscriber.Status.DORMANT)
    assert told(load("email\nada@example.org\n")) == {"added": 1}
    assert Subscriber.objects.get().status == "dormant"


# ── what is known already ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("merge", "name", "city", "plan", "language", "outcome"),
    [
        ("keep", "Ada", "", "free", "", "unchanged"),
        ("fill", "Ada", "Rome", "free", "it", "updated"),
        ("overwrite", "Countess", "Rome", "paid", "it", "updated"),
    ],
)
def test_what_is_known_is_kept_filled_in_or_overwritten(load, merge, name, city, plan, language, outcome):
    known = {"city": "", "plan": "free", "shoe": "38"}
    make_subscriber("ada@example.org", name="Ada", fields=known)
    report = load("email,name,city,plan,shoe,lang\nada@example.org,Countess,Rome,paid,,it\n", merge=merge)
    assert told(report) == {outcome: 1}
    ada = Subscriber.objects.get()
    assert (ada.name, ada.fields, ada.language) == (name, {"city": city, "plan": plan, "shoe": "38"}, language)


def test_an_address_that_stands_there_twice_is_taken_once_and_said_so(load):
    report = load("email\nada@example.org\nADA@EXAMPLE.ORG\nada@bücher.example\nada@xn--bcher-kva.example\n")
    assert told(report) == {"added": 2, "repeated": 2}
    assert [(line, reason) for line, _, reason in reasons(report)] == [
        (3, "this address stands in the file twice"), (5, "this address stands in the file twice"),
    ]  # fmt: skip


def test_repetitions_are_found_however_far_apart_and_whatever_became_of_the_first(load, now):
    make_subscriber("known@example.org")
    make_suppression("held@example.org")
    leave(make_subscriber("gone@example.org"), ["readers"], occasion("asked to", now))
    four = "new@example.org\nknown@example.org\nheld@example.org\ngone@example.org\n"
    between = "".join(f"reader{number}@example.org\n" for number in range(5000))
    report = load(f"email\n{four}{between}{four}")
    assert told(report) == {"added": 5001, "unchanged": 1, "kept_out": 2, "repeated": 4}
    assert [line for line, _, reason in reasons(report) if "twice" in reason] == [5006, 5007, 5008, 5009]


# ── what columns are ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_other_columns_are_fields_named_by_their_headers(load):
    load("Email,City,Plan Type,\nada@example.org, New\u00a0 York ,paid,x\nbob@example.org,,,\n")
    assert fields() == {
        "ada@example.org": {"city": "New York", "plan_type": "paid", "column_4": "x"}, "bob@example.org": {},
    }  # fmt: skip
    assert set(Field.objects.values_list("name", "title", "kind")) >= {
        ("city", "City", "text"), ("plan_type", "Plan Type", "text"),
    }  # fmt: skip


def test_a_name_is_made_of_first_and_last_name_unless_there_is_a_column_for_it(load):
    load("email,first_name,Last Name\nada@example.org,Ada,Lovelace\nbob@example.org,Bob,\n")
    assert people() == [("ada@example.org", "Ada Lovelace"), ("bob@example.org", "Bob")]
    assert fields()["ada@example.org"] == {"first_name": "Ada", "last_name": "Lovelace"}
    load("email,name,first_name\ncy@example.org,Dr. Cy Twombly,Cy\n")
    assert ("cy@example.org", "Dr. Cy Twombly") in people()


def test_a_cell_that_does_not_fit_its_field_is_left_out_and_reported_and_its_row_is_taken(load):
    Field.objects.create(name="age", kind="number")
    Field.objects.create(name="born", kind="date")
    report = load("email,age,born\nada@example.org,36,10.12.1815\nbob@example.org,old,\ncy@example.org,,31.2.2000\n")
    assert told(report) == {"added": 3}
    assert report.cells == 2
    assert fields() == {
        "ada@example.org": {"age": 36, "born": "1815-12-10"}, "bob@example.org": {}, "cy@example.org": {},
    }  # fmt: skip
    assert reasons(report) == [
        (3, "bob@example.org", "taken without “age”: “old” is not a number"),
        (4, "cy@example.org", "taken without “born”: “31.2.2000” is not a day of the calendar"),
    ]


def test_language_time_zone_and_the_day_of_joining_are_read_or_reported(load, now):
    text = (
        "email,language,time_zone,joined_at\nada@example.org,de_AT,europe/vienna,2024-05-01 10:00:00 UTC\n"
        "bob@example.org,gibberish!,Mars/Olympus,tomorrow\ncy@example.org,,,2031-01-01\n"
    )
    report = load(text)
    assert told(report) == {"added": 3}
    ada = Subscriber.objects.get(key="ada@example.org")
    assert (ada.language, ada.time_zone) == ("de-AT", "Europe/Vienna")
    joined = dict(Subscription.objects.values_list("subscriber__key", "joined_at"))
    assert joined["ada@example.org"].isoformat() == "2024-05-01T10:00:00+00:00"
    assert joined["bob@example.org"] == joined["cy@example.org"] == now
    assert [reason.partition(":")[0].partition(",")[0] for _, _, reason in reasons(report)] == [
        "taken without “gibberish!”", "taken without “Mars/Olympus”", "taken as joining now", "taken as joining now",
    ]  # fmt: skip


def test_tags_of_the_import_and_of_a_row_are_given_to_new_and_known_people_but_to_nobody_kept_out(load, now):
    make_subscriber("bob@example.org")
    leave(make_subscriber("cy@example.org"), ["readers"], occasion("asked to", now))
    load('email,tags\nada@example.org,"Köln, VIP"\nbob@example.org,vip\ncy@example.org,vip\n', tags=["Spring Fair"])
    tagged = {tag.name: {one.key for one in tag.people.all()} for tag in Tag.objects.all()}
    both = {"ada@example.org", "bob@example.org"}
    assert tagged == {"koln": {"ada@example.org"}, "vip": both, "spring-fair": both}
    assert Tag.objects.get(name="koln").title == "Köln"


def test_a_mapping_says_what_columns_are_whatever_they_are_called(load):
    mapping = [
        {"header": "a", "as": "name"}, {"header": "b", "as": "email"}, {"header": "c", "as": "skip"},
        {"header": "d", "as": "field", "field": "born", "kind": "date"},
    ]  # fmt: skip
    load("a,b,c,d\nAda,ada@example.org,secret,10.12.1815\n", mapping=mapping)
    assert people() == [("ada@example.org", "Ada")]
    assert fields() == {"ada@example.org": {"born": "1815-12-10"}}
    assert Field.objects.get(name="born").kind == "date"


def test_a_dry_run_writes_nothing_but_its_report_and_then_the_same_import_can_be_started(upload, run, now):
    leave(make_subscriber("gone@example.org"), ["readers"], occasion("asked to", now))
    text = "email,shoe,tags,attributes\nada@example.org,38,vip,\nada@example.org,38,,\ngone@example.org,1,,\nx,,,\n"
    job = upload(text)
    before = Subscriber.objects.count(), Field.objects.count(), Consent.objects.count()
    first = run(job, list=make_list(), tags=["new"], dry_run=True)
    assert told(first) == {"added": 1, "repeated": 1, "kept_out": 1, "refused": 1}
    assert len(first.refusals) == 3
    assert (Subscriber.objects.count(), Field.objects.count(), Consent.objects.count()) == before
    assert not Tag.objects.exists()
    job.dry_run = False
    second = run(job)
    assert (told(second), len(second.refusals)) == (told(first), 3)
    assert job.status == Import.Status.DONE
    assert Subscriber.objects.filter(key="ada@example.org", fields={"shoe": "38"}).exists()
    assert not job.pieces.exists()
