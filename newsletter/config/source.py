"""config.yaml as a plain mapping, and where in it each key stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from newsletter.config.problems import ConfigError, Location, Problem
from newsletter.config.syntax import fault

_TAGS = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that takes words as they are written, and refuses a key written twice.

    YAML would read the language `no` as false, the password `0123` as 83 and `12:30` as 750, and would silently keep
    the last of two equal keys. What a word means is for the schema to say.
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _TAGS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[str, Any]:
    seen: set[str] = set()
    for name, _ in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key must be a plain word", problem_mark=name.start_mark)
        if name.value in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key '{name.value}' stands here twice", problem_mark=name.start_mark
            )
        seen.add(name.value)
    loader.flatten_mapping(node)
    return {name.value: loader.construct_object(value, deep=True) for name, value in node.value}


# Words, nothing, lists and mappings: no other `!!` tag has a meaning here.
_StrictLoader.yaml_constructors = {
    "tag:yaml.org,2002:str": yaml.SafeLoader.construct_yaml_str,
    "tag:yaml.org,2002:null": yaml.SafeLoader.construct_yaml_null,
    "tag:yaml.org,2002:seq": yaml.SafeLoader.construct_yaml_seq,
    "tag:yaml.org,2002:map": _mapping,
    None: yaml.SafeLoader.construct_undefined,
}


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
        for length in range(len(location), 0, -1):
            place = location[:length]
            if variable := self._variables.get(place):
                return variable
            if line := self._line(place):
                return f"{self._path.name} line {line}"
            # A section that the file does not have at all was opened by the variables below it.
            if below := [name for key, name in self._variables.items() if key[:length] == place]:
                return below[0]
        return f"{self._path.name} line 1"

    def exactly(self, location: Location) -> str:
        """Name the place that set this very key, by itself or with what it lies in; empty if none did."""
        for length in range(1, len(location) + 1):
            if variable := self._variables.get(location[:length]):
                return variable
        line = self._line(location) or self._named_by_a_word(location)
        return f"{self._path.name} line {line}" if line else ""

    def _named_by_a_word(self, location: Location) -> int:
        """The line of a plain word that stands for a section and is its `name`; 0 where there is none."""
        *above, last = location
        node, line = self._root, 0
        for key in above:
            node, line = _child(node, key)
        return line if last == "name" and isinstance(node, yaml.ScalarNode) else 0

    def _line(self, location: Location) -> int:
        """The line a key stands on; 0 if it stands nowhere."""
        node, line = self._root, 0
        for key in location:
            node, line = _child(node, key)
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


def read(path: Path) -> tuple[dict[str, Any], Origins]:
    """Return the file's values, and where each stands; raises ConfigError."""
    text = _text(path)
    try:
        node, values = yaml.compose(text, Loader=_StrictLoader), parse(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_not_yaml(error, text, path.name)) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        reason = f"this is not YAML: it holds the character U+{ord(text[error.position]):04X}, which no text should"
        raise ConfigError(Problem("", reason, f"{path.name} line {line}")) from None
    if not isinstance(values, dict):
        reason = "the file is empty" if values is None else "the file must hold keys"
        raise ConfigError(Problem("", reason, f"{path.name} line 1", "it begins with keys such as `site:`"))
    return values, Origins(path, node)


def parse(text: str) -> Any:
    """YAML in which every word is text; raises yaml.YAMLError."""
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader


def _text(path: Path) -> str:
    if path.is_dir():
        raise ConfigError(Problem("", f"{path} is a folder", hint="name the file in it, such as config.yaml"))
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "make one with `newsletter init DIR`, or name one with --config"
        raise ConfigError(Problem("", f"there is no {path}", hint=hint)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        where = f"{path.name} line {line}"
        raise ConfigError(Problem("", "this is not UTF-8", where, "save the file as UTF-8")) from None
    except OSError as error:
        raise ConfigError(Problem("", f"{path} cannot be read: {error.strerror}")) from None


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """A fault of syntax in plain words."""
    found = fault(error, text)
    where = file if found.line is None else f"{file} line {found.line + 1}"
    return Problem("", f"this is not YAML: {found.reason}", where, found.hint)
