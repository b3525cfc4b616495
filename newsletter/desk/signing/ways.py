"""The ways in that a member of the staff has: second factors, and browsers that are signed in."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from newsletter.models import deeds


def factors(user: Any) -> list[str]:
    """What proves, beside the password, that it is they; codes to recover with are no factor of their own."""
    kinds = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).order_by("type")
    return [str(one.get_type_display()) for one in kinds]


def vouch(user: Any, email: str) -> None:
    """Let allauth take an address for verified, and no other that somebody had before."""
    EmailAddress.objects.filter(user=user).exclude(email=email).delete()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})


def forget_address(user: Any) -> None:
    """Let an address that somebody had open nothing any more."""
    EmailAddress.objects.filter(user=user).delete()


def forget_factors(user: Any) -> None:
    """Remove all of them, for who has lost theirs."""
    if Authenticator.objects.filter(user=user).delete()[0]:
        deeds.say(user, "second factors removed")


def sessions(user: Any) -> list[UserSession]:
    """The browsers that are signed in."""
    return list(UserSession.objects.purge_and_list(user))


def end_sessions(user: Any) -> None:
    """Sign somebody out in all of them."""
    ended = sessions(user)
    for session in ended:
        session.end()
    if ended:
        deeds.say(user, f"signed out in {len(ended)} browsers")
