"""A file system of a few megabytes, that can be filled to its last byte."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

BYTES = 96_000_000
_FILLER = "filler"


@cache
def possible() -> bool:
    """Whether one can be mounted here: by root, or by whoever is root in a namespace of their own (`unshare -Urm`)."""
    with tempfile.TemporaryDirectory() as name:
        done = _mount(Path(name))
        if done:
            subprocess.run(["umount", name], check=True)  # noqa: S603, S607 - what we have just mounted
        return done


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """Mount one on a folder for as long as it is needed."""
    folder.mkdir(parents=True)
    if not _mount(folder):
        raise OSError(f"nothing could be mounted on {folder}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - what we have mounted


def fill(folder: Path) -> None:
    """Leave no room in it."""
    block = bytes(1 << 16)
    with (folder / _FILLER).open("wb", buffering=0) as file:
        try:
            while file.write(block):
                pass
        except OSError:  # full, which was the point
            return


def free(folder: Path) -> None:
    """Make room again."""
    (folder / _FILLER).unlink()


def _mount(folder: Path) -> bool:
    size = f"size={BYTES},mode=0777,uid={os.getuid()}"
    command = ["mount", "-t", "tmpfs", "-o", size, "newsletter-bench", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - a fixed command
