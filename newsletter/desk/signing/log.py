"""What the log says of signing in: who did, who tried, and what changed about how they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from newsletter.acting import STRANGER
from newsletter.errands.limits import truncated
from newsletter.models import Turn, deeds

FAILURES = 60
"""Lines an hour about strangers who fail: whoever tries on and on shall not fill the log."""


@receiver(user_logged_in)
def signed_in(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Somebody is in; where a program lets itself in, nobody came from anywhere."""
    if came := _from(request):
        deeds.say(user, f"signed in{came}", who=user)


@receiver(user_logged_out)
def signed_out(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Somebody has gone."""
    if user is not None and (came := _from(request)):
        deeds.say(user, f"signed out{came}", who=user)


@receiver(user_login_failed)
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """A wrong password. A name that is nobody's is not kept: it may be a password in the wrong field."""
    name = str(credentials.get("username") or credentials.get("email") or "")
    user = get_user_model().objects.filter(username=name).first() if name else None
    now = timezone.now()
    if Turn.take(f"failed sign-in {user.pk if user else ''}", FAILURES, timedelta(hours=1), now):
        return
    deeds.say(user or deeds.nobody(STRANGER), f"{deeds.REFUSED}{_from(request)}", who=user or STRANGER)


@receiver(mfa.authentication_failed)
def wrong_factor(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """The password was right, the second factor was not."""
    if not Turn.take(f"failed factor {user.pk}", FAILURES, timedelta(hours=1), timezone.now()):
        deeds.say(user, f"{deeds.REFUSED}: a wrong second factor{_from(request)}", who=user)


def _changed(words: str) -> Any:
    def write(request: HttpRequest | None = None, user: Any = None, **_: Any) -> None:
        deeds.say(user, f"{words}{_from(request)}", who=user)

    return write


CHANGES = (
    (account.password_changed, "password changed"),
    (account.password_set, "password set"),
    (account.password_reset, "password set anew by a link"),
    (mfa.authenticator_added, "second factor added"),
    (mfa.authenticator_removed, "second factor removed"),
    (mfa.authenticator_reset, "recovery codes made anew"),
)
for _signal, _words in CHANGES:
    _signal.connect(_changed(_words), weak=False, dispatch_uid=_words)


@receiver(social.social_account_added)
def connected(request: HttpRequest | None, sociallogin: Any, **_: Any) -> None:
    """Another service vouches for somebody from now on."""
    name = sociallogin.account.get_provider().name
    deeds.say(sociallogin.user, f"sign-in by {name} added{_from(request)}", who=sociallogin.user)


def _from(request: HttpRequest | None) -> str:
    address = str(request.META.get("REMOTE_ADDR", "")) if request else ""
    return f", from {truncated(address)}" if address else ""
