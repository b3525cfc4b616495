"""What config.yaml says of checks, looked over: whether there are such codes."""

from __future__ import annotations

from newsletter.config import Config, Problem
from newsletter.config.problems import nearest
from newsletter.preflight.codes import CODES


def check(config: Config) -> list[Problem]:
    """Codes that no check has."""
    return [
        Problem(f"newsletters.{name}.preflight.{key}", f"there is no check '{code}'",
                hint=nearest(code, list(CODES)) or "docs/checks.md lists them")
        for name, letter in config.newsletters.items()
        for key, codes in (("ignore", letter.preflight.ignore), ("levels", tuple(letter.preflight.levels)))
        for code in codes
        if code not in CODES
    ]  # fmt: skip
