"""An import whose process is killed in the middle, again and again, brings everybody in, and nobody twice."""

import signal
import sqlite3
import time

import psycopg
import pytest

pytestmark = pytest.mark.processes

ROWS = 30_000


def people(publication):
    """A file of 30,000 rows: some known to be no address, and some there twice."""
    file = publication.folder / "people.csv"
    with file.open("w") as out:
        out.write("email,name,city\n")
        for number in range(ROWS):
            email = "nobody" if number % 1000 == 7 else f"reader{number % 29_000}@people.example.org"
            out.write(f"{email},Reader {number},Rome\n")
    return file


def only(publication):
    return publication.facts("subscribers", "imports")[0]


def done(publication):
    row = publication.row("SELECT COALESCE(MAX(rows_done), 0) FROM subscribers_import")
    return row[0] if row else 0


def expect_everybody_once(publication):
    job = only(publication)
    assert (job["status"], job["rows"], job["of"]) == ("done", ROWS, ROWS)
    refused = sum(number % 1000 == 7 for number in range(ROWS))
    good = {number % 29_000 for number in range(ROWS) if number % 1000 != 7}
    counts = job["came to"]
    assert counts == {"added": len(good), "refused": refused, "repeated": ROWS - refused - len(good)}
    assert publication.row("SELECT COUNT(*), COUNT(DISTINCT key) FROM subscribers_subscriber") == (len(good),) * 2
    assert (
        publication.row("SELECT COUNT(*), COUNT(DISTINCT subscriber_id) FROM subscribers_subscription")
        == (len(good),) * 2
    )
    assert publication.row("SELECT COUNT(*) FROM subscribers_consent WHERE action = 'imported'") == (len(good),)
    assert publication.row("SELECT COUNT(*) FROM subscribers_refusal") == (ROWS - len(good),)
    assert publication.row("SELECT COUNT(*) FROM subscribers_upload") == (0,)


def test_an_import_that_is_killed_again_and_again_goes_on_where_it_was(publication):
    publication.configure(newsletter={"lists": [{"name": "readers"}]})
    file = people(publication)
    assert publication.command("migrate").returncode == 0
    process = publication.start("subscribers", "import", str(file), "--list", "readers")
    for goal in (1, 10_000, 20_000):
        publication.wait_for(lambda goal=goal: done(publication) >= goal, f"{goal} rows")
        time.sleep(0.05 * (goal % 7))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert done(publication) % 5000 == 0
        process = publication.start("subscribers", "imports", "--resume", str(only(publication)["import"]))
    assert process.wait(120) == 1, publication.log()  # rows were refused
    expect_everybody_once(publication)


def change(publication, statement):
    """Do something to the database, beside the program."""
    if publication.database_url:
        with psycopg.connect(publication.database_url) as server:
            server.execute(statement)
        return
    with sqlite3.connect(publication.folder / "var" / "newsletter.sqlite3", timeout=30) as file:
        file.execute(statement)


def test_an_undoing_that_is_killed_again_and_again_takes_everybody_back_once(publication):
    publication.configure(newsletter={"lists": [{"name": "readers"}]})
    assert publication.command("migrate").returncode == 0
    publication.command("subscribers", "import", str(people(publication)), "--list", "readers")
    job = only(publication)
    brought = job["came to"]["added"]
    change(
        publication, "UPDATE subscribers_subscription SET status = 'unsubscribed', source = 'mail' WHERE id % 1000 = 0"
    )
    left = publication.row("SELECT COUNT(*) FROM subscribers_subscription WHERE status = 'unsubscribed'")[0]

    def gone():
        return brought - publication.row("SELECT COUNT(*) FROM subscribers_subscription")[0]

    undo = ("subscribers", "imports", "--undo", str(job["import"]))
    process = publication.start(*undo)
    for goal in (1, 5000, 10_000):
        publication.wait_for(lambda goal=goal: gone() >= goal, f"{goal} taken back")
        time.sleep(0.05 * (goal % 7))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process = publication.start(*undo)
    assert process.wait(120) == 0, publication.log()
    assert (only(publication)["status"], gone()) == ("undone", brought - left)
    assert publication.row("SELECT COUNT(*) FROM subscribers_consent WHERE action = 'removed'") == (brought - left,)
    assert publication.row("SELECT COUNT(*) FROM subscribers_subscriber") == (left,)
    assert f"{brought - left} people taken off the list, {brought - left} of them forgotten; {left} left alone" in (
        publication.log()
    )


@pytest.mark.alone
def test_the_running_program_carries_an_import_on_and_stops_at_once_when_asked(publication):
    publication.configure(newsletter={"lists": [{"name": "readers"}]})
    file = people(publication)
    assert publication.command("migrate").returncode == 0
    begun = publication.command("subscribers", "import", str(file), "--list", "readers", "--background")
    assert (begun.returncode, "waits for its turn" in begun.stdout) == (0, True), begun.stderr
    program = publication.start("run")
    publication.wait_for(lambda: done(publication) > 0, "the first rows")
    program.send_signal(signal.SIGTERM)
    assert program.wait(10) == 0
    publication.start("run")
    publication.wait_for(lambda: publication.row("SELECT status FROM subscribers_import") == ("done",), "the end")
    expect_everybody_once(publication)


def test_the_deleting_of_a_list_that_is_killed_on_the_way_takes_everybody_off_once(publication):
    publication.configure(newsletter={"lists": [{"name": "readers"}]})
    assert publication.command("migrate").returncode == 0
    publication.python("from subscribers.models import List; List.objects.create(name='extra')")
    publication.command("subscribers", "import", str(people(publication)), "--list", "extra")
    brought = only(publication)["came to"]["added"]
    begin = (
        "from django.utils import timezone; from subscribers import deleting; from subscribers.models import List;"
        "deleting.begin(List.objects.get(name='extra'), timezone.now(), 'ada')"
    )
    publication.python(begin)

    def left():
        return publication.row("SELECT COUNT(*) FROM subscribers_subscription")[0]

    for goal in (brought - 1, brought - 8000):
        program = publication.start("run")
        publication.wait_for(lambda goal=goal: left() <= goal, f"{goal} left")
        program.send_signal(signal.SIGKILL)
        program.wait(10)
    publication.start("run")
    gone = "SELECT COUNT(*) FROM subscribers_list WHERE name <> 'readers'"
    publication.wait_for(lambda: publication.row(gone) == (0,), "the end")
    assert left() == 0
    noted = "FROM subscribers_consent WHERE action = 'removed' AND list_id IS NULL AND list_name = 'extra'"
    assert publication.row(f"SELECT COUNT(*), COUNT(DISTINCT subscriber_id) {noted}") == (brought, brought)
