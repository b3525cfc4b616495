"""Corrections of issues that readers have in their mail."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from newsletter.desk.admin.base import TabularInline
from newsletter.models import Correction, Issue


class CorrectionInline(TabularInline):  # type: ignore[misc]  # Unfold has no types
    """What was wrong in an issue that has gone out; its page shows it with the date, the mails stay as they are."""

    model = Correction
    extra = 1
    fields = ("text", "at", "by")
    readonly_fields = ("at", "by")
    hide_title = True
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 3})}}

    def has_view_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """Before an issue is public there is nothing to correct: it is simply edited."""
        return obj is not None and obj.is_public and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """Once readers have it."""
        return obj is not None and obj.is_public and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """A slip in a correction may be mended; the issue's history keeps who did it."""
        return obj is not None and obj.is_public and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """A correction that was public is not made to disappear."""
        return False


def sign(formset: Any, user: Any) -> None:
    """Put the name of who wrote it under each new or changed correction."""
    for form in formset.forms:
        if form.has_changed():
            form.instance.by = user
