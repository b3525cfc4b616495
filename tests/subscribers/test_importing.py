"""Import: each row is added, found unchanged, or refused with its line and its reason."""

import codecs

import pytest

from subscribers.importing import CHUNK, ImportRefused, import_file
from subscribers.models import Subscriber, Subscription, unsubscribe
from tests.factories import make_list, make_subscriber, make_suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path, now):
    """Import this text, or these bytes, into `readers`."""

    def go(content):
        file = tmp_path / "people.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_file(file, make_list(), now)

    return go


def people():
    return sorted(Subscriber.objects.values_list("email", "name"))


def told(report):
    return report.added, report.unchanged, report.stayed_unsubscribed, len(report.refused)


def test_people_come_in_with_their_names_and_how_they_came(load, now):
    report = load("email,name\nada@example.org,Ada  Lovelace\nBob@Example.org,\n")
    assert told(report) == (2, 0, 0, 0)
    assert people() == [("Bob@example.org", ""), ("ada@example.org", "Ada Lovelace")]
    row = Subscription.objects.get(subscriber__key="ada@example.org")
    assert (row.list.name, row.status, row.how, row.changed_at) == (
        "readers", "active", "imported from people.csv", now,
    )  # fmt: skip


def test_the_same_file_again_changes_nothing(load):
    text = "email,name\nada@example.org,Ada\nbob@example.org,Bob\n"
    load(text)
    before = list(Subscription.objects.order_by("pk").values()), people()
    assert told(load(text)) == (0, 2, 0, 0)
    assert (list(Subscription.objects.order_by("pk").values()), people()) == before


def test_who_has_unsubscribed_is_not_brought_back(load, now):
    unsubscribe(make_subscriber("ada@example.org"), ["readers"], "asked to", now)
    assert told(load("email\nADA@example.org\n")) == (0, 0, 1, 0)
    row = Subscription.objects.get()
    assert (row.status, row.how) == ("unsubscribed", "asked to")


def test_who_is_on_another_list_is_added_to_this_one_and_stays_one_person(load):
    make_subscriber("ada@example.org", lists=("others",), name="Ada")
    assert told(load("email,name\nada@example.org,Countess\n")) == (1, 0, 0, 0)
    assert people() == [("ada@example.org", "Ada")]


def test_a_suppressed_address_may_be_imported_and_stays_suppressed(load):
    make_suppression("ada@example.org")
    assert told(load("email\nada@example.org\n")) == (1, 0, 0, 0)


def test_rows_that_are_no_address_are_refused_with_line_and_reason(load):
    report = load("email,name\nada@example.org,Ada\nnonsense,Bob\n\n,Nobody\ncy@example.org,Cy\n")
    assert told(report) == (2, 0, 0, 2)
    assert [(one.line, one.text) for one in report.refused] == [(3, "nonsense"), (5, "")]
    assert "@-sign" in report.refused[0].reason


def test_an_address_that_stands_there_twice_is_taken_once(load):
    report = load("email\nada@example.org\nADA@EXAMPLE.ORG\nada@bücher.example\nada@xn--bcher-kva.example\n")
    assert told(report) == (2, 0, 0, 2)
    assert [one.line for one in report.refused] == [3, 5]
    assert {one.reason for one in report.refused} == {"this address stands in the file twice"}


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + "email,name\nzoe@example.org,Zoë\n".encode(),
        "email,name\r\nzoe@example.org,Zoë\r\n".encode(),
        "email,name\rzoe@example.org,Zoë\r".encode(),
        "EMail , Name \n zoe@example.org , Zoë \n".encode(),
        "name,other,email\nZoë,1,zoe@example.org".encode(),
        '"email","name"\n"zoe@example.org","Zoë"\n'.encode(),
        "email;name\nzoe@example.org;Zoë\n".encode(),
        "email\tname\nzoe@example.org\tZoë\n".encode(),
        "email,name\nzoe@exam\0ple.org,Zo\0ë\n".encode(),
        'email,name,address\nzoe@example.org,Zoë,"1 Street\nTown"\n'.encode(),
    ],
)
def test_a_file_is_read_however_spreadsheets_write_it(load, content):
    assert told(load(content)) == (1, 0, 0, 0)
    assert people() == [("zoe@example.org", "Zoë")]


def test_cells_beyond_the_headings_are_passed_over(load):
    assert told(load("email\nada@example.org,Ada,extra\n")) == (1, 0, 0, 0)
    assert told(load("email,,name\nbob@example.org,x,Bob,y\ncy@example.org\n")) == (2, 0, 0, 0)
    assert people() == [("ada@example.org", ""), ("bob@example.org", "Bob"), ("cy@example.org", "")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", r"no column is headed `email` \(found: none\)"),
        ("\n\n", "no column is headed `email`"),
        ("ada@example.org\nbob@example.org\n", r"\(found: ada@example.org\); the first line must name the columns"),
        ("name,mail\nAda,ada@example.org\n", r"\(found: name, mail\)"),
        ("email,name\nzoe@example.org,Zoë\n".encode("latin-1"), r"people.csv is not UTF-8 \(byte 29\)"),
        ("email\nada@example.org\n".encode("utf-16"), "is not UTF-8"),
        (b"PK\x03\x04\xff\xfe" + b"\0" * 50, "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole_with_what_to_do(load, content, reason):
    with pytest.raises(ImportRefused, match=reason):
        load(content)
    assert people() == []


def test_a_file_that_is_not_there_is_said_so(tmp_path, now):
    with pytest.raises(ImportRefused, match="cannot be read: No such file"):
        import_file(tmp_path / "none.csv", make_list(), now)


def test_an_open_quotation_mark_is_reported_instead_of_swallowing_people_unseen(load):
    report = load('email,name\nada@example.org,Ada\nbob@example.org,"Bob\ncy@example.org,Cy\ndi@example.org,Di\n')
    assert told(report) == (1, 0, 0, 1)
    assert (report.refused[0].line, report.refused[0].text) == (3, "bob@example.org")
    assert "a quotation mark is not closed; nothing was taken from lines 3 to 5" in report.refused[0].reason


def test_a_cell_too_large_to_be_one_is_reported_and_reading_goes_on(load):
    report = load(f'email,name\nada@example.org,"{"x" * 140_000}"\nbob@example.org,Bob\n')
    assert people() == [("bob@example.org", "Bob")]
    assert (report.refused[0].line, "cannot be read as CSV" in report.refused[0].reason) == (2, True)


def test_a_name_of_any_length_fits(load):
    load(f"email,name\nada@example.org,{'x' * 1000}\n")
    assert people() == [("ada@example.org", "x" * 200)]


def test_a_file_of_many_chunks_comes_in_whole(load):
    rows = "".join(f"reader{number}@example.org,\n" for number in range(2 * CHUNK + 1))
    assert told(load(f"email,name\n{rows}")) == (2 * CHUNK + 1, 0, 0, 0)
    assert Subscription.objects.count() == 2 * CHUNK + 1


def test_an_address_that_no_mail_server_takes_is_refused_at_the_door(load):
    report = load("email,name\nmünchen@example.org,Max\nada@bücher.example,Ada\n")
    assert told(report) == (1, 0, 0, 1)
    assert "“münchen” before the @: it is not ASCII" in report.refused[0].reason


def test_a_row_without_an_address_says_so(load):
    report = load("email,name\n,Ada\n  ,Bob\n")
    assert [(row.line, row.reason) for row in report.refused] == [
        (2, "this row has no address"), (3, "this row has no address"),
    ]  # fmt: skip


# ── fields ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def known():
    return dict(Subscriber.objects.values_list("key", "fields"))


def test_other_columns_are_fields_named_by_their_headers(load):
    load("Email,City,Plan Type,\nada@example.org, New\u00a0 York ,paid,x\nbob@example.org,,,\n")
    assert known() == {"ada@example.org": {"city": "New York", "plan_type": "paid"}, "bob@example.org": {}}


def test_a_name_is_made_of_first_and_last_name_unless_there_is_a_column_for_it(load):
    load("email,first_name,Last Name\nada@example.org,Ada,Lovelace\nbob@example.org,Bob,\n")
    assert people() == [("ada@example.org", "Ada Lovelace"), ("bob@example.org", "Bob")]
    assert known()["ada@example.org"] == {"first_name": "Ada", "last_name": "Lovelace"}
    load("email,name,first_name\ncy@example.org,Dr. Cy Twombly,Cy\n")
    assert ("cy@example.org", "Dr. Cy Twombly") in people()


def test_fields_of_people_who_are_here_are_brought_up_to_date_and_nothing_is_forgotten(load):
    load("email,city,plan\nada@example.org,Berlin,free\nbob@example.org,Rome,free\n")
    report = load("email,city,plan\nada@example.org,,paid\nbob@example.org,Rome,free\n")
    assert report.fields_changed == 1
    assert known() == {
        "ada@example.org": {"city": "Berlin", "plan": "paid"}, "bob@example.org": {"city": "Rome", "plan": "free"},
    }  # fmt: skip


def test_fields_are_short_harmless_lines_and_of_two_columns_of_one_name_the_first_counts(load):
    load('email,note,Note\nada@example.org,"a\x1b\u202eb' + "c" * 900 + '",second\n')
    assert known()["ada@example.org"] == {"note": "ab" + "c" * 498}


def test_a_file_with_more_columns_than_a_person_has_fields_is_refused(load):
    with pytest.raises(ImportRefused, match="103 columns"):
        load("email," + ",".join(f"c{n}" for n in range(102)) + "\nada@example.org\n")
