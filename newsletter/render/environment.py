"""The sandbox that themes and patterns run in, and where their files are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2.loaders import split_template_path
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.config import Config, Newsletter
from newsletter.config.problems import nearest
from newsletter.paths import TEMPLATES
from newsletter.render.errors import RenderError, located
from newsletter.render.filters import FILTERS
from newsletter.render.late import LateCodeGenerator
from newsletter.render.overlay import fitted, merged
from newsletter.render.phrases import Phrases, family

SHIPPED = TEMPLATES / "email"
BASE = "base"
FILE_OF_TOKENS = "tokens.yaml"
# A name of a language becomes a name of a file.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")
_TOKENS = "it must hold keys such as `light:` and `fonts:`"


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates that reach only what they are given, and fail on a name nobody set."""

    code_generator_class = LateCodeGenerator

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, **{"trim_blocks": True, "lstrip_blocks": True, **options})
        self.filters.update(FILTERS)

    def join_path(self, template: str, parent: str) -> str:
        """A name without a folder means a file of the theme that is drawn, whatever that theme is called.

        `base/footer.mjml.j2` is base's own file, but what it names in its turn is the theme's again: so a theme may
        extend the file that it replaces.
        """
        theme = parent.partition("/")[0]
        if "/" not in template:
            return f"{theme}/{template}"
        return f"{theme}/{template}" if template.startswith(f"{BASE}/") and theme != BASE else template


class House(BaseLoader):
    """Finds `atlas/card.mjml.j2` in the theme, else in base; a publication's own folder goes first in each."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders

    def find(self, name: str) -> Path | None:
        """The file behind a template's name; nothing if there is none."""
        return next((path for path in self._places(name) if path.is_file()), None)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        """What Jinja2 asks for: the text, the file, and whether that is still what the name means."""
        path = self.find(template)
        if path is None:
            raise TemplateNotFound(template)
        read = path.stat().st_mtime_ns
        return (
            path.read_text(encoding="utf-8"), str(path),
            lambda: self.find(template) == path and path.stat().st_mtime_ns == read,
        )  # fmt: skip

    def _places(self, name: str) -> Iterator[Path]:
        # Raises TemplateNotFound for a name that climbs out of the folder.
        theme, *parts = split_template_path(name)
        rooms = (BASE,) if parts[:1] == [BASE] else (theme, BASE)
        file = Path(*(parts[1:] if parts[:1] == [BASE] else parts))
        return (folder / room / file for room in rooms for folder in self.folders)


class Themes:
    """The themes of a publication: its own files before the shipped ones, and base's where a theme has none."""

    def __init__(self, own: Path) -> None:
        self.own = own
        self.folders = tuple(dict.fromkeys((own, SHIPPED)))
        self.loader = House(self.folders)
        self.sandbox = Sandbox(loader=self.loader, autoescape=_escapes)
        # Copies of our themes from when they drew the pages on the web too still ask which it is.
        self.sandbox.globals["web"] = False

    def fill(self, name: str, context: Mapping[str, Any]) -> str:
        """Fill in a template such as `atlas/digest.mjml.j2`; raise RenderError with its file and line."""
        self.insist(name.partition("/")[0])
        with located(self.shown(name), self.shown):
            return self.sandbox.get_template(name).render(context)

    def piece(self, name: str, block: str, context: Mapping[str, Any]) -> str:
        """Fill in one `{% block %}` of a template alone, such as a mail's subject; empty if it has none of the name."""
        with located(self.shown(name), self.shown):
            template = self.sandbox.get_template(name)
            found = template.blocks.get(block)
            return "".join(found(template.new_context(dict(context)))) if found else ""

    def tokens(self, theme: str, over: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The colours, fonts and measures of a theme: its tokens.yaml laid over base's, and `over` over both."""
        self.insist(theme)
        laid = self._laid(theme, FILE_OF_TOKENS, _TOKENS)
        return merged(laid, fitted(laid, over or {}))

    def tokens_under(self, theme: str, file: Path) -> dict[str, Any]:
        """The tokens of a theme as they would be without one of its files."""
        return self._laid(theme, FILE_OF_TOKENS, _TOKENS, without=file)

    def words(self, theme: str, language: str) -> Phrases:
        """The theme's own words in a language, from its words.yaml laid over base's; English where one is missing."""
        return Phrases.of(self._said(theme), language)

    def pages(self, theme: str, language: str) -> Phrases:
        """What the readers' pages say in a language, from `pages/LANGUAGE.yaml`, laid as the theme's words are."""
        known = {name: self._said_on_pages(theme, name) for name in family(language) if _LANGUAGE.fullmatch(name)}
        return Phrases.of(known, language)

    def speaks(self, theme: str, language: str) -> bool:
        """Whether there are words in a language, or in its family; in what is no name of a language there are none."""
        names = family(language)[1:]
        if not all(map(_LANGUAGE.fullmatch, names)):
            return False
        known = {str(name).lower() for name in self._said(theme)}
        return any(name in known or self._said_on_pages(theme, name) for name in names)

    def exists(self, theme: str) -> bool:
        """Whether there is a folder of this name."""
        return any((folder / theme).is_dir() for folder in self.folders) and "/" not in theme

    def insist(self, theme: str) -> None:
        """Raise RenderError unless there is such a theme; else base alone would be drawn, and nobody be the wiser."""
        if not self.exists(theme):
            hint = nearest(theme, self.available())
            raise RenderError(f"render: there is no theme '{theme}'" + (f" ({hint})" if hint else ""))

    def available(self) -> list[str]:
        """The names of all themes, shipped and own."""
        found = {path.name for folder in self.folders if folder.is_dir() for path in folder.iterdir() if path.is_dir()}
        return sorted(found - {BASE})

    def names(self, theme: str) -> list[str]:
        """The templates of a theme, base's among them; nothing if there is no such theme."""
        if not self.exists(theme):
            return []
        rooms = (folder / room for folder in self.folders for room in (theme, BASE))
        return sorted({f"{theme}/{path.name}" for room in rooms for path in room.glob("*.j2")})

    def load(self, name: str) -> None:
        """Read and compile a template; raise RenderError with its file and line."""
        with located(self.shown(name), self.shown):
            self.sandbox.get_template(name)

    def shown(self, file: str) -> str:
        """A template's file as people know it: `templates/email/atlas/digest.mjml.j2`."""
        path = Path(file) if Path(file).is_absolute() else self.loader.find(file)
        if path is None:
            return file
        root = SHIPPED.parents[1] if path.is_relative_to(SHIPPED) else self._root()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    def _root(self) -> Path:
        return self.own.parents[1] if len(self.own.parents) > 1 else self.own

    def _said(self, theme: str) -> dict[str, Any]:
        return self._laid(theme, "words.yaml", "it must hold languages such as `en:`, each with its words")

    def _said_on_pages(self, theme: str, language: str) -> dict[str, Any]:
        return self._laid(theme, f"pages/{language}.yaml", "it must hold parts such as `frame:`, each with its words")

    def _laid(self, theme: str, file: str, wanted: str, without: Path | None = None) -> dict[str, Any]:
        """The mapping of a file, base's first and the publication's own last."""
        rooms = dict.fromkeys((BASE, theme))
        paths = (folder / room / file for room in rooms for folder in reversed(self.folders))
        laid: dict[str, Any] = {}
        for path in filter(Path.is_file, paths):
            if path == without:
                continue
            found = self.read(path)
            if not isinstance(found, dict):
                raise RenderError(f"{self.shown(str(path))}: {wanted}")
            laid = merged(laid, fitted(laid, found))
        return laid

    def read(self, path: Path) -> Any:
        """What a YAML file of a theme holds; raise RenderError with its file and line."""
        try:
            return _parsed(path.read_text(encoding="utf-8"))
        except yaml.MarkedYAMLError as error:
            line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
            raise RenderError(f"{self.shown(str(path))}{line}: {error.problem}") from error


def themes(config: Config) -> Themes:
    """The themes of a publication; kept between calls, read again when a file changes."""
    return _themes(config.path(config.render.templates))


def theme_of(config: Config, letter: Newsletter) -> str:
    """The name of the theme that draws a newsletter."""
    return letter.theme or config.render.theme


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


@lru_cache(maxsize=16)
def _themes(own: Path) -> Themes:
    return Themes(own)


def _escapes(name: str | None) -> bool:
    # Plain text and style sheets know no references: what a publication's own tokens hold is taken as it is.
    return not (name or "").endswith((".txt.j2", ".css.j2"))
