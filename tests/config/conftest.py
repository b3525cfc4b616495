"""A publication's config.yaml, written and loaded as the program does it; no database, no Django."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from newsletter.config import Config, ConfigError, Problem, load

WEEKLY = """
collect:
  sources:
    wire: {location: https://example.org/feed}
newsletters:
  the-weekly:
    title: The Weekly
    sources: [wire]
    lists: [readers]
    sender: {address: weekly@news.example.org}
    postal_address: 1 Test Street
"""


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Config]:
    """Load a config.yaml with this text, and these variables in the environment."""

    def make(text: str | bytes = "site:", **environ: str) -> Config:
        file = tmp_path / "config.yaml"
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return load(file, environ)

    return make


@pytest.fixture
def refused(config: Callable[..., Config]) -> Callable[..., tuple[Problem, ...]]:
    """The problems for which such a configuration is refused."""

    def problems(text: str | bytes = "site:", **environ: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            config(text, **environ)
        return caught.value.problems

    return problems


@pytest.fixture
def complaint(refused: Callable[..., tuple[Problem, ...]]) -> Callable[..., str]:
    """The one problem of such a configuration, as it is printed."""

    def only(text: str | bytes = "site:", **environ: str) -> str:
        (problem,) = refused(text, **environ)
        return str(problem)

    return only
