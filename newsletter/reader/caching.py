"""Answers that a browser already holding them need not fetch again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition

from newsletter.config import Config
from newsletter.models import archive
from newsletter.paths import TEMPLATES
from newsletter.settings import current

READER = "reader"
"""The cookie of a reader who has signed in to reply: what they see is theirs alone."""
FIVE_MINUTES = 300
# What was read when the process began, config.yaml above all, may differ from what the one before it had.
STARTED = timezone.now()


def public(
    request: HttpRequest, page: Callable[[], HttpResponseBase], *parts: object, varies: bool = True
) -> HttpResponseBase:
    """A page of the archive: the same for everybody, until what is public, the look or the software changes.

    `varies` is false for feeds, pictures and the like, which readers who have signed in see as all others do.
    """
    config = current()
    known, changed = archive.state()
    moments = [STARTED, *([changed] if changed else []), *(one for one in parts if isinstance(one, datetime))]
    tag = tag_of(request.get_full_path(), *known, *parts, config.model_dump_json(), look(config), release())
    return conditional(request, tag, max(moments), FIVE_MINUTES, page, varies)


def conditional(
    request: HttpRequest,
    tag: str,
    modified: datetime,
    seconds: int,
    page: Callable[[], HttpResponseBase],
    varies: bool = False,
) -> HttpResponseBase:
    """Make the page unless the browser's copy bears this tag; anyone may keep it for so many seconds."""
    if varies and personal(request):
        # The one place where a page may come to differ from reader to reader: nobody but the reader keeps it.
        response = page()
        response["Cache-Control"] = "private, no-store"
    else:
        asked = condition(etag_func=lambda _: tag, last_modified_func=lambda _: modified)
        response = asked(lambda _: page())(request)
        response["Cache-Control"] = f"public, max-age={seconds}"
    if varies:
        patch_vary_headers(response, ("Cookie",))
    return response


def personal(request: HttpRequest) -> bool:
    """Whether a reader asks who has told us who they are."""
    return READER in request.COOKIES


def tag_of(*parts: object) -> str:
    """An entity tag that changes with any of the parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
    return f'"{digest[:32]}"'


def look(config: Config) -> str:
    """What changes with the templates of our pages and with the files of the themes."""
    folders = (TEMPLATES / "reader", TEMPLATES / "email", config.path(config.render.templates))
    return "\n".join(line for folder in dict.fromkeys(folders) for line in _files(folder))


@lru_cache(maxsize=1)
def release() -> str:
    """The version of the software."""
    try:
        return version("newsletter")
    except PackageNotFoundError:
        return "unreleased"


def _files(folder: Path) -> Iterator[str]:
    """Only what pages are drawn with: our templates, and of a theme its tokens."""
    if not folder.is_dir():
        return
    wanted = "*" if folder.name == "reader" else "*/tokens.yaml"
    for path in sorted(folder.glob(wanted)):
        stat = path.stat()
        yield f"{path.name} {stat.st_size} {stat.st_mtime_ns}"
