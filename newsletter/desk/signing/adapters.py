"""What the house decides of what allauth leaves open: who gets in, where mails go, where a request comes from."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from newsletter.desk.signing import mails, ways


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Staff alone sign in, nobody signs up, and mails are service mails."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """An owner invites."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Turn away who is not staff."""
        if not user.is_staff:
            messages.error(request, "This name is not on the staff. An owner of the desk can invite you.")
            return HttpResponseRedirect(reverse("account_login"))
        return super().pre_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def login(self, request: HttpRequest, user: Any) -> None:
        """Let the session last as any, though it had been a stranger's who had something kept for an hour."""
        super().login(request, user)
        request.session.set_expiry(None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As our server found it, which knows whether a proxy may be believed."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Only a link to choose a password is ever asked for."""
        if template_prefix == "account/email/password_reset_key":
            mails.send_link(context["user"], "reset", None, timezone.now())

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell them what has changed."""
        mails.tell(user, template_prefix.rpartition("/")[2], timezone.now())


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Another service may say who somebody is; it makes nobody a member of the staff."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """An owner invites."""
        return False

    def authenticate_by_email(self, sociallogin: Any) -> tuple[Any, str] | None:
        """Whose address the service has verified. That it is theirs an owner has said, so their password stays."""
        found: tuple[Any, str] | None = super().authenticate_by_email(sociallogin)
        if found:
            ways.vouch(*found)
        return found
