"""Test groups: addresses that are sent test mails together; those that config.yaml names stand beside them."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from newsletter import roles
from newsletter.desk.admin.base import DeskAdmin, LoggedAdmin, display
from newsletter.desk.pages.testing import MOST
from newsletter.models import TestGroup
from newsletter.settings import current
from subscribers.addresses import InvalidAddress, normalize

EVERY = "every newsletter"


class AddressesField(forms.CharField):
    """Addresses, a line each or with commas between them; kept each once, as they are written to."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 6})

    def prepare_value(self, value: Any) -> Any:
        """A line each."""
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other lines came back than were sent."""
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> list[str]:
        """The addresses; all that are none are named at once."""
        found: dict[str, str] = {}
        faults = []
        for typed in filter(None, re.split(r"[\s,;]+", str(super().clean(value)))):
            try:
                email, key = normalize(typed)
                found.setdefault(key, email)
            except InvalidAddress as error:
                faults.append(f"“{typed[:80]}” is no address to write to: {error}")
        if len(found) > MOST:
            faults.append(f"A test goes to {MOST} addresses at most; these are {len(found)}.")
        if faults:
            raise forms.ValidationError(faults)
        return list(found.values())


class TestGroupForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """A group; for which newsletters it can be is for roles to say."""

    user: Any = None
    newsletter = forms.ChoiceField(required=False, label="For", widget=UnfoldAdminSelectWidget)
    addresses = AddressesField(help_text=f"A line each, {MOST} at most.")

    class Meta:
        model = TestGroup
        fields = ("name", "newsletter", "addresses")
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "newsletter" in self.fields:
            right = f"newsletter.{'change' if self.instance.pk else 'add'}_testgroup"
            choices = _choices(self.user, right)
            self.fields["newsletter"].choices = choices  # type: ignore[attr-defined]
            self.fields["newsletter"].required = ("", EVERY) not in choices


def _choices(user: Any, right: str) -> list[tuple[str, str]]:
    """The newsletters somebody may make groups for; for all of them who may for each there is."""
    letters = current().newsletters
    theirs = [(name, letters[name].title) for name in roles.among(user, right, letters)]
    return theirs if roles.newsletters_of(user, right) is not None else [("", EVERY), *theirs]


@admin.register(TestGroup)
class TestGroupAdmin(LoggedAdmin):
    """Who is sent test mails together."""

    about = "Addresses that are sent a test together: choose a group beside “Send a test” in an issue's preview."
    when_empty = "There is no test group at the desk yet. Add one with the addresses of those who look issues over."
    form = TestGroupForm
    list_before_template = "test_groups_before.html"
    list_display = ("name", "used_for", "who")
    search_fields = ("name", "addresses")
    search_help_text = "Part of a name or an address"
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TestGroup]:
        """Those of their newsletters, and those of all, which only who holds a role for all may change."""
        rows: QuerySet[TestGroup] = super(DeskAdmin, self).get_queryset(request)
        names = roles.newsletters_of(request.user, "newsletter.view_testgroup")
        return rows if names is None else rows.filter(newsletter__in=["", *sorted(names)])

    def get_form(self, request: HttpRequest, obj: TestGroup | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A form that knows who fills it in."""
        return type("TestGroupForm", (super().get_form(request, obj, change, **kwargs),), {"user": request.user})

    def has_change_permission(self, request: HttpRequest, obj: TestGroup | None = None) -> bool:
        """A group of every newsletter is changed by who holds a role for every one."""
        return super().has_change_permission(request, obj) and _reaches(request.user, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: TestGroup | None = None) -> bool:
        """Likewise."""
        return super().has_delete_permission(request, obj) and _reaches(request.user, "delete", obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the groups that config.yaml names."""
        letters = current().newsletters
        names = roles.among(request.user, "newsletter.view_testgroup", letters)
        named = [
            (letters[name].title, group, addresses)
            for name in names
            for group, addresses in letters[name].test_groups.items()
        ]
        return super().changelist_view(request, {"named": named, **(extra_context or {})})

    @display(description="For")
    def used_for(self, group: TestGroup) -> str:
        """Its newsletter."""
        letter = current().newsletters.get(group.newsletter)
        return letter.title if letter else group.newsletter or EVERY

    @display(description="Addresses")
    def who(self, group: TestGroup) -> str:
        """The addresses."""
        return ", ".join(group.addresses)


def _reaches(user: Any, verb: str, group: TestGroup | None) -> bool:
    if group is None:
        return True
    right = f"newsletter.{verb}_testgroup"
    return bool(roles.among(user, right, [group.newsletter])) if group.newsletter else (
        roles.newsletters_of(user, right) is None
    )  # fmt: skip
