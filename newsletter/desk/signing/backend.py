"""What Django asks whether somebody may do something: by their roles, for all newsletters or for one."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from newsletter import roles


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Answers by newsletter where the question, or the request, is about one."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """All that somebody may do to `obj`; without one, to what the request is about, or anywhere."""
        return set(_held(user_obj, obj))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether that is among it."""
        return perm in _held(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether there is anything of an app that somebody may do."""
        return any(one.startswith(f"{app_label}.") for one in _held(user_obj))


def _held(user: Any, what: Any = None) -> frozenset[str]:
    if not user.is_active or user.is_anonymous:
        return frozenset()
    return roles.held_for(user, what if what is not None else getattr(user, "scope", None))
