"""Mappings laid over one another, as tokens and words are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"[0-9]{1,9}")


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping laid over another, mapping by mapping; anything else is replaced."""
    both = dict(under)
    for key, value in over.items():
        inner = both.get(key)
        both[key] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return both


def fitted(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` with numbers where it replaces numbers: config.yaml and the environment know words only."""
    return {key: _fitted(under.get(key), value) for key, value in over.items()}


def _fitted(known: Any, value: Any) -> Any:
    if isinstance(known, Mapping) and isinstance(value, Mapping):
        return fitted(known, value)
    written = isinstance(value, str) and isinstance(known, int) and not isinstance(known, bool)
    return int(value) if written and _NUMBER.fullmatch(value.strip()) else value
