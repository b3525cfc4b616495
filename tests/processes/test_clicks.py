"""Readers click while processes are killed, the database is away, the disk is full: who is led on counts once."""

from __future__ import annotations

import base64
import fcntl
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from newsletter.bench import small_disk
from newsletter.bench.postgres import installed, own_server
from tests.processes.conftest import Publication, free_port

pytestmark = pytest.mark.processes
MESSAGES = 20_000


class Readers:
    """People who each follow one link, one after another on a few lines, and know who of them was led on."""

    def __init__(self, folder: Path, *ports: int) -> None:
        self._paths = iter((folder / "paths").read_text().splitlines())
        self._lock, self._stop = threading.Lock(), threading.Event()
        self.led: set[int] = set()
        self.slowest = 0.0
        self._lines = [threading.Thread(target=self._follow, args=(port,)) for port in ports for _ in range(3)]
        for line in self._lines:
            line.start()

    def _follow(self, port: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            self._follow_by(line)

    def _follow_by(self, line: http.client.HTTPConnection) -> None:
        while not self._stop.is_set():
            with self._lock:
                path = next(self._paths)
            began = time.monotonic()
            try:
                line.request("GET", path)
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                line.close()
                time.sleep(0.05)
                continue
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if answer.status == 302 and answer.headers["Location"].startswith("https://example.org/harbours/"):
                    self.led.add(number_in(path))
            time.sleep(0.005)

    def wait_for_more(self, number: int) -> None:
        """Wait until so many more of them have been led on."""
        there, until = len(self.led), time.monotonic() + 120
        while len(self.led) < there + number:
            assert time.monotonic() < until, f"only {len(self.led) - there} more were led on"
            time.sleep(0.01)

    def stop(self) -> None:
        self._stop.set()
        for line in self._lines:
            line.join(60)


def number_in(path: str) -> int:
    """The message that a link's token is of."""
    return int.from_bytes(base64.urlsafe_b64decode(path.rpartition("/")[2] + "=")[:8], "big")


def prepared(publication: Publication) -> Publication:
    """A publication with messages that were sent, and the links in them."""
    publication.readers(0)
    line = [sys.executable, "-m", "newsletter.bench.track_steps", "prepare", str(MESSAGES), "paths", "daily"]
    env = {**publication._env(), "DJANGO_SETTINGS_MODULE": "newsletter.settings"}
    subprocess.run(line, cwd=publication.folder, env=env, check=True, capture_output=True, timeout=300)
    return publication


def listening(port: int) -> bool:
    return b"GIF89a" in asked(port, "/o/x.gif")


def asked(port: int, path: str) -> bytes:
    """What is answered; nothing while nobody does."""
    with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as line:
        line.request("GET", path)
        return line.getresponse().read()
    return b""


def web(publication: Publication) -> subprocess.Popen[str]:
    process = publication.start("web")
    publication.wait_for(lambda: listening(publication.port), "the web server")
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def beside(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a web server has beside it."""
    return [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def all_there(publication: Publication, readers: Readers) -> None:
    """Wait until everybody who was led on is in the database; nobody may be there twice."""
    facts = "SELECT COUNT(*), COUNT(DISTINCT message_id) FROM newsletter_event WHERE kind = 'click'"
    publication.wait_for(lambda: (publication.row(facts) or (0, 0))[1] >= len(readers.led), "every click")
    events, messages = publication.row(facts) or (0, 0)
    assert events == messages
    known = clicked(publication)
    assert readers.led <= known
    # Who was being answered when the process was killed may count, and does not know it.
    assert len(known - readers.led) <= 60
    publication.wait_for(lambda: not unfinished(publication), "the end of the files")


def clicked(publication: Publication) -> set[int]:
    """The messages of which there is a click."""
    join = "string_agg(message_id::text, ' ')" if publication.database_url else "group_concat(message_id, ' ')"
    (numbers,) = publication.row(f"SELECT {join} FROM newsletter_event WHERE kind = 'click'") or ("",)
    return {int(number) for number in numbers.split()}


def unfinished(publication: Publication) -> list[Path]:
    """Files that no process writes to any more, and that are not in the database whole."""
    return [file for file in (publication.folder / "var" / "spool").glob("*.hits") if not held(file)]


def held(file: Path) -> bool:
    with suppress(FileNotFoundError), file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_kill_nine_while_readers_click_loses_no_click_and_counts_none_twice(publication):
    publication.configure()
    process = web(prepared(publication))
    readers = Readers(publication.folder, publication.port)
    for blow in range(2):
        readers.wait_for_more(150)
        if blow:
            # Who brings the hits in dies first, perhaps between the rows and the file.
            for one in beside(process):
                os.kill(one, signal.SIGKILL)
        kill(process)
        process = web(publication)
    readers.wait_for_more(150)
    readers.stop()
    all_there(publication, readers)


def test_who_brings_hits_in_is_started_again_should_it_die(publication):
    publication.configure()
    process = web(prepared(publication))
    (first,) = publication.wait_for(lambda: beside(process), "the process beside")
    os.kill(first, signal.SIGKILL)
    readers = Readers(publication.folder, publication.port)
    readers.wait_for_more(50)
    readers.stop()
    all_there(publication, readers)
    assert beside(process) != [first]
    process.terminate()
    assert process.wait(10) == 0


def test_what_one_of_two_processes_leaves_behind_the_other_brings_in(publication):
    publication.configure()
    first = web(prepared(publication))
    other_port = free_port()
    publication.environment = {"NEWSLETTER_SITE__LISTEN": f"127.0.0.1:{other_port}"}
    publication.start("web")
    publication.wait_for(lambda: listening(other_port), "the second web server")
    readers = Readers(publication.folder, publication.port, other_port)
    readers.wait_for_more(200)
    kill(first)
    readers.wait_for_more(200)
    readers.stop()
    all_there(publication, readers)


@pytest.mark.skipif(not installed(), reason="there is no PostgreSQL to set up")
def test_links_lead_on_while_the_database_is_away_also_after_a_restart_and_all_of_it_counts(tmp_path):
    with own_server() as server:
        publication = Publication(tmp_path / "publication", server.database("clicks"))
        publication.folder.mkdir()
        publication.configure()
        try:
            process = web(prepared(publication))
            readers = Readers(publication.folder, publication.port)
            readers.wait_for_more(100)
            server.stop()
            readers.wait_for_more(200)
            kill(process)
            process = web(publication)
            readers.wait_for_more(200)
            # Who brings them in has the last turn at the processor, and may see only late that there is no database.
            told = "opens and clicks do not get into the database, and wait in"
            publication.wait_for(lambda: told in publication.log(), "word of it")
            server.start()
            readers.wait_for_more(100)
            readers.stop()
            all_there(publication, readers)
        finally:
            publication.stop_all()


@pytest.mark.skipif(not small_disk.possible(), reason="no file system can be mounted here")
def test_a_full_disk_keeps_nobody_from_the_destination_and_is_told(publication):
    file = publication.folder / "elsewhere" / "news.sqlite3"
    file.parent.mkdir()
    publication.configure(database={"url": publication.database_url or f"sqlite:///{file}"})
    shutil.rmtree(publication.folder / "var", ignore_errors=True)
    with small_disk.mounted(publication.folder / "var") as disk:
        # The rows are asked for where `row` looks for SQLite.
        process = web(prepared(publication))
        small_disk.fill(disk)
        readers = Readers(publication.folder, publication.port)
        readers.wait_for_more(300)
        readers.stop()
        assert b"No space left on device" in asked(publication.port, "/healthz")
        assert "opens and clicks cannot be kept" in publication.log()
        small_disk.free(disk)
        process.terminate()
        assert process.wait(10) == 0


def test_another_server_answers_links_in_the_same_way(publication):
    publication.configure()
    prepared(publication)
    serve = (
        "from wsgiref.simple_server import make_server; from newsletter.wsgi import application; "
        f"make_server('127.0.0.1', {publication.port}, application).serve_forever()"
    )
    env = {**publication._env(), "DJANGO_SETTINGS_MODULE": "newsletter.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", serve], cwd=publication.folder, env=env, stderr=subprocess.DEVNULL
    )
    try:
        publication.wait_for(lambda: listening(publication.port), "the other server")
        readers = Readers(publication.folder, publication.port)
        readers.wait_for_more(30)
        readers.stop()
        all_there(publication, readers)
    finally:
        process.kill()
        process.wait()
