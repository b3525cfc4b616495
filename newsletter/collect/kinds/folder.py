"""A folder of Markdown files: Jekyll's, Hugo's, or just files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from newsletter.collect.article import Article
from newsletter.collect.entry import Call, Entry, Fetched
from newsletter.collect.errors import FolderMissing
from newsletter.collect.frontmatter import BadFrontMatter
from newsletter.config import Config, Problem
from newsletter.markup.tags import words

_TEXTS = (".md", ".markdown", ".html")
_NOT_POSTS = words("_data _drafts _includes _layouts _sass _site node_modules")


def check(config: Config, name: str) -> Iterator[Problem]:
    """What is wrong with the source's configuration."""
    folder = config.path(config.collect.sources[name].location)
    if not folder.is_dir():
        hint = "make the folder, or mend the path: it is meant from beside config.yaml"
        yield Problem(f"collect.sources.{name}.location", f"there is no folder {folder}", hint=hint)


async def fetch(call: Call) -> Callable[[], Fetched]:
    """Nothing to wait for: reading is all there is to do."""
    return partial(read, call)


def read(call: Call) -> Fetched:
    """The posts of the folder that are public."""
    root = call.config.path(call.source.location)
    if not root.is_dir():
        raise FolderMissing(f"There is no folder {root}.", "Make it, or mend the path in config.yaml.")
    entries: list[Entry] = []
    problems: list[str] = []
    for path in sorted(_files(root)):
        try:
            entries += _entries(call, root, path, problems)
        except BadFrontMatter as error:
            problems.append(f"{path}, line {error.line}: {error.reason}")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            problems.append(f"{path}, line {line}: this is not UTF-8")
        except OSError as error:
            problems.append(f"{path}: it cannot be read ({error.strerror})")
    return Fetched(tuple(entries), warning="\n".join(problems))


def _files(root: Path) -> Iterator[PurePosixPath]:
    """The texts in the folder and below; nothing hidden, and nothing that a link leads out to."""
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".") and name not in _NOT_POSTS]
        for name in names:
            path = Path(folder, name)
            wanted = not name.startswith((".", "_index.")) and path.suffix.lower() in _TEXTS and path.is_file()
            if wanted and path.resolve().is_relative_to(root):
                yield PurePosixPath(path.relative_to(root).as_posix())


def _entries(call: Call, root: Path, path: PurePosixPath, problems: list[str]) -> list[Entry]:
    """The story of one file, or none if it is not meant to be out; what is odd about it goes to `problems`."""
    limit = call.config.collect.max_bytes
    with (root / path).open("rb") as handle:
        content = handle.read(limit + 1)
    if len(content) > limit:
        problems.append(f"{path}: it is larger than {limit:,} bytes")
        return []
    if path.suffix == ".html" and not content.startswith((b"---", b"+++")):
        return []  # a page that only lies there; Jekyll too takes HTML by its front matter
    article = Article(call, root, path, content.decode("utf-8"))
    if article.is_empty:
        problems.append(f"{path}: it is empty, and was left out")
        return []
    if not article.is_public:
        return []
    entry = article.entry()
    problems += [f"{path}: there is no image {image}" for image in dict.fromkeys(article.missing)]
    problems += [f"{path}, line {line}: {reason}" for line, reason in article.faults]
    problems += [
        f"{path}: the image {image} is too big to be shown, and is linked to instead" for image in article.large
    ]
    if article.left_out:
        problems.append(f"{path}: left out what only its site understands: {', '.join(article.left_out)}")
    return [entry]
