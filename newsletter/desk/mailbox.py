"""The outbox folder, read as a mailbox: folders by issue, messages by name. Only the files of one page are opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_NAME = re.compile(r"(?:test-(?:[0-9]{6}-)?|notice-)?[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True)
class Folder:
    """An issue's messages, or a newsletter's service mails (`notices`), as files."""

    newsletter: str
    slug: str
    messages: int
    tests: int
    written_at: datetime


@dataclass(frozen=True)
class Entry:
    """A message as a list shows it."""

    name: str
    to: str
    subject: str
    date: datetime | None
    size: int
    test: bool


@dataclass(frozen=True)
class Mail:
    """A message as its page shows it."""

    headers: list[tuple[str, str]]
    subject: str
    html: str
    text: str
    source: str


def folders(outbox: Path) -> list[Folder]:
    """Every issue that messages were written for, the latest first."""
    found = [
        _folder(issue)
        for newsletter in _subfolders(outbox)
        for issue in _subfolders(newsletter)
    ]  # fmt: skip
    return sorted((folder for folder in found if folder), key=lambda folder: folder.written_at, reverse=True)


def names(outbox: Path, newsletter: str, slug: str) -> list[str]:
    """The names of an issue's messages: tests first, then in the order of their numbers. Opens no file."""
    if not (_SLUG.fullmatch(newsletter) and _SLUG.fullmatch(slug)):
        return []
    folder = outbox / newsletter / slug
    if not folder.is_dir():
        return []
    found = [file.stem for file in folder.glob("*.eml") if _NAME.fullmatch(file.stem)]
    return sorted(found, key=lambda name: (not name.startswith("test-"), int(name.rpartition("-")[2])))


def file_of(outbox: Path, newsletter: str, slug: str, name: str) -> Path | None:
    """The file of a message, or nothing: also for a name that could lead out of the outbox."""
    if not (_SLUG.fullmatch(newsletter) and _SLUG.fullmatch(slug) and _NAME.fullmatch(name)):
        return None
    file = outbox / newsletter / slug / f"{name}.eml"
    return file if file.is_file() and file.resolve().is_relative_to(outbox.resolve()) else None


def entry(file: Path) -> Entry:
    """A line of the list, from the message's headers alone."""
    with file.open("rb") as handle:
        head = BytesHeaderParser(policy=policy.default).parse(handle)
    return Entry(
        name=file.stem,
        to=_text(head, "To"),
        subject=_text(head, "Subject"),
        date=getattr(head["Date"], "datetime", None),
        size=file.stat().st_size,
        test=file.stem.startswith("test-"),
    )


def read(file: Path) -> Mail:
    """A whole message, its parts decoded."""
    data = file.read_bytes()
    message = BytesParser(policy=policy.default).parsebytes(data)
    return Mail(
        headers=[(name, str(value)) for name, value in message.items()],
        subject=_text(message, "Subject"),
        html=_body(message, "html"),
        text=_body(message, "plain"),
        source=data.decode("utf-8", "replace"),
    )


def _subfolders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (child for child in folder.iterdir() if child.is_dir() and _SLUG.fullmatch(child.name))


def _folder(path: Path) -> Folder | None:
    found = names(path.parent.parent, path.parent.name, path.name)
    tests = sum(name.startswith("test-") for name in found)
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Folder(path.parent.name, path.name, len(found) - tests, tests, written_at) if found else None


def _text(message: EmailMessage, header: str) -> str:
    return str(message[header] or "")


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
