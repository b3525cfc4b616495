"""The sandbox that themes and patterns run in, and where their files are looked for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.config import Config, Newsletter
from newsletter.paths import TEMPLATES
from newsletter.render.errors import RenderError, located
from newsletter.render.filters import FILTERS
from newsletter.render.late import LateCodeGenerator

SHIPPED = TEMPLATES / "email"


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates that reach only what they are given, and fail on a name nobody set."""

    code_generator_class = LateCodeGenerator

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, **{"trim_blocks": True, "lstrip_blocks": True, **options})
        self.filters.update(FILTERS)

    def join_path(self, template: str, parent: str) -> str:
        """A name without a folder means a file of the same theme, whatever that theme is called."""
        return template if "/" in template else posixpath.join(posixpath.dirname(parent), template)


class Themes:
    """The themes of a publication: its own files before the shipped ones."""

    def __init__(self, own: Path) -> None:
        self.own = own
        self.folders = tuple(dict.fromkeys((own, SHIPPED)))
        self.loader = FileSystemLoader(self.folders)
        self.sandbox = Sandbox(loader=self.loader, autoescape=_escapes)

    def fill(self, name: str, context: Mapping[str, Any]) -> str:
        """Fill in a template such as `atlas/digest.mjml.j2`; raise RenderError with its file and line."""
        with located(self.shown(name), self.shown):
            return self.sandbox.get_template(name).render(context)

    def tokens(self, theme: str) -> dict[str, Any]:
        """The colours, fonts and measures of a theme, from its tokens.yaml."""
        name = f"{theme}/tokens.yaml"
        try:
            tokens = _parsed(self._source(name))
        except yaml.MarkedYAMLError as error:
            line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
            raise RenderError(f"{self.shown(name)}{line}: {error.problem}") from error
        except TemplateNotFound:
            return {}
        if not isinstance(tokens, dict):
            raise RenderError(f"{self.shown(name)}: it must hold keys such as `light:` and `fonts:`")
        return tokens

    def names(self, theme: str) -> list[str]:
        """The templates of a theme."""
        return [name for name in self.sandbox.list_templates(extensions=["j2"]) if name.startswith(f"{theme}/")]

    def load(self, name: str) -> None:
        """Read and compile a template; raise RenderError with its file and line."""
        with located(self.shown(name), self.shown):
            self.sandbox.get_template(name)

    def shown(self, file: str) -> str:
        """A template's file as people know it: `templates/email/atlas/digest.mjml.j2`."""
        path = next((one for one in self._places(file) if one.is_file()), None)
        if path is None:
            return file
        root = SHIPPED.parents[1] if path.is_relative_to(SHIPPED) else self._root()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    def _root(self) -> Path:
        return self.own.parents[1] if len(self.own.parents) > 1 else self.own

    def _places(self, file: str) -> Iterator[Path]:
        return (folder / file for folder in self.folders)

    def _source(self, name: str) -> str:
        return self.loader.get_source(self.sandbox, name)[0]


def themes(config: Config) -> Themes:
    """The themes of a publication; kept between calls, read again when a file changes."""
    return _themes(config.path(config.render.templates))


def theme_of(config: Config, letter: Newsletter) -> str:
    """The name of the theme that draws a newsletter."""
    return letter.theme or config.render.theme


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


@lru_cache(maxsize=16)
def _themes(own: Path) -> Themes:
    return Themes(own)


@lru_cache(maxsize=1)
def patterns() -> Sandbox:
    """What subjects and preheaders are made in: plain text, no files."""
    return Sandbox(autoescape=False)


@lru_cache(maxsize=1)
def prose() -> Sandbox:
    """What editors' letters and posts are filled in by: the line breaks around a tag are Markdown's to judge."""
    return Sandbox(autoescape=False, trim_blocks=False, lstrip_blocks=False)


def prose_template(source: str, file: str) -> Template:
    """A text as a template; errors name it as this file, with their line."""
    sandbox = prose()
    return Template.from_code(sandbox, sandbox.compile(source, None, file), sandbox.make_globals(None))


def _escapes(name: str | None) -> bool:
    return not (name or "").endswith(".txt.j2")
