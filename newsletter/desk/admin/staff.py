"""Staff and what they may do, in Unfold's forms."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from newsletter.desk.admin.base import DeskAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class DeskUserAdmin(UserAdmin, DeskAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """The people who may sign in here."""

    about = "The people who may sign in here: “staff status” lets them in, permissions say what they may do."
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class DeskGroupAdmin(GroupAdmin, DeskAdmin):
    """Permissions given to several people at once."""

    about = "Permissions given to several people at once."
    when_empty = "There are no groups. Make one to give several people the same permissions."
