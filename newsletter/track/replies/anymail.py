"""Anymail's inbound signal: one way in for every provider that django-anymail knows.

Imported only where config.yaml names a provider; the extra `anymail` is needed for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailError
from anymail.signals import inbound
from anymail.urls import urlpatterns as every_provider
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from newsletter.config import Config
from newsletter.settings import current
from newsletter.track.mail import take
from newsletter.track.replies.incoming import Incoming
from newsletter.track.replies.receiving import BROKEN

log = logging.getLogger(__name__)


@receiver(inbound, dispatch_uid="newsletter replies")
def arrived(sender: object, event: Any, **more: object) -> None:
    """Take one mail that a provider posted, and that Anymail found to be the provider's."""
    mail = event.message
    to = (mail.envelope_recipient,) if mail.envelope_recipient else ()
    incoming = Incoming.of_mail(mail, to, mail.envelope_sender)
    take(mail.as_bytes(), incoming, current(), timezone.now())


def urls(config: Config) -> list[URLPattern]:
    """The addresses of the provider in config.yaml, and of no other: theirs would be checked against nothing."""
    name = config.track.replies.anymail.provider
    return [
        URLPattern(pattern.pattern, _unbroken(pattern.callback), name=pattern.name) for pattern in every_provider
        if isinstance(pattern, URLPattern) and _is_inbound(str(pattern.name), name)
    ]  # fmt: skip


def _unbroken(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Anymail's view, which ends with an error of the server's over a body that is no mail."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (*BROKEN, AssertionError, AnymailError) as error:
            log.warning("%s: this is no mail: %s: %s", request.path, type(error).__name__, error)
            return HttpResponse("this is no mail", "text/plain", status=400)

    return answer


def _is_inbound(pattern: str, provider: str | None) -> bool:
    """Mandrill posts everything to one address; the others have one for each."""
    return pattern in (f"{provider}_inbound_webhook", "mandrill_webhook" if provider == "mandrill" else "")
