"""`newsletter init`: a new publication folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from newsletter.cli.console import Failure, command, done, out
from newsletter.paths import TEMPLATES

SHIPPED = TEMPLATES / "email"
# What a publication of its own may look like; base is what they all fall back to, and is not copied.
THEMES = sorted(folder.name for folder in SHIPPED.iterdir() if folder.is_dir() and folder.name != "base")


@command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--theme", type=click.Choice(THEMES), default="atlas", show_default=True, help="The look to begin with.")
def init(folder: Path, theme: str) -> None:
    """Make a new publication folder.

    It holds a config.yaml, two posts, a CSV of subscribers and a copy of the theme to change. What the theme leaves to
    the shipped base stays there; put a file of the same name beside it to change that too.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty (name a folder that is, or one that does not exist yet)")
    shutil.copytree(TEMPLATES / "init", folder, dirs_exist_ok=True)
    shutil.copytree(SHIPPED / theme, folder / "templates" / "email" / theme)
    config = folder / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("theme: atlas", f"theme: {theme}"), encoding="utf-8")
    done(f"{folder} holds config.yaml, posts/, subscribers.csv and templates/email/{theme}/")
    out.print(f"\nNext:\n  cd {folder}\n  newsletter migrate\n  newsletter check\n  newsletter run", markup=False)
