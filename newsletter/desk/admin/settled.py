"""What waits until staff have seen to it: a button on its own page, which does what the list's action does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from newsletter.desk.admin.base import ReadOnlyAdmin


class SettledAdmin(ReadOnlyAdmin):
    """Rows with a `fault`, which an action of the list settles; the page of each offers the same."""

    change_form_outer_before_template = "settled.html"
    settling = ("", "")
    """The action's name, and what the button says."""
    then = ""
    """What follows from it, beside the button."""

    def has_settle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing in it can be edited, but who may change it may say that it was seen to."""
        return request.user.has_perm(f"newsletter.change_{self.opts.model_name}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its own page."""
        context = {"may_settle": self.has_settle_permission(request), **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer
