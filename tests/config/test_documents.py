"""What the documents say of the code is there."""

import re
from pathlib import Path

import pytest

from newsletter.models import Message
from newsletter.pipeline import JOBS

ROOT = Path(__file__).parents[2]
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("file", "test"), re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", GUARANTEES))
def test_every_test_that_a_promise_rests_on_exists(file, test):
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_state_of_a_message_is_explained():
    rows = re.findall(r"^\| `(\w+)` \| \w", GUARANTEES, re.MULTILINE)
    assert sorted(rows) == sorted(state.value for state in Message.State)


def test_every_job_is_named():
    assert f"lists the jobs: {', '.join(job.name for job in JOBS)}." in " ".join(ARCHITECTURE.split())


@pytest.mark.parametrize("name", re.findall(r"`((?:newsletter|templates|docs)/[\w/.]+)`", ARCHITECTURE))
def test_every_file_that_is_named_exists(name):
    assert name == "templates/email/" or (ROOT / name).exists()
