"""Giving somebody a copy of their data, and erasing them, on the command line."""

import io
import json
import os
import stat
import zipfile

import pytest

from newsletter.models import Reply
from subscribers.models import Consent, Import, Subscriber, Suppression, Upload
from tests.factories import make_message, make_reply, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def ada():
    person = make_subscriber("ada@example.org", name="Ada <script>", fields={"city": "Paris"})
    make_message(subscriber=person, issue=make_sent_issue())
    return person


def test_the_copy_is_a_zip_that_only_its_owner_may_read(call, ada, tmp_path):
    target = tmp_path / "ada.zip"
    done = call("subscribers", "data", "ADA@example.org", "-o", str(target))
    assert (done.code, f"{target} holds" in done.out) == (0, True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == ["your-data.html", "your-data.json"]
        facts = json.loads(archive.read("your-data.json"))
        page = archive.read("your-data.html").decode()
    assert (facts["address"], facts["person"][0]["fields"]) == ("ada@example.org", {"city": "Paris"})
    assert "city: Paris" in page
    assert "<script>" not in page


def test_that_a_copy_was_given_is_noted(call, ada, tmp_path):
    call("subscribers", "data", "ada@example.org", "-o", str(tmp_path / "a.zip"))
    noted = Consent.objects.get()
    assert (noted.subscriber, noted.action, noted.source) == (ada, "exported", "command")


def test_a_file_that_is_there_is_not_written_over(call, ada, tmp_path):
    (tmp_path / "a.zip").write_text("mine")
    done = call("subscribers", "data", "ada@example.org", "-o", str(tmp_path / "a.zip"))
    assert (done.code, "exists already" in done.err) == (1, True)
    assert (tmp_path / "a.zip").read_text() == "mine"
    assert not Consent.objects.exists()


def test_the_same_as_json_goes_to_standard_output_and_gives_nobody_a_copy(call, ada):
    done = call("subscribers", "data", "ada@example.org", "--json")
    assert done.facts["messages"][0]["state"] == "Submitted"
    assert not Consent.objects.exists()


@pytest.mark.parametrize("verb", ["data", "erase"])
def test_an_address_that_is_nowhere_is_a_problem(call, verb):
    done = call("subscribers", verb, "nobody@example.org")
    assert (done.code, "nothing is kept of nobody@example.org" in done.err) == (1, True)


@pytest.mark.parametrize("verb", ["data", "erase"])
def test_what_is_no_address_is_a_problem(call, verb):
    assert call("subscribers", verb, "nobody").code == 1


def test_without_a_terminal_it_takes_a_yes(call, ada):
    done = call("subscribers", "erase", "ada@example.org")
    assert (done.code, "say --yes" in done.err) == (1, True)
    assert Subscriber.objects.exists()


@pytest.mark.parametrize(("typed", "left", "code"), [("y\n", 0, 0), ("n\n", 1, 1), ("\n", 1, 1)])
def test_on_a_terminal_it_shows_what_there_is_and_asks(call, ada, monkeypatch, typed, left, code):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    done = call("subscribers", "erase", "ada@example.org")
    assert (done.code, Subscriber.objects.count()) == (code, left)
    assert "messages (1 row)" in done.out


def test_erasing_says_what_went_and_doing_it_again_that_it_is_done(call, ada):
    first = call("subscribers", "erase", "ada@example.org", "--yes")
    assert (first.code, "person (1 row), subscriptions (1 row), messages (1 row)" in first.out) == (0, True)
    again = call("subscribers", "erase", "ada@example.org", "--yes")
    assert (again.code, "was erased before" in again.out) == (0, True)
    assert Suppression.objects.get().kind == "erased"
    assert Consent.objects.get().source == "command"


def test_erasing_as_json(call, ada):
    assert call("subscribers", "erase", "ada@example.org", "--yes", "--json").facts["erased"]["messages"] == 1
    assert call("subscribers", "erase", "ada@example.org", "--yes", "--json").facts["erased"] == {}


def test_replies_can_be_left_without_the_name(call, ada):
    make_reply(subscriber=ada, text="A good read", author_name="Ada")
    call("subscribers", "erase", "ada@example.org", "--keep-replies", "--yes")
    assert (Reply.objects.get().text, Reply.objects.get().author_name) == ("A good read", "")


def test_a_file_that_waits_to_be_imported_is_named(call, ada):
    Upload.objects.create(of=Import.objects.create(file_name="people.csv", status="ready"), number=1, data=b"x")
    done = call("subscribers", "erase", "ada@example.org", "--yes")
    assert (done.code, "people.csv" in done.err) == (0, True)


def test_the_copy_of_who_was_erased_still_shows_what_the_fingerprint_stands_beside(call, ada, tmp_path, monkeypatch):
    call("subscribers", "erase", "ada@example.org", "--yes")
    monkeypatch.chdir(tmp_path)
    facts = call("subscribers", "data", "ada@example.org", "--json").facts
    assert (facts["person"], facts["consents"][0]["what"]) == ([], "Erased")
    assert call("subscribers", "data", "ada@example.org").code == 0
    assert [name for name in os.listdir(tmp_path) if name.startswith("your-data-")]


def test_a_person_is_shown_with_words_and_not_with_counts(call, ada):
    ada.fields = {"city": "Paris\x1b[2J", "orders": 3, "vip": True}
    ada.save()
    shown = " ".join(call("subscribers", "show", "ada@example.org").out.split())
    assert "city: Paris" in shown
    assert "orders: 3, vip: True" in shown
    assert "readers: active" in shown
    assert "\x1b[2J" not in shown
