"""What all webhooks do alike: read a body that is not endless, and keep it before the answer or ask to try again."""

from __future__ import annotations

import logging

from django.db import Error
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone

from newsletter.models import Payload

log = logging.getLogger(__name__)

LARGEST = 32_000_000
"""Bytes of a body; providers send batches of less than one million."""
LATER = 60
"""Seconds after which a provider may try again, if it listens to that."""


class TooLarge(ValueError):
    """This body is larger than any that a provider sends."""


def body_of(request: HttpRequest) -> bytes:
    """The body, byte for byte. Raises TooLarge, and UnreadablePostError where the connection ends within it.

    Django's own reading stops at 2.5 MB, which a batch of a thousand events may come near to.
    """
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise TooLarge
    except ValueError as error:
        raise TooLarge from error
    data = request.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise TooLarge
    return data


def kept(source: str, data: bytes) -> HttpResponse:
    """The answer once a row holds what came: 204; or 503, so that it is brought again, if the database fails."""
    try:
        Payload.keep(source, data, timezone.now())
    except Error:
        log.exception("what %s posted could not be kept; it is asked to post it again", source)
        return HttpResponse(status=503, headers={"Retry-After": str(LATER)})
    return HttpResponse(status=204)


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to a body that cannot be read: too large for anything genuine, or cut off."""
    log.warning("%s: a body was not read: %s", request.path, type(error).__name__)
    return HttpResponse(status=400 if isinstance(error, UnreadablePostError) else 413)
