"""Where links lead is known before their first click comes, and without the database."""

import pytest
from django.db import connection

from newsletter.models import Link
from newsletter.track.looking import Looking, ask
from newsletter.track.ways import Destination, Known
from tests.factories import make_issue, make_link

DATABASE = "postgresql://127.0.0.1/one"
THERE = {7: Destination(1, "https://example.org/ü?%20#x"), 8: Destination(2, "")}


@pytest.fixture
def known(tmp_path):
    return Known(tmp_path / "destinations", DATABASE)


def again(known):
    """What the next process knows."""
    return Known(known._file, DATABASE)


def test_the_next_process_knows_it_from_the_file(known):
    known.learn(THERE)
    known.keep()
    assert [again(known).get(number) for number in (7, 8, 9)] == [*THERE.values(), None]


def test_another_databases_links_are_not_ours(known):
    known.learn(THERE)
    known.keep()
    assert len(Known(known._file, "postgresql://127.0.0.1/two")) == 0


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{}\n", b'{"links of": "x"}\n', b"7\t1\thttps://example.org\n"])
def test_a_file_that_cannot_be_read_is_as_good_as_none(known, data):
    known._file.write_bytes(data)
    assert len(again(known)) == 0


def test_a_file_that_cannot_be_written_is_told_and_no_harm(known, caplog):
    known._file.mkdir()
    known.learn(THERE)
    known.keep()
    known.keep()
    assert caplog.text.count("is not kept") == 1
    assert known.get(7) == THERE[7]
    known._file.rmdir()
    known.keep()
    assert again(known).get(7) == THERE[7]


@pytest.mark.django_db
def test_new_links_are_known_at_the_next_look_and_kept(known):
    looking, first = Looking(known), make_link(make_issue(), "https://example.org/1")
    looking.look(0)
    second = make_link(first.issue, "https://bücher.example/2")
    looking.look(2)
    assert known.get(first.pk) == Destination(first.issue_id, "https://example.org/1")
    assert again(known).get(second.pk).location == "https://xn--bcher-kva.example/2"


@pytest.mark.django_db
def test_a_link_whose_transaction_ended_after_that_of_a_later_one_is_known_too(known):
    looking, issue = Looking(known), make_issue()
    early = make_link(issue, "https://example.org/early")
    row = Link.objects.filter(pk=early.pk).values().get()
    late = make_link(issue, "https://example.org/late")
    early.delete()
    looking.look(0)
    looking.look(2)
    assert known.get(row["id"]) is None
    Link.objects.create(**row)
    looking.look(4)
    assert known.get(row["id"]).location == "https://example.org/early"
    assert known.get(late.pk)


@pytest.mark.django_db
def test_links_that_are_gone_are_forgotten_within_minutes(known):
    looking, issue = Looking(known), make_issue()
    gone, stays = make_link(issue, "https://example.org/1"), make_link(issue, "https://example.org/2")
    looking.look(0)
    number = gone.pk
    gone.delete()
    looking.look(30)
    looking.look(61)
    assert (known.get(number), again(known).get(number)) == (None, None)
    assert known.get(stays.pk)


@pytest.mark.django_db
def test_what_an_earlier_process_knew_wrong_is_put_right(known):
    link = make_link(make_issue(), "https://example.org/right")
    known.learn({link.pk: Destination(1, "https://example.org/wrong"), 987654321: Destination(1, "https://x.example")})
    Looking(known).look(0)
    assert known.get(link.pk).location == "https://example.org/right"
    assert known.get(987654321) is None


@pytest.mark.django_db
def test_looking_when_there_is_nothing_new_asks_little(known, django_assert_num_queries):
    looking = Looking(known)
    make_link(make_issue())
    looking.look(0)
    with django_assert_num_queries(1):
        looking.look(2)


@pytest.mark.django_db
def test_a_link_that_is_not_known_is_asked_for(known):
    link = make_link(make_issue())
    assert (ask(known, link.pk), ask(known, 987654321)) == (True, False)
    assert known.get(link.pk)


@pytest.mark.django_db
def test_what_was_asked_for_is_kept_with_the_next_look(known):
    link = make_link(make_issue())
    ask(known, link.pk)
    Looking(known).look(0)
    assert again(known).get(link.pk) == known.get(link.pk)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_told_from_one_that_says_no(known):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE newsletter_link RENAME TO away")
    try:
        assert ask(known, 1) is None
        Looking(known).try_to_look(0)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO newsletter_link")
