"""The obvious way, for comparison: a view of Django's that looks message and link up, writes a row, and leads on.

`python -m newsletter.bench.plain` serves it by the same server as ours, in the same eight threads.
"""

from __future__ import annotations

import signal
import threading

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: E402
from django.shortcuts import get_object_or_404  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402

from newsletter import tokens  # noqa: E402
from newsletter.models import Event, Link, Message  # noqa: E402
from newsletter.serving import Web  # noqa: E402
from newsletter.settings import current, signing_keys  # noqa: E402
from newsletter.track.gate import Gate  # noqa: E402


def click(request: HttpRequest, link: int, token: str) -> HttpResponse:
    """Lead on, once the click is in the database."""
    message = get_object_or_404(Message, pk=tokens.read(token, signing_keys()))
    found = get_object_or_404(Link, pk=link, issue_id=message.issue_id)
    Event.objects.create(issue_id=message.issue_id, message=message, link=found, kind="click", at=timezone.now())
    return HttpResponseRedirect(found.url)


urlpatterns = [path("plain/<int:link>/<str:token>", click)]


def main() -> None:
    """Serve until asked to end."""
    settings.ROOT_URLCONF = __spec__.name if __spec__ else "newsletter.bench.plain"
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Its gate is never come to: the addresses are others.
    server = Web(current().site.listen, Gate(current(), signing_keys()), get_wsgi_application(), stop)
    server.start()
    stop.wait()
    server.finish()


if __name__ == "__main__":
    main()
