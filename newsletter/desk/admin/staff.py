"""Staff and groups of permissions: the lists of them. Members are looked after on pages of our own, by owners."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsletter import roles
from newsletter.desk.admin.base import LoggedAdmin, display, link
from newsletter.desk.signing import members
from newsletter.models.deeds import NOBODIES

ALLAUTH = ("account", "mfa", "socialaccount", "usersessions")
# What allauth keeps is seen on pages of our own; its secrets are nobody's to read. Registered first, whoever asks for
# these modules first.
for _app in ALLAUTH:
    import_module(f"allauth.{_app}.admin")
for _model in [model for model in admin.site._registry if model._meta.app_label in ALLAUTH]:
    admin.site.unregister(_model)
admin.site.unregister(User)
admin.site.unregister(Group)


class OwnersOnly:
    """For what says who may do what; stands before the admin's own class."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """In the sidebar."""
        return roles.is_owner(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To be seen."""
        return roles.is_owner(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """To be added."""
        return roles.is_owner(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To be changed."""
        return roles.is_owner(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To be deleted."""
        return roles.is_owner(request.user)


@admin.register(User)
class DeskUserAdmin(OwnersOnly, LoggedAdmin):
    """The people who may sign in here."""

    about = (
        "The people who may sign in here, and what each may do. Invite somebody with the button above: they get a mail"
        " with a link. Nobody is deleted, for the log names them; who goes is deactivated."
    )
    when_empty = "Nobody matches."
    list_display = ("name", "email", "holds", "second", "last_login", "standing")
    list_filter = ("is_active",)
    list_display_links = None
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = "Part of a name or address"
    ordering = ("-is_active", "username")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without those of the log who are no persons."""
        found: QuerySet[User] = super().get_queryset(request)
        return found.exclude(username__in=NOBODIES).prefetch_related(
            "groups", "memberships__group", "authenticator_set"
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What somebody did stays under their name."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Go to the page where somebody is invited."""
        return HttpResponseRedirect(reverse("desk-invite"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Go to the member's own page."""
        number = int(object_id) if object_id.isdecimal() and len(object_id) < 10 else 0
        return HttpResponseRedirect(reverse("desk-member", args=(number,)))

    @display(description="Name", ordering="username")
    def name(self, user: User) -> SafeString:
        """The name to sign in with, leading to their page, and the name they are called by."""
        return format_html(
            "{}<div class='desk-soft'>{}</div>",
            link(reverse("desk-member", args=(user.pk,)), user.username), user.get_full_name(),
        )  # fmt: skip

    @display(description="Roles")
    def holds(self, user: Any) -> str:
        """What they may do."""
        found = {(group.name, "") for group in user.groups.all()}
        found |= {(one.group.name, one.newsletter) for one in user.memberships.all()}
        return members.in_words(found | ({(roles.OWNER, "")} if user.is_superuser else set()))

    @display(description="Second factor")
    def second(self, user: Any) -> str:
        """Whether a password alone lets nobody in as them."""
        kinds = {one.get_type_display() for one in user.authenticator_set.all() if one.type != "recovery_codes"}
        return ", ".join(sorted(kinds)) or "–"

    @display(description="Standing", label={"active": "success", "invited": "info", "deactivated": "default"})
    def standing(self, user: User) -> str:
        """Whether they may sign in."""
        if not (user.is_active and user.is_staff):
            return "deactivated"
        return "active" if user.has_usable_password() or user.last_login else "invited"


@admin.register(Group)
class DeskGroupAdmin(OwnersOnly, GroupAdmin, LoggedAdmin):
    """Permissions given to several people at once."""

    about = (
        "Roles: permissions given to several people at once. Those that every house has are as they are; make one of"
        " your own to give other permissions. It can be held for one newsletter if nothing in it reaches beyond."
    )
    when_empty = "There are no groups. `newsletter migrate` makes those that every house has."

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not those of every house: the next migration would undo it."""
        return super().has_change_permission(request, obj) and not _of_every_house(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor may those be deleted."""
        return super().has_delete_permission(request, obj) and not _of_every_house(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None for many at once: among them might be those that stay."""
        return {}


def _of_every_house(group: Any) -> bool:
    return isinstance(group, Group) and group.name in roles.ROLES
