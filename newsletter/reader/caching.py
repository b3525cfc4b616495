"""Answers that a browser already holding them need not fetch again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import condition


def conditional(
    request: HttpRequest, tag: str, modified: datetime, seconds: int, page: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """Make the page unless the browser's copy bears this tag; anyone may keep it for so many seconds."""
    asked = condition(etag_func=lambda _: tag, last_modified_func=lambda _: modified)
    response: HttpResponseBase = asked(lambda _: page())(request)
    response["Cache-Control"] = f"public, max-age={seconds}"
    return response


def tag_of(*parts: object) -> str:
    """An entity tag that changes with any of the parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return f'"{digest[:32]}"'
