"""The tables of docs/checks.md, drawn from the codes: `python -m newsletter.cli.checks_reference FILE` writes them.

In the file each table stands between `<!-- checks: Words -->` and `<!-- end -->`; the rest is left as it is.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import django

_TABLE = re.compile(r"(<!-- checks: ([^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """A page with its tables brought up to date; raises ValueError if a group is missing or unknown."""
    from newsletter.preflight.codes import GROUPS

    named = [match[2] for match in _TABLE.finditer(text)]
    if sorted(named) != sorted(GROUPS):
        raise ValueError(f"the page must hold each group once: {', '.join(sorted({*GROUPS} ^ {*named})) or 'twice'}")
    return _TABLE.sub(lambda match: f"{match[1]}{table(match[2])}{match[3]}", text)


def table(group: str) -> str:
    """One group's codes as a Markdown table."""
    from newsletter.preflight.codes import CODES

    rows = [
        f"| `{name}` | {code.level} | {code.title}: {code.means.replace('|', chr(92) + '|')} |"
        for name, code in CODES.items()
        if code.group == group
    ]
    return "\n".join(["| code | level | what is found |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsletter.settings")
    django.setup()
    page = Path(sys.argv[1])
    page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
