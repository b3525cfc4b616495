"""`newsletter bench webhooks`: a small run of it goes end to end, and finds every event where it belongs."""

import json
import subprocess
import sys

import pytest

from newsletter.bench.publication import environment

pytestmark = pytest.mark.processes


def test_a_small_run_counts_every_event_once(tmp_path):
    much = ("--messages", "1000", "--posts", "2", "--runs", "1", "--json")
    line = [sys.executable, "-m", "newsletter", "bench", "webhooks", *much]
    done = subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = {one["name"]: one for one in json.loads(done.stdout)}
    rate = next(one for name, one in figures.items() if name.startswith("events, a third of them duplicates"))
    assert rate["value"] > 0
    assert "1,334 of them new" in done.stderr
