"""The web application, for any WSGI server; `newsletter web` serves it itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from newsletter.track.ways.wsgi import Before

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsletter.settings")
pages = get_wsgi_application()
"""All of it but the links and the image of mails."""


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request. The threads behind links and image start with the first one, in each process of the server."""
    return _whole(os.getpid())(environ, start_response)


@lru_cache
def _whole(process: int) -> Before:
    from newsletter.track.gate import here
    from newsletter.track.ways.wsgi import Before

    gate = here()
    return Before(pages, gate.door, gate.ask, gate.behind_proxy)
