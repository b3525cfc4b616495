"""An import whose process is killed in the middle, again and again, brings everybody in, and nobody twice."""

import signal
import time

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
