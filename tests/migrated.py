"""Databases that are migrated already, to copy: for SQLite made once for each state of the migrations."""

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = Path(__file__).with_name("config.yaml")


def template(folder: Path) -> Path:
    """The file in this folder that is to be copied; whoever comes first makes it, the others wait."""
    file = folder / f"{_state()}.sqlite3"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for old in folder.glob("*.sqlite3"):
                old.unlink()
            _make(file)
    return file


def migrate(url: str) -> None:
    """Make the tables, and nothing in them: `newsletter migrate` would make the lists of the configuration too."""
    with tempfile.TemporaryDirectory() as var:
        environment = {**os.environ, "NEWSLETTER_CONFIG": str(CONFIG), "NEWSLETTER_SITE__VAR": var}
        line = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--settings", "newsletter.settings"]
        subprocess.run(line, cwd=ROOT, env={**environment, "NEWSLETTER_DATABASE__URL": url}, check=True)


def _make(file: Path) -> None:
    with tempfile.TemporaryDirectory() as var:
        migrate(f"sqlite:///{var}/made.sqlite3")
        with closing(sqlite3.connect(f"{var}/made.sqlite3")) as made:
            made.execute("VACUUM INTO ?", (f"{var}/whole.sqlite3",))
        draft = file.with_suffix(".draft")
        draft.write_bytes(Path(var, "whole.sqlite3").read_bytes())
        draft.replace(file)


def _state() -> str:
    """A name for what decides how it looks; whatever else has come since, migrating the copy brings in."""
    parts = [ROOT / "requirements.lock", CONFIG, *ROOT.glob("subscribers/*.py")]
    parts += sorted(ROOT.glob("*/migrations/*.py"))
    return hashlib.sha256(b"".join(part.read_bytes() for part in sorted(parts))).hexdigest()[:16]
