"""The fields of a multipart/form-data request as bytes: files are passed over, and fields are read up to a limit.

Django's own form parser decodes fields before their charset is known, and refuses a request whose fields are large, as
a whole mail posted in one field may be. So its stream classes are used one level below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadhandler import StopUpload
from django.http import HttpRequest
from django.http.multipartparser import (  # type: ignore[attr-defined]  # the stubs know only the parser of it
    FILE,
    ChunkIter,
    LazyStream,
    MultiPartParserError,
    Parser,
    exhaust,
)
from django.utils.http import parse_header_parameters

_CHUNK = 64 * 1024
_MOST = 200


class NotMultipart(ValueError):
    """The request's body is not what its sender says it is."""


@dataclass(frozen=True)
class Field:
    """One field; `cut` says that there was more of it. Of a file only the name is known."""

    name: str
    data: bytes
    cut: bool = False
    filename: str = ""


def fields(request: HttpRequest, limit: int, wanted: Collection[str]) -> Iterator[Field]:
    """Each wanted field in turn, at most `limit` bytes of it, and each file; raise NotMultipart for what is none."""
    kind, options = parse_header_parameters(request.headers.get("Content-Type", ""))
    boundary = options.get("boundary", "").encode("ascii", "replace")
    if kind != "multipart/form-data" or not boundary:
        raise NotMultipart("the request is not multipart/form-data")
    try:
        parts: Any = Parser(LazyStream(ChunkIter(request, _CHUNK)), boundary)
        for number, (kind, head, stream) in enumerate(parts):
            if number > _MOST:
                raise NotMultipart(f"more than {_MOST} fields")
            if found := _field(kind, head, stream, limit, wanted):
                yield found
    except (MultiPartParserError, StopUpload, OSError, ValueError) as error:
        raise NotMultipart(str(error) or type(error).__name__) from error


def _field(kind: str, head: Any, stream: Any, limit: int, wanted: Collection[str]) -> Field | None:
    options = head["content-disposition"][1] if "content-disposition" in head else {}
    name, filename = _text(options.get("name", "")), _text(options.get("filename", ""))
    if kind == FILE or filename:
        exhaust(stream)
        return Field(name, b"", filename=filename or "a file")
    if name not in wanted:
        exhaust(stream)
        return None
    data = stream.read(size=limit + 1)
    exhaust(stream)
    return Field(name, data[:limit], cut=len(data) > limit)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
