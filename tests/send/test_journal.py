"""The journal: what a lane that died had done, as far as it matters, is known to whoever comes next."""

import errno
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from newsletter.models import Hold, Issue, Message
from newsletter.send import journal as journals
from newsletter.send import recover
from newsletter.send.journal import Journal, left_behind
from newsletter.send.transports import Outcome, State
from subscribers.audience import Audience
from tests.send.conftest import states

ROOT = Path(__file__).parents[2]
CLAIM = uuid4()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journals"


def left(folder):
    return list(left_behind(folder))


def test_what_was_written_is_found_once_nobody_holds_it_and_only_once(folder):
    journal = Journal(folder)
    journal.open(CLAIM, 10)
    journal.begin(["1", "2"])
    journal.answer(Outcome("1", State.SUBMITTED, "250 ok\r\n2.0.0 “merci” 🚀"))
    journal.begin(["3"])
    journal.unsent(["3"])
    journal.answer(Outcome("4", State.BOUNCED, ""))
    assert left(folder) == []  # it is held
    journal.leave()
    (found,) = left(folder)
    assert (found.claim, found.whole, found.begun) == (CLAIM, True, {"1", "2"})
    assert found.answers == {
        "1": Outcome("1", State.SUBMITTED, "250 ok 2.0.0 “merci” 🚀"), "4": Outcome("4", State.BOUNCED)
    }  # fmt: skip
    assert left(folder) == []
    assert list(folder.iterdir()) == []


def test_a_journal_that_was_cleared_or_closed_says_nothing(folder):
    with Journal(folder) as journal:
        journal.open(CLAIM, 10)
        journal.begin(["1"])
        journal.clear()
        journal.leave()
        assert left(folder)[0].claim is None
    with Journal(folder) as journal:
        journal.open(CLAIM, 10)
        journal.clear()
    assert list(folder.iterdir()) == []


def test_a_new_sheet_leaves_nothing_of_the_one_before(folder):
    journal = Journal(folder)
    journal.open(uuid4(), 10)
    journal.begin(["1", "2", "3"])
    journal.clear()
    journal.open(CLAIM, 10)
    journal.leave()
    (found,) = left(folder)
    assert (found.claim, found.begun, found.answers) == (CLAIM, set(), {})


def test_what_the_database_has_not_heard_is_left_to_the_next_whatever_the_lane_does_then(folder):
    with Journal(folder) as journal:
        journal.open(CLAIM, 1)
        journal.open(other := uuid4(), 1)
    found = left(folder)
    assert {one.claim for one in found} == {CLAIM, other}
    assert {one.lane for one in found} == {journal.name}


@pytest.mark.parametrize("cut", range(1, 30, 4))
def test_a_record_cut_short_does_not_count(folder, cut):
    journal = Journal(folder)
    journal.open(CLAIM, 10)
    journal.begin(["17"])
    journal.answer(Outcome("17", State.SUBMITTED, "250 queued as 4F2A"))
    journal.leave()
    (file,) = folder.iterdir()
    whole = file.read_bytes().rstrip(b"\0")
    file.write_bytes(whole[:-cut])
    (found,) = left(folder)
    assert (found.begun, found.answers) == ({"17"}, {})


def test_an_answer_however_long_stays_within_the_room_that_was_kept_for_it(folder):
    journal = Journal(folder)
    journal.open(CLAIM, 3)
    (file,) = folder.iterdir()
    size = file.stat().st_size
    for ref in ("1234567890123", "2234567890123", "3234567890123"):
        journal.begin([ref])
        journal.answer(Outcome(ref, State.DEFERRED, "451 " + "é" * 5000))
    assert file.stat().st_size == size
    journal.leave()
    assert len(left(folder)[0].answers) == 3


def test_a_disk_without_room_stops_a_sheet_before_it_begins(folder):
    """The size of files is limited as a full disk would limit it; the signal that goes with that is ignored."""
    program = (
        "import resource, signal, sys, uuid, pathlib\n"
        "from newsletter.send.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "journal = Journal(pathlib.Path(sys.argv[1]))\n"
        "journal.open(uuid.uuid4(), 10)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    journal.open(uuid.uuid4(), 1000)\n"
        "except OSError as error:\n"
        "    sys.exit(error.errno)\n"
    )
    assert child(program, folder).returncode == errno.EFBIG


def child(program, folder):
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)}
    lines = [sys.executable, "-c", f"import django; django.setup()\n{program}", str(folder)]
    return subprocess.run(lines, env=env, cwd=ROOT, timeout=60, capture_output=True)


def test_the_journal_of_a_killed_process_holds_all_that_it_wrote(folder):
    program = (
        "import os, signal, sys, uuid, pathlib\n"
        "from newsletter.send.journal import Journal\n"
        "from newsletter.send.transports import Outcome, State\n"
        f"journal = Journal(pathlib.Path(sys.argv[1]))\njournal.open(uuid.UUID('{CLAIM}'), 10)\n"
        "journal.begin(['1'])\njournal.answer(Outcome('1', State.SUBMITTED, 'ok'))\njournal.begin(['2'])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert child(program, folder).returncode == -signal.SIGKILL
    (found,) = left(folder)
    assert (found.claim, found.begun, set(found.answers)) == (CLAIM, {"1", "2"}, {"1"})


# ── what becomes of the messages ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def dead(sending, config, now):
    """An issue of four whose lane died: one answered, one refused for the moment, one begun, one not."""

    def make(clearly=True):
        issue = sending(4)
        hold = Hold(uuid4(), "fake", now, now + timedelta(minutes=5))
        journal = Journal(config.var / "journals")
        journal.open(hold.claim, 4)
        due = Message.take(issue, [""], 4, hold, Audience(("readers",)))
        refs = [str(one.number) for one in due]
        journal.begin(refs[:1])
        journal.answer(Outcome(refs[0], State.SUBMITTED, "250 ok"))
        journal.answer(Outcome(refs[1], State.DEFERRED, "451 later"))
        journal.begin(refs[2:3])
        journal.leave()
        return issue

    return make


@pytest.mark.django_db
def test_a_claim_that_reaches_the_database_after_its_journal_was_looked_at_is_not_uncertain(sending, config, now):
    """A process may be killed between asking and being answered; what it asked is done all the same."""
    issue = sending(3)
    journal = Journal(config.var / "journals")
    journal.open(CLAIM, 3)
    journal.leave()
    assert recover(config, now) == 0
    Message.take(issue, [""], 3, Hold(CLAIM, "fake", now, now + timedelta(minutes=5)), Audience(("readers",)))
    assert recover(config, now) == 3
    assert states(issue) == {"pending": 3}


@pytest.mark.django_db
def test_a_journal_of_whose_claim_the_database_never_heard_is_taken_away(config, now):
    journal = Journal(config.var / "journals")
    journal.open(CLAIM, 3)
    journal.leave()
    (file,) = (config.var / "journals").iterdir()
    os.utime(file, (long_ago := time.time() - 60, long_ago))
    recover(config, now)
    assert not file.exists()


STATES = ["submitted", "deferred", "uncertain", "pending"]


def in_order(issue):
    return list(issue.messages.order_by("pk").values_list("state", flat=True))


@pytest.mark.django_db
def test_what_a_dead_lane_left_is_settled_without_waiting_for_its_lease(dead, config, now):
    issue = dead()
    assert recover(config, now) == 4
    assert in_order(issue) == STATES
    assert list(issue.messages.order_by("pk").values_list("attempts", flat=True)) == [1, 1, 1, 0]
    assert issue.messages.get(state="deferred").retry_at == now + config.send.retry.first
    assert not issue.messages.exclude(claim=None, lease_until=None).exists()
    assert recover(config, now) == 0


@pytest.mark.django_db
def test_a_journal_found_after_the_lease_has_lapsed_still_says_what_happened_and_reopens_the_issue(dead, config, now):
    issue = dead()
    assert Message.lapse(now + timedelta(minutes=6), timedelta(minutes=5)) == 4
    issue.go(Issue.Status.SENT, finished_at=now)
    recover(config, now + timedelta(minutes=7))
    assert in_order(issue) == STATES
    issue.refresh_from_db()
    assert (issue.status, issue.finished_at) == (Issue.Status.SENDING, None)


@pytest.mark.django_db
def test_what_a_person_has_decided_meanwhile_is_not_overruled_by_a_journal(dead, config, now):
    issue = dead()
    Message.lapse(now + timedelta(minutes=6), timedelta(minutes=5))
    issue.messages.update(state=State.FAILED, claim=None, lease_until=None, reason="given up by Grace")
    assert recover(config, now) == 0
    assert states(issue) == {"failed": 4}


@pytest.mark.django_db
def test_a_journal_of_before_the_machine_last_started_is_not_believed_in_what_it_leaves_out(dead, config, now):
    """After a loss of power its last records may be missing: what it does not name may have been on the wire."""
    issue = dead()
    (file,) = (config.var / "journals").iterdir()
    boot = journals._boot()
    file.write_bytes(file.read_bytes().replace(boot.encode(), b"0" * len(boot)))
    recover(config, now)
    assert in_order(issue) == ["submitted", "deferred", "uncertain", "uncertain"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("record", "then"),
    [
        (b"= {0} submitted", ["uncertain", "deferred", "uncertain", "uncertain"]),
        (b"> {2}", ["submitted", "deferred", "uncertain", "uncertain"]),
        (b"sheet ", ["submitting"] * 4),
    ],
    ids=["answer", "begun", "claim"],
)
def test_a_journal_with_a_hole_in_it_is_believed_in_the_rest_and_keeps_nobody_waiting(dead, config, now, record, then):
    """A loss of power may leave zeros where a page was not yet written."""
    issue = dead()
    (file,) = (config.var / "journals").iterdir()
    for at, number in enumerate(issue.messages.order_by("pk").values_list("pk", flat=True)):
        record = record.replace(b"{%d}" % at, b"%d" % number)
    assert record in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(record, record[:-5] + bytes(5)))
    recover(config, now)
    assert in_order(issue) == then
    assert list((config.var / "journals").iterdir()) == []


@pytest.mark.django_db
def test_what_is_no_journal_or_may_not_be_read_keeps_nobody_from_the_others(dead, config, now):
    issue, folder = dead(), config.var / "journals"
    (folder / "0-notes.journal").write_text("not ours")
    (folder / "0-folder.journal").mkdir()
    recover(config, now)
    assert in_order(issue) == STATES
