"""Hits stand in files before they are answered, whole, and in no file for long."""

import fcntl
import os

import pytest

from newsletter.bench import small_disk
from newsletter.track.hits import BadLine, Hit, told
from newsletter.track.spool import AGE, Spool, drop, opened, pages, stuck, waiting


def hit(number=1, **fields):
    return Hit(**{"kind": "click", "message": number, "link": 7, "at": 1764_000_000.5, "method": "GET", **fields})


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.leave()


def read(folder):
    """All hits of a folder, whether each file is complete, and the lines that hold none."""
    found, complete, bad = [], [], 0
    for file in waiting(folder):
        with opened(file) as (handle, is_complete):
            complete.append(is_complete)
            for page in pages(handle, 0, is_complete):
                found += page.hits
                bad += page.bad
    return found, complete, bad


def test_a_hit_can_be_read_as_soon_as_it_is_written(spool, tmp_path):
    whole = hit(agent="Mail/1 (é 🐋)", address="2001:db8::1", purpose="prefetch")
    spool.write(whole)
    assert read(tmp_path / "spool") == ([whole], [False], 0)
    spool.leave()
    assert read(tmp_path / "spool") == ([whole], [True], 0)


def test_a_process_that_sees_nothing_leaves_no_file(spool, tmp_path):
    spool.leave()
    assert not (tmp_path / "spool").exists()


def test_a_file_that_is_large_is_left_for_another(tmp_path):
    spool = Spool(tmp_path, size=300)
    for number in range(20):
        spool.write(hit(number))
    found, complete, _ = read(tmp_path)
    assert sorted(one.message for one in found) == list(range(20))
    assert complete.count(False) == 1
    assert all(file.stat().st_size <= 300 for file in waiting(tmp_path))


def test_a_file_is_left_after_a_while_however_small(tmp_path):
    now = [0.0]
    spool = Spool(tmp_path, clock=lambda: now[0])
    spool.write(hit())
    now[0] = AGE - 1
    spool.leave_if_old()
    assert read(tmp_path)[1] == [False]
    now[0] = AGE + 1
    spool.leave_if_old()
    assert read(tmp_path)[1] == [True]


def test_what_nobody_finishes_is_told_after_a_while(spool, tmp_path):
    spool.write(hit())
    written = waiting(tmp_path / "spool")[0].stat().st_mtime
    assert not stuck(tmp_path / "spool", written + AGE)
    assert stuck(tmp_path / "spool", written + 2 * AGE + 1)


def test_a_line_that_was_cut_short_waits_for_its_end_and_counts_nothing_without_one(spool, tmp_path):
    spool.write(hit(1))
    file = waiting(tmp_path / "spool")[0]
    with file.open("ab") as torn:
        torn.write(hit(2).line()[:-9])
    assert read(tmp_path / "spool") == ([hit(1)], [False], 0)
    spool.leave()
    assert read(tmp_path / "spool") == ([hit(1)], [True], 1)


def test_holes_that_a_loss_of_power_has_left_take_no_other_hit_with_them(tmp_path):
    (tmp_path / "x.hits").write_bytes(hit(1).line() + bytes(4096) + b"\n" + hit(2).line())
    assert read(tmp_path) == ([hit(1), hit(2)], [True], 1)


@pytest.mark.parametrize("size", [1, 1 << 18, (1 << 18) + 1, 700_000])
def test_a_long_file_is_read_to_its_end_wherever_its_pages_end(tmp_path, size):
    number = size // len(hit(10_000).line()) + 1
    (tmp_path / "x.hits").write_bytes(b"".join(hit(10_000 + at).line() for at in range(number)))
    assert [one.message for one in read(tmp_path)[0]] == list(range(10_000, 10_000 + number))


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\0\0\0\n", b"open\t1\n", hit().line()[:-20], hit(-1).line(), hit(1 << 63).line(), hit(at=1e300).line(),
        hit(at=float("nan")).line(), hit(kind="like").line(), hit(agent="a\0b").line(), b"\xff" * 50, b"\t" * 7,
    ],
)  # fmt: skip
def test_what_is_no_hit_is_none(line):
    with pytest.raises(BadLine):
        Hit.read(line)


def test_nothing_that_a_program_calls_itself_breaks_a_line():
    agent = told("a\tb\r\nc\0\x85\u2028d\u2029 é 🐋".encode() + b"\xff\xfe")
    assert Hit.read(hit(agent=agent).line()).agent == agent
    assert agent.startswith("abcd é 🐋")
    assert len(told(b"x" * 100_000)) == 500


@pytest.mark.skipif(not small_disk.possible(), reason="no file system can be mounted here")
def test_a_full_disk_loses_hits_loudly_and_keeps_those_before_and_after(tmp_path, caplog):
    with small_disk.mounted(tmp_path / "disk") as disk:
        spool = Spool(disk / "spool")
        spool.write(hit(1))
        small_disk.fill(disk)
        number = 2
        while not spool.fault:
            spool.write(hit(number, agent="x" * 400))
            number += 1
        assert (spool.lost, spool.fault) == (1, "No space left on device")
        assert "do not count: No space left on device (1 lost so far)" in caplog.text
        spool.write(hit(number, agent="x" * 400))
        assert (spool.lost, caplog.text.count("do not count")) == (2, 1)
        small_disk.free(disk)
        spool.write(hit(99))
        assert spool.fault == ""
        spool.leave()
        found, _, bad = read(disk / "spool")
        assert ([one.message for one in found], bad) == ([*range(1, number - 1), 99], 0)


def test_a_folder_that_cannot_be_made_costs_the_reader_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    spool = Spool(tmp_path / "file")
    spool.write(hit())
    assert spool.lost == 1


def test_who_comes_upon_a_file_just_made_does_not_take_it_for_a_dead_process(spool, tmp_path):
    spool.write(hit())
    handle = os.open(waiting(tmp_path / "spool")[0], os.O_RDONLY)
    os.close(handle)
    assert read(tmp_path / "spool")[1] == [False]


def test_who_looks_at_a_file_just_made_does_not_keep_the_writer_waiting(spool, tmp_path, monkeypatch):
    """Whoever brings hits in may have it open for as long as a database hangs, and the writer answers readers."""
    held, lock = [], fcntl.flock

    def slower(handle, how):
        assert how & fcntl.LOCK_NB, "it would wait"
        if not held:
            (file,) = waiting(tmp_path / "spool")
            held.append(os.open(file, os.O_RDWR))
            lock(held[0], fcntl.LOCK_EX)
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", slower)
    spool.write(hit())
    os.close(held[0])
    assert (spool.lost, [one.message for one in read(tmp_path / "spool")[0]]) == (0, [1])


def test_a_file_is_gone_for_good_before_anybody_says_so(spool, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append((os.fstat(handle).st_ino, list(waiting(folder)))))
    folder = tmp_path / "spool"
    spool.write(hit())
    drop(*waiting(folder))
    assert synced == [(folder.stat().st_ino, [])]
