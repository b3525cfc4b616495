"""RenderError: what is wrong with a theme or a pattern, and the file and line to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from jinja2 import TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError

# What a template that loads well can still raise while it is filled in: a name nobody set, a filter given the wrong
# thing, a step over the sandbox's fence.
FAULTS = (UndefinedError, SecurityError, TemplateRuntimeError, TypeError, ValueError, ArithmeticError, LookupError)


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
        raise RenderError(f"{_place(error, where, shown)}: {error}") from error


def _place(error: Exception, where: str, shown: Callable[[str], str]) -> str:
    """The innermost template among the frames; Jinja2 gives them the template's own file and lines."""
    frames = [frame for frame in _frames(error.__traceback__) if frame[0].endswith(".j2")]
    return f"{shown(frames[-1][0])} line {frames[-1][1]}" if frames else where


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
