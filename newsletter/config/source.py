"""Read config.yaml and the environment into one plain mapping that remembers where each value came from."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PREFIX = "NEWSLETTER_"
Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the configuration, and what to do about it."""

    key: str
    reason: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: " if self.where else ""
        key = f"{self.key}: " if self.key else ""
        tail = f" ({self.hint})" if self.hint else ""
        return f"{head}{key}{self.reason}{tail}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` names everything that is wrong with it at once."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class Origins:
    """Where each key was set: a line of the file, or a variable of the environment."""

    def __init__(self, path: Path, root: yaml.Node | None) -> None:
        self._path, self._root = path, root
        self._variables: dict[Location, str] = {}

    def set_by(self, location: Location, variable: str) -> None:
        """Remember that a variable of the environment set this key."""
        self._variables[location] = variable

    def find(self, location: Location) -> str:
        """Name the place that set a key, or the nearest place above it."""
        for length in range(len(location), -1, -1):
            if variable := self._variables.get(location[:length]):
                return variable
        return f"{self._path.name} line {self._line(location)}"

    def _line(self, location: Location) -> int:
        node, line = self._root, 1
        for key in location:
            node, mark = _child(node, key)
            if node is None:
                break
            line = mark
        return line


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node | None, int]:
    """The node below `node` at `key`, and the line on which that key stands."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return value, name.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key].start_mark.line + 1
    return None, 0


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice: YAML would silently keep the last."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for name, _ in node.value:
        if name.value in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key '{name.value}' stands here twice", problem_mark=name.start_mark
            )
        seen.add(name.value)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path, environ: Mapping[str, str]) -> tuple[dict[str, Any], Origins]:
    """Return the file's values with the environment laid over them, and where each came from."""
    values, origins = _read_file(path)
    problems: list[Problem] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        if variable != f"{PREFIX}CONFIG":
            try:
                _lay_over(values, origins, variable, environ)
            except ConfigError as error:
                problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return values, origins


def _read_file(path: Path) -> tuple[dict[str, Any], Origins]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "make one with `newsletter init DIR`, or name one with --config"
        raise ConfigError(Problem("", f"there is no {path}", hint=hint)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem("", f"{path} cannot be read: {error}")) from None
    try:
        node = yaml.compose(text, Loader=_StrictLoader)
        values = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"{path.name} line {error.problem_mark.line + 1}" if error.problem_mark else path.name
        raise ConfigError(Problem("", f"this is not YAML: {error.problem}", line)) from None
    except yaml.YAMLError as error:
        raise ConfigError(Problem("", f"this is not YAML: {error}", path.name)) from None
    if not isinstance(values, dict):
        raise ConfigError(
            Problem("", "the file must hold keys such as `site:` and `newsletters:`", f"{path.name} line 1")
        )
    return values, Origins(path, node)


def _lay_over(values: dict[str, Any], origins: Origins, variable: str, environ: Mapping[str, str]) -> None:
    """Set one key from NEWSLETTER_A__B, or from the file that NEWSLETTER_A__B_FILE names."""
    text, name = environ[variable], variable.removeprefix(PREFIX)
    if name.endswith("_FILE"):
        name = name.removesuffix("_FILE")
        try:
            text = Path(text).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(Problem("", f"the file it names cannot be read: {error}", variable)) from None
        value: Any = text
    else:
        value = _typed(text)
    *parents, last = name.lower().split("__")
    here, location = values, []
    for part in parents:
        key = _spelled(here, part)
        location.append(key)
        if here.get(key) is None:
            here[key] = {}
        here = here[key]
        if not isinstance(here, dict):
            reason = f"'{'.'.join(location)}' holds a value, not further keys"
            raise ConfigError(Problem("", reason, variable))
    key = _spelled(here, last)
    here[key] = value
    origins.set_by((*location, key), variable)


def _spelled(here: dict[str, Any], part: str) -> str:
    """The key as the file spells it: variables cannot hold a hyphen, so `_` matches `-` too."""
    return next((key for key in here if str(key).lower().replace("-", "_") == part), part)


def _typed(text: str) -> Any:
    """A value of the environment means what it would mean in the file: `[a, b]`, `false`, `24h`."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return text


def nearest(word: str, known: list[str]) -> str:
    """A hint that names the known word most like this one, or the empty string."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""
