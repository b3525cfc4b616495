"""How the desk writes numbers: separators in large ones, shares in percent, a dash for what is not known."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

UNKNOWN = "–"
_CODE = re.compile(r"`([^`]+)`")


def number(value: float | None) -> str:
    """A count, with separators."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A share in percent; one so small that it would read as none is not called none."""
    if share is None:
        return UNKNOWN
    return "< 0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def counted(value: int, one: str, many: str = "") -> str:
    """So many things."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def coded(text: str) -> SafeString:
    """A text in which what stands between backticks is set as code."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S308 - it was escaped
