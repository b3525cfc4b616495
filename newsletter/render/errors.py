"""RenderError: what is wrong with a theme or a pattern, and the file and line to look at."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from jinja2 import TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError

from newsletter.config.problems import nearest

# What a template that loads well can still raise while it is filled in: a name nobody set, a filter given the wrong
# thing, a step over the sandbox's fence.
FAULTS = (
    UndefinedError,
    SecurityError,
    TemplateRuntimeError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
)

_NO_ATTRIBUTE = re.compile(r"'(?:(?P<module>[\w.]+)\.)?(?P<name>\w+) object' has no attribute '(?P<wanted>.*)'")
# What the classes of newsletter.render.context, and plain mappings, are called where themes are written about.
_KINDS = {
    "Letter": "the newsletter", "Number": "the issue", "Part": "a section", "Person": "the sender",
    "Reader": "the reader", "Links": "links", "dict": "this mapping",
}  # fmt: skip


class RenderError(ValueError):
    """The issue cannot be rendered; the message names the file and line, or the key, that must be mended."""


@contextmanager
def located(where: str, shown: Callable[[str], str]) -> Iterator[None]:
    """Turn what a template raises into a RenderError that names its place.

    `where` is named when no template is to blame; `shown` turns a template's file into what the reader is told.
    """
    try:
        yield
    except RenderError:
        raise
    except TemplateNotFound as error:
        raise RenderError(f"{_place(error, where, shown)}: there is no template '{error.name}'") from error
    except TemplateSyntaxError as error:
        file = shown(error.filename) if error.filename else where
        raise RenderError(f"{file} line {error.lineno}: {error.message}") from error
    except FAULTS as error:
        raise RenderError(f"{_place(error, where, shown)}: {_words(str(error))}") from error


def _words(said: str) -> str:
    """What Jinja2 says of a name nobody set, in the words of someone who writes a theme."""
    if not (match := _NO_ATTRIBUTE.fullmatch(said)):
        return said
    module, name, wanted = match["module"], match["name"], match["wanted"]
    kind = getattr(sys.modules.get(module or ""), name, None)
    hint = nearest(wanted, _public(kind)) if isinstance(kind, type) else ""
    return f"{_KINDS.get(name, f'a {name.lower()}')} has no '{wanted}'" + (f" ({hint})" if hint else "")


def _public(kind: type) -> list[str]:
    """What a theme may ask of an object of this kind."""
    names = {*dir(kind), *getattr(kind, "__dataclass_fields__", ())}
    return sorted(name for name in names if not name.startswith("_"))


def _place(error: Exception, where: str, shown: Callable[[str], str]) -> str:
    """The innermost template among the frames; Jinja2 gives them the template's own file and lines."""
    frames = [frame for frame in _frames(error.__traceback__) if frame[0].endswith(".j2")]
    return f"{shown(frames[-1][0])} line {frames[-1][1]}" if frames else where


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
