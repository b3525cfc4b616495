"""The short form of `make torture`: real processes, killed while they send, and the mail server's own count after."""

import json
import subprocess
import sys

import pytest

from newsletter.bench import postgres

pytestmark = [pytest.mark.processes, pytest.mark.alone]


def tortured(*options):
    command = [sys.executable, "-m", "newsletter", "bench", "torture", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    return found


def look_over(found, people):
    verdict = found["verdict"]
    assert verdict["people"] == people
    assert (verdict["lost"], verdict["twice"], verdict["belied"]) == ([], [], [])
    assert len(verdict["uncertain"]) <= found["allowed"]


def test_kill_nine_at_random_moments_loses_nobody_and_repeats_nobody():
    found = tortured("--only", "kill", "--people", "300", "--times", "4", "--rate", "100")
    look_over(found, 300)
    assert found["allowed"] == 4 * 2 * 4, "two for each of four connections and each of four kills"


@pytest.mark.skipif(not postgres.installed(), reason="no PostgreSQL is installed")
def test_kill_nine_of_one_of_two_workers_loses_nobody_and_repeats_nobody():
    look_over(tortured("--only", "kill-2", "--people", "300", "--times", "3", "--rate", "100"), 300)


@pytest.mark.parametrize("what", ["kill-hours", "kill-variants"])
def test_kill_nine_while_a_part_is_held_loses_nobody_and_gives_each_their_own_at_their_hour(what):
    found = tortured("--only", what, "--people", "120", "--times", "2", "--rate", "60")
    assert found["broken"] == []
    look_over(found, 120)
