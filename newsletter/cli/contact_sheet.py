"""The gallery as files: a page for each theme and layout with its five views side by side, and an index of them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from newsletter.cli.console import Failure
from newsletter.config import Config
from newsletter.models import Issue
from newsletter.render import gallery
from newsletter.render.service import KINDS

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ margin: 0; padding: 24px; font: 16px/1.5 system-ui, sans-serif; background: #e9eaee; color: #1b1b1f }}
h1 {{ font-size: 22px; margin: 0 0 16px }} .row {{ display: flex; gap: 20px; align-items: flex-start }}
figure {{ flex: none; margin: 0 }} figcaption {{ margin-bottom: 6px; font-weight: 600 }}
iframe {{ border: 1px solid #c4c7d0; background: #fff }} li {{ margin: 0 0 4px }}</style></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""


def write_gallery(
    config: Config, key: str, folder: Path, issue: Issue | None = None, theme: str = "", layout: str = ""
) -> int:
    """Write every theme and layout, or the ones that are named, and return how many mails there are.

    Of the issue, or of the sample in the first newsletter's name. Raises RenderError, and Failure if there is none.
    """
    newsletter = issue.newsletter if issue else next(iter(config.newsletters), "")
    if newsletter not in config.newsletters:
        raise Failure("config.yaml has no newsletter to show the themes with")
    folder.mkdir(parents=True, exist_ok=True)
    layouts = [layout] if layout else [*gallery.LAYOUTS, *KINDS]
    pages: dict[str, list[str]] = {}
    for name in [theme] if theme else gallery.looks(config):
        for each in layouts:
            mail = gallery.drawn(config, key, newsletter, name, each, issue)
            pages.setdefault(name, []).append(each)
            for view in gallery.VIEWS:
                (folder / f"{name}-{each}-{view.name}.html").write_text(gallery.seen(mail, view.name), encoding="utf-8")
            _write(folder / f"{name}-{each}.html", f"{name}: {each}", _frames(name, each))
    _write(folder / "index.html", "Themes", "\n".join(_list(name, each) for name, each in pages.items()))
    return sum(map(len, pages.values()))


def _frames(theme: str, layout: str) -> str:
    frames = (
        f'<figure><figcaption>{view.title}</figcaption><iframe title="{view.title}" width="{view.width}" height="900" '
        f'src="{escape(theme)}-{layout}-{view.name}.html"></iframe></figure>'
        for view in gallery.VIEWS
    )
    return f'<p><a href="index.html">All themes</a></p><div class="row">{"".join(frames)}</div>'


def _list(theme: str, layouts: Iterable[str]) -> str:
    name = escape(theme)
    items = (f'<li><a href="{name}-{layout}.html">{layout.replace("_", " ")}</a></li>' for layout in layouts)
    return f"<h2>{name}</h2><ul>{''.join(items)}</ul>"


def _write(file: Path, title: str, body: str) -> None:
    file.write_text(_PAGE.format(title=escape(title), body=body), encoding="utf-8")
