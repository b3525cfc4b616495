"""People in and out by the command line."""

import csv

import pytest

from subscribers.models import Field, Import, Subscriber, Subscription, Suppression
from tests.factories import make_list, make_subscriber, make_suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    """A file of one good and one bad row."""
    made = tmp_path / "people.csv"
    made.write_text("Who,email,Born\nAda,ada@example.org,10.12.1815\nBob,nobody,\n")
    make_list()
    return made


def table(file):
    return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))


def imported(call, *arguments):
    return call("subscribers", "import", *map(str, arguments), "--list", "readers")


def test_columns_are_what_the_options_say(call, file):
    result = imported(
        call, file, "--map", "who=name", "--map", "Born=field:birthday:date", "--tag", "Fair", "--basis", "on paper"
    )
    assert (result.code, result.err.count("refused")) == (1, 1)
    ada = Subscriber.objects.get()
    assert (ada.name, ada.fields) == ("Ada", {"birthday": "1815-12-10"})
    assert [tag.name for tag in ada.tags.all()] == ["fair"]
    assert ada.consents.get().note == "imported from people.csv: on paper"
    assert Field.objects.get(name="birthday").kind == "date"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("nothing=name", "the file's columns are: Who, email, Born"),
        ("Who", "write COLUMN=MEANING"),
        ("Who=shoe", "a column can be email, name, "),
        ("Who=email", "2 columns are said to be the email address"),
        ("Born=field:born:day", "is no kind of field"),
    ],
)
def test_a_mapping_that_cannot_be_leaves_nothing_behind(call, file, said, answer):
    result = imported(call, file, "--map", said)
    assert (result.code, answer in result.err, result.err.count("\n")) == (1, True, 1)
    assert not Import.objects.exists()


def test_a_dry_run_says_what_would_be(call, file, tmp_path):
    refused = tmp_path / "refused.csv"
    result = imported(call, file, "--dry-run", "--refused", str(refused))
    assert "1 would be added, 1 would be refused" in result.out
    assert not Subscriber.objects.exists()
    rows = table(refused)
    assert [(row["line"], row["email"]) for row in rows] == [("3", "nobody")]


def test_in_the_background_it_waits_for_the_running_program(call, file):
    result = imported(call, file, "--background")
    assert (result.code, "waits for its turn" in result.out) == (0, True)
    listed = call("subscribers", "imports", "--json").facts
    assert [(one["file"], one["list"], one["status"], one["rows"]) for one in listed] == [
        ("people.csv", "readers", "ready", 0),
    ]
    number = str(listed[0]["import"])
    assert call("subscribers", "imports", "--resume", number).code == 1  # a row was refused
    assert call("subscribers", "imports", "--json").facts[0]["came to"] == {"added": 1, "refused": 1}
    again = call("subscribers", "imports", "--resume", number)
    assert (again.code, "there is nothing to go on with" in again.err) == (1, True)
    undone = call("subscribers", "imports", "--undo", number)
    assert "1 person taken off the list, 1 of them forgotten; 0 left alone" in undone.out
    assert not Subscriber.objects.exists()


def test_a_waiting_import_is_cancelled_once(call, file):
    imported(call, file, "--background")
    number = str(Import.objects.get().pk)
    assert "is cancelled after 0 rows, which stay" in call("subscribers", "imports", "--cancel", number).out
    assert "is cancelled already" in call("subscribers", "imports", "--cancel", number).err
    assert "there is no import 999" in call("subscribers", "imports", "--cancel", "999").err


def test_people_are_exported_to_a_file_or_to_standard_output(call, tmp_path):
    make_subscriber("ada@example.org", name="=Ada")
    make_subscriber("bob@example.org", ("others",))
    file = tmp_path / "out.csv"
    assert "2 rows of people" in call("subscribers", "export", "-o", str(file)).out
    assert {row["email"] for row in table(file)} == {
        "ada@example.org", "bob@example.org",
    }  # fmt: skip
    shown = call("subscribers", "export", "--list", "readers", "--status", "active").out
    assert ("'=Ada" in shown, "bob@" in shown) == (True, False)


def test_suppressions_are_added_listed_exported_imported_and_lifted_with_a_reason(call, tmp_path):
    ada = make_subscriber("ada@example.org")
    assert "is suppressed" in call("suppressions", "add", "ADA@example.org", "--reason", "by phone").out
    assert "is suppressed already" in call("suppressions", "add", "ada@example.org").out
    assert [(one["address"], one["kind"]) for one in call("suppressions", "list", "--json").facts] == [
        ("ada@example.org", "manual"),
    ]
    file = tmp_path / "held.csv"
    call("suppressions", "export", "-o", str(file))
    assert call("suppressions", "lift", "ada@example.org").code == 2
    lifted = call("suppressions", "lift", "ada@example.org", "--reason", "she called again")
    assert "may be written to again (1 person here)" in lifted.out
    assert call("suppressions", "lift", "ada@example.org", "--reason", "x").code == 1
    assert [(one.action, one.note) for one in ada.consents.order_by("pk")] == [
        ("suppressed", "by phone"), ("released", "she called again"),
    ]  # fmt: skip
    result = call("suppressions", "import", str(file))
    assert (result.code, "1 suppressed" in result.out) == (0, True)
    assert Suppression.objects.get().key == "ada@example.org"


def test_who_is_suppressed_is_named_and_stays_out_though_no_row_was_bad(call, tmp_path):
    make_list()
    make_suppression("ada@example.org")
    file = tmp_path / "people.csv"
    file.write_text("email\nada@example.org\n")
    result = imported(call, file)
    assert (result.code, "1 kept out" in result.out) == (0, True)
    assert "line 2: “ada@example.org” suppressed: complained" in result.err
    assert not Subscription.objects.exists()
