"""What every test may ask for."""

import gc
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from django.db import connection
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from newsletter.config import Config, load
from newsletter.render.environment import themes
from newsletter.render.overlay import merged
from tests import migrated

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


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what will be there to the end: every module, and every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> bool:
    """Begin with a copy of a migrated database on SQLite; what has come since is brought in by migrating it."""
    if connection.vendor != "sqlite":
        return False
    shutil.copy(migrated.template(request.config.cache.mkdir("migrated")), connection.creation._get_test_db_name())
    return True


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
