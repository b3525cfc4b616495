"""Style rules for dark screens, written once and said twice: to browsers, and to Outlook.com.

Mail programs that keep style sheets ask `prefers-color-scheme`. Outlook.com repaints a mail by itself instead, and
marks what it has repainted: `data-ogsc` where it changed a colour, `data-ogsb` where it changed a background.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_GROUNDS = ("background", "background-color")
# Outlook.com puts the body's content into an element of its own page: there is no body or html of ours.
_PAGE = re.compile(r"\b(body|html)\b")


def dark(rules: str) -> Markup:
    """The rules in a media query, and again for Outlook.com: colours under one of its marks, backgrounds the other."""
    found = [(selectors.strip(), declarations.strip()) for selectors, declarations in _RULE.findall(str(rules))]
    media = "\n".join(f"{selectors} {{ {declarations} }}" for selectors, declarations in found)
    marked = "\n".join(line for rule in found for line in _marked(*rule))
    return Markup(f"@media (prefers-color-scheme: dark) {{\n{media}\n}}\n{marked}")  # noqa: S704


def _marked(selectors: str, declarations: str) -> Iterator[str]:
    wanted = [one.strip() for one in selectors.split(",") if not _PAGE.search(one)]
    given = [one.strip() for one in declarations.split(";") if one.strip()]
    grounds = [one for one in given if one.partition(":")[0].strip() in _GROUNDS]
    others = [one for one in given if one not in grounds]
    for mark, kept in (("[data-ogsb]", grounds), ("[data-ogsc]", others)):
        if kept and wanted:
            yield f"{', '.join(f'{mark} {one}' for one in wanted)} {{ {'; '.join(kept)} }}"
