"""Mails to staff about how they sign in: service mails like any other, in the first newsletter's name and look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from newsletter import links
from newsletter.models import Notice
from newsletter.settings import current


def send_link(user: Any, what: str, by: Any, now: datetime) -> bool:
    """Mail a link to choose a password: `invited` or `reset`. False where no mail can be sent at all."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", args=(user_pk_to_url_str(user), key))
    until = now + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    return _queue(user, what, links.desk(current(), path), now, by=_called(by) if by else "", until=until)


def tell(user: Any, what: str, now: datetime) -> bool:
    """Say that something about how they sign in has changed."""
    return _queue(user, what, links.desk(current(), reverse("desk-you")), now)


def _queue(user: Any, what: str, url: str, now: datetime, by: str = "", until: datetime | None = None) -> bool:
    config = current()
    if not config.newsletters or not user.email:
        return False
    facts = {
        "what": what, "site": config.site.name, "name": user.get_username(), "by": by, "account_url": url,
        "expires": until.isoformat() if until else "",
    }  # fmt: skip
    Notice.queue(Notice.Kind.ACCOUNT, next(iter(config.newsletters)), user.email, facts, now, until=until)
    return True


def _called(user: Any) -> str:
    return str(user.get_full_name() or user.get_username())
