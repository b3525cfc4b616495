"""What every test may ask for."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from newsletter.config import Config, load
from newsletter.render.environment import themes
from newsletter.render.overlay import merged

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class Compiled(BytecodeCache):
    """The templates of this run, each compiled once, though every test has a publication and so a house of its own."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests marked `first`, whatever order chance has made."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


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
        config = Config.model_validate(merged(_plain(), changes)).beside(tmp_path)
        themes(config).sandbox.bytecode_cache = COMPILED
        return config

    return make


@cache
def _plain() -> dict[str, Any]:
    return load(Path(__file__).with_name("config.yaml"), environ={}).model_dump(mode="python", exclude_unset=True)
