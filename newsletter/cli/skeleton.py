"""`newsletter init`: a new publication folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from newsletter.cli.console import Failure, command, done, out
from newsletter.paths import TEMPLATES


@command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a new publication folder.

    It holds a config.yaml, two posts, a CSV of subscribers and a copy of the theme to change.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty (name a folder that is, or one that does not exist yet)")
    shutil.copytree(TEMPLATES / "init", folder, dirs_exist_ok=True)
    shutil.copytree(TEMPLATES / "email" / "atlas", folder / "templates" / "email" / "atlas")
    done(f"{folder} holds config.yaml, posts/, subscribers.csv and templates/email/atlas/")
    out.print(f"\nNext:\n  cd {folder}\n  newsletter migrate\n  newsletter check\n  newsletter run", markup=False)
