"""Anymail's inbound signal: one way in for every provider that django-anymail knows.

Imported only where config.yaml names a provider; the extra `anymail` is needed for it.
"""

from __future__ import annotations

from typing import Any

from anymail.signals import inbound
from anymail.urls import urlpatterns as every_provider
from django.dispatch import receiver
from django.urls import URLPattern
from django.utils import timezone

from newsletter.config import Config
from newsletter.settings import current
from newsletter.track.mail import take
from newsletter.track.replies.incoming import Incoming


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
        pattern for pattern in every_provider
        if isinstance(pattern, URLPattern) and _is_inbound(str(pattern.name), name)
    ]  # fmt: skip


def _is_inbound(pattern: str, provider: str | None) -> bool:
    """Mandrill posts everything to one address; the others have one for each."""
    return pattern in (f"{provider}_inbound_webhook", "mandrill_webhook" if provider == "mandrill" else "")
