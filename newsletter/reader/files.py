"""Images that lie beside a folder source's posts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter.config import Config
from newsletter.reader.caching import conditional, tag_of
from newsletter.settings import current

# Pictures that hold no script. SVG can.
TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
AN_HOUR = 3600


@require_safe
def file(request: HttpRequest, source: str, path: str) -> HttpResponseBase:
    """Serve a picture of a folder source; 404 for anything that is not one."""
    config = current()
    settings = config.collect.sources.get(source)
    if settings is None or settings.kind != "folder":
        raise Http404(f"there is no folder source '{source}'")
    found = picture(config.path(settings.location), path)
    stat = found.stat()
    modified = datetime.fromtimestamp(stat.st_mtime, UTC)
    content_type = TYPES[found.suffix.lower()]
    return conditional(
        request,
        tag_of(found.name, stat.st_size, stat.st_mtime_ns),
        modified,
        AN_HOUR,
        lambda: FileResponse(found.open("rb"), content_type=content_type),
    )


def ours(config: Config, address: str) -> Path | None:
    """The file behind an address of `links.file`; None for pictures that lie elsewhere, or are not there."""
    start = f"{config.site.url}/files/"
    source, _, path = unquote(address.removeprefix(start)).partition("/")
    settings = config.collect.sources.get(source)
    if not address.startswith(start) or settings is None or settings.kind != "folder":
        return None
    try:
        return picture(config.path(settings.location), path)
    except Http404:
        return None


def picture(folder: Path, path: str) -> Path:
    """The picture at a path inside the folder; Http404 if it is outside, hidden, not a picture or not there."""
    try:
        found = (folder / path).resolve()
        inside = found.relative_to(folder.resolve())
        there = found.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a NUL, outside
        raise Http404("there is no such picture") from error
    # Asked of the path as it was written and as it turned out, because either may be a link's name.
    hidden = any(part.startswith(".") for part in (*path.split("/"), *inside.parts))
    if hidden or not there or not all(name.lower().endswith(tuple(TYPES)) for name in (path, found.name)):
        raise Http404("there is no such picture")
    return found
