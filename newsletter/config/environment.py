"""The environment, laid over config.yaml: NEWSLETTER_SEND__SMTP__HOST sets `send.smtp.host`.

A variable whose name ends in _FILE names a file that holds the value. An empty variable counts as not set, since that
is what remains of `${NOT_SET}` in a compose file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from newsletter.config import shape
from newsletter.config.problems import ConfigError, Location, Problem, dotted, nearest
from newsletter.config.source import Origins, parse

PREFIX = "NEWSLETTER_"
_FILE = "_FILE"


def lay_over(values: dict[str, Any], origins: Origins, environ: Mapping[str, str], root: Path) -> list[Problem]:
    """Set in `values` what the environment sets, and return what is wrong with it. Relative files lie under `root`."""
    problems: list[Problem] = []
    for variable in sorted(_ours(environ)):
        try:
            name, text = _read(variable, environ, root)
            location = _location(values, name, variable)
            _set(values, location, _meant(text, location, variable))
            origins.set_by(location, variable)
        except ConfigError as error:
            problems += error.problems
    return problems


def _ours(environ: Mapping[str, str]) -> Iterator[str]:
    return (name for name, text in environ.items() if name.startswith(PREFIX) and text and name != f"{PREFIX}CONFIG")


def _read(variable: str, environ: Mapping[str, str], root: Path) -> tuple[str, str]:
    """The key's name as the variable spells it, and the text it is set to."""
    name = variable.removeprefix(PREFIX)
    if not name.endswith(_FILE):
        return name, environ[variable]
    if environ.get(variable.removesuffix(_FILE)):
        raise _refused(variable, f"{variable.removesuffix(_FILE)} is set as well", hint="keep one of the two")
    try:
        text = (root / environ[variable]).read_text(encoding="utf-8-sig").rstrip("\r\n")
    # Neither the file's name nor its content is repeated: somebody may have put the secret itself in the variable.
    except UnicodeDecodeError:
        raise _refused(variable, "the file it names is not UTF-8 text") from None
    except OSError as error:
        raise _refused(variable, f"the file it names cannot be read: {error.strerror}") from None
    if not text:
        raise _refused(variable, "the file it names is empty")
    return name.removesuffix(_FILE), text


def _location(values: dict[str, Any], name: str, variable: str) -> Location:
    """The place that a variable means; raises ConfigError if the schema has no such place."""
    location: Location = ()
    for part in name.lower().split("__"):
        here = shape.at(location)
        if shape.is_list(here):
            raise _refused(variable, "this is a list, set it as a whole", dotted(location), "such as [one, two]")
        if not shape.holds_more(here):
            raise _refused(variable, "this holds a value, not further keys", dotted(location))
        key = _spelled(_found(values, location), part, shape.is_names(here))
        if shape.at((*location, key)) is None:
            known = shape.keys_at(location)
            hint = nearest(key, known) or f"known here: {', '.join(known)}"
            raise _refused(variable, "there is no such key", dotted((*location, key)), hint)
        location = (*location, key)
    return location


def _spelled(here: Any, part: str, free: bool) -> str:
    """The key as the file spells it: a variable cannot hold a hyphen, so `_` stands for `-` in names of your own."""
    if not free:
        return part
    known = here if isinstance(here, dict) else {}
    return next((key for key in known if key.lower().replace("-", "_") == part), part.replace("_", "-"))


def _found(values: dict[str, Any], location: Location) -> Any:
    here: Any = values
    for part in location:
        here = here.get(part) if isinstance(here, dict) else None
    return here


def _meant(text: str, location: Location, variable: str) -> Any:
    """A single value is taken as it stands; a list or mapping is written as in the file: `[a, b]`."""
    if not shape.holds_more(shape.at(location)):
        return text
    try:
        return parse(text)
    except yaml.YAMLError:
        raise _refused(variable, "this cannot be read", dotted(location), "write a list as [a, b]") from None


def _set(values: dict[str, Any], location: Location, value: Any) -> None:
    here, (*sections, last) = values, map(str, location)
    for part in sections:
        if here.get(part) is None:
            here[part] = {}
        # Something else where a section belongs is a fault of the file, which the schema will name.
        if not isinstance(here[part], dict):
            return
        here = here[part]
    here[last] = value


def _refused(variable: str, reason: str, key: str = "", hint: str = "") -> ConfigError:
    return ConfigError(Problem(key, reason, variable, hint))
