"""What every test may ask for."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import Config, load

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """A Friday, 08:00 in Berlin: the moment the test newsletter is due."""
    return NOW


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., Config]:
    """Make a Config from tests/config.yaml with keys laid over it, its folders under tmp_path.

    `make_config(send={"batch": 3}, newsletters={"weekly": {"cut_off": "1h"}})`: mappings are merged, all else replaced.
    """

    def make(**changes: Any) -> Config:
        base = load(Path(__file__).with_name("config.yaml"), environ={}).model_dump(mode="python", exclude_unset=True)
        return Config.model_validate(_merge(base, changes)).beside(tmp_path)

    return make


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = deepcopy(base)
    for key, value in changes.items():
        inner = merged.get(key)
        merged[key] = _merge(inner, value) if isinstance(value, dict) and isinstance(inner, dict) else value
    return merged
