"""Suppression lists: addresses and hashes that come from elsewhere keep people here from being written to."""

import hashlib

import pytest

from subscribers.audience import Audience
from subscribers.joining import Standing, ask, join, standing
from subscribers.models import Consent, Import, Subscriber, Suppression
from tests.factories import make_list, make_subscriber, make_suppression, occasion
from tests.subscribers.importing.conftest import reasons, told

pytestmark = pytest.mark.django_db

HELD = Import.Kind.SUPPRESSIONS


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()


def md5(address):
    return hashlib.md5(address.encode()).hexdigest()


def test_addresses_come_in_with_kind_and_reason_and_what_is_no_address_is_refused(load):
    text = (
        "Email,Type,Note\nAda@Example.org,hard bounce,mailbox full\nbob@example.org,spam,\ncy@example.org,,\nnobody,,\n"
        "ADA@example.org,,\n,,x\n"
    )
    report = load(text, kind=HELD)
    assert told(report) == {"suppressed": 3, "repeated": 1, "refused": 2}
    assert list(Suppression.objects.order_by("pk").values_list("key", "hash", "kind", "reason")) == [
        ("ada@example.org", digest("ada@example.org"), "bounced", "mailbox full"),
        ("bob@example.org", digest("bob@example.org"), "complained", "imported from people.csv"),
        ("cy@example.org", digest("cy@example.org"), "manual", "imported from people.csv"),
    ]
    assert reasons(report)[-1] == (7, "", "this row has neither an address nor a hash")


def test_people_here_are_found_by_the_hashes_of_their_addresses_and_written_to_no_more(load, now):
    ada, bob = make_subscriber("Ada@example.org"), make_subscriber("bob@example.org")
    report = load(f"{digest('ada@example.org')}\n{digest('unknown@example.org').upper()}\nxyz\n", kind=HELD)
    assert told(report) == {"suppressed": 2, "refused": 1}
    assert Suppression.objects.get(hash=digest("ada@example.org")).key == "ada@example.org"
    assert Suppression.objects.get(hash=digest("unknown@example.org")).key is None
    assert set(Audience(("readers",)).reachable(now)) == {bob}
    assert list(ada.consents.values_list("action", flat=True)) == ["suppressed"]


def test_a_hash_keeps_out_who_comes_in_later(load):
    load(f"sha256\n{digest('ada@example.org')}\n", kind=HELD)
    assert told(load("email\nADA@example.org\n")) == {"kept_out": 1}
    assert not Subscriber.objects.exists()


def test_what_is_held_already_stays_what_it_is_but_a_hash_gets_its_address(load):
    make_suppression("ada@example.org", "complained")
    Suppression.objects.create(hash=digest("bob@example.org"), kind="bounced")
    Suppression.objects.create(hash=digest("cy@example.org"), kind="erased")
    report = load("email,kind\nada@example.org,manual\nbob@example.org,manual\ncy@example.org,manual\n", kind=HELD)
    assert told(report) == {"unchanged": 3}
    assert set(Suppression.objects.values_list("key", "kind")) == {
        ("ada@example.org", "complained"), ("bob@example.org", "bounced"), (None, "erased"),
    }  # fmt: skip


def test_who_was_erased_elsewhere_and_is_here_is_kept_from_being_written_to(load, now):
    make_subscriber("ada@example.org")
    load(f"hash,kind\n{digest('ada@example.org')},erased\n", kind=HELD)
    assert Suppression.objects.values_list("key", "kind").get() == ("ada@example.org", "manual")
    assert not Audience(("readers",)).reachable(now).exists()


def test_a_dry_run_suppresses_nobody(load):
    make_subscriber("ada@example.org")
    assert told(load("email\nada@example.org\n", kind=HELD, dry_run=True)) == {"suppressed": 1}
    assert not Suppression.objects.exists()
    assert not Consent.objects.exists()


def test_md5s_of_other_programs_find_people_here(load, now):
    ada, umlaut, bob = (make_subscriber(f"{name}") for name in ("Ada@example.org", "cy@bücher.example", "b@x.example"))
    text = f"md5,kind\n{md5('ada@example.org').upper()},bounced\n{md5('cy@bücher.example')},\n{md5('who@x.example')},\n"
    assert told(load(text, kind=HELD)) == {"suppressed": 3}
    assert set(Audience(("readers",)).reachable(now)) == {bob}
    assert set(Suppression.objects.values_list("key", "hash", "kind")) == {
        (ada.key, digest(ada.key), "bounced"), (umlaut.key, digest(umlaut.key), "manual"),
        (None, f"md5:{md5('who@x.example')}", "manual"),
    }  # fmt: skip
    assert list(ada.consents.values_list("action", flat=True)) == ["suppressed"]


def test_an_md5_keeps_out_who_comes_later_by_whatever_way(load, now):
    make_list()
    load("".join(f"{md5(f'{name}@example.org')}\n" for name in ("filed", "asked", "typed", "joined")), kind=HELD)
    assert told(load("email\nFILED@example.org\nfree@example.org\n")) == {"kept_out": 1, "added": 1}
    assert standing("asked@example.org", "readers") is Standing.HELD
    ask("asked@example.org", ["readers"], occasion())
    join("Joined@example.org", "", ["readers"], occasion())
    make_subscriber("typed@example.org")
    assert [one.key for one in Audience(("readers",)).reachable(now)] == ["free@example.org"]
    held = Suppression.objects.exclude(key=None)
    assert {(one.key, one.hash) for one in held} == {
        (key, digest(key)) for key in ("asked@example.org", "joined@example.org", "typed@example.org")
    }


def test_an_address_that_is_held_twice_has_one_row_in_the_end(load):
    make_suppression("ada@example.org", "complained")
    make_subscriber("ada@example.org")
    load(f"{digest('bob@example.org')}\n{md5('bob@example.org')}\n{md5('ada@example.org')}\n", kind=HELD)
    make_subscriber("bob@example.org")
    assert set(Suppression.objects.values_list("key", "kind")) == {
        ("ada@example.org", "complained"), ("bob@example.org", "manual"),
    }  # fmt: skip


def test_who_was_erased_and_stands_on_an_md5_list_too_can_come_back_and_is_still_held(load, now):
    make_list()
    Suppression.objects.create(hash=digest("ada@example.org"), kind="erased")
    load(f"{md5('ada@example.org')}\n", kind=HELD)
    assert standing("ada@example.org", "readers") is Standing.ERASED
    join("ada@example.org", "", ["readers"], occasion())
    assert Suppression.objects.values_list("key", "hash", "kind").get() == (
        "ada@example.org", digest("ada@example.org"), "manual",
    )  # fmt: skip
    assert not Audience(("readers",)).reachable(now).exists()


def test_a_hash_that_cannot_be_matched_says_what_to_ask_for_instead(load):
    report = load(f"hash\n{hashlib.sha1(b'ada@example.org').hexdigest()}\n{'z' * 64}\n", kind=HELD)
    assert told(report) == {"refused": 2}
    (_, _, first), (_, _, second) = reasons(report)
    assert "looks like SHA-1: ask for the addresses, or for their SHA-256 or MD5" in first
    assert "SHA-256 has 64 digits" in second
