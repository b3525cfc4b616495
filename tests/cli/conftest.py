"""Commands called in this process, on the test's own publication; and the same in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli import main
from newsletter.models import Issue
from tests.factories import make_issue, make_item, make_subscriber


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Call = Callable[..., Result]


@pytest.fixture
def config(settings, make_config, tmp_path):
    """The configuration in force: one newsletter, `weekly`, from the folder `posts`, to the outbox."""
    (tmp_path / "posts").mkdir()
    settings.TIME_ZONE = "UTC"
    settings.NEWSLETTER = make_config(
        site={"var": str(tmp_path / "var")},
        collect={"sources": {"posts": {"kind": "folder", "location": "posts"}}},
        newsletters={"weekly": {"sources": ["posts"]}},
    )
    return settings.NEWSLETTER


@pytest.fixture
def call(capsys, config) -> Call:
    """Call a command in this process."""

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        return Result(ended.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def issue(db) -> Issue:
    """An issue of one post, in review, for one reader."""
    issue = make_issue(status=Issue.Status.IN_REVIEW)
    make_item(issue)
    make_subscriber("ada@example.org", name="Ada")
    return issue


@pytest.fixture
def process(tmp_path) -> Call:
    """Call a command in a process of its own that knows of no configuration, in `folder` or tmp_path."""

    def run(*arguments: str, folder: Path = tmp_path, **environ: str) -> Result:
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("NEWSLETTER_", "DJANGO_"))}
        done = subprocess.run(
            [sys.executable, "-m", "newsletter", *arguments], cwd=folder, env={**clean, **environ, "PYTHONPATH": ROOT},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)

    return run


ROOT = str(Path(__file__).parents[2])
