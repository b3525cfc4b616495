"""What waits until staff have seen to it: a button on its own page, which does what the list's action does."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from newsletter.desk.admin.base import ReadOnlyAdmin, action
from newsletter.desk.admin.replies import log
from newsletter.models import Payload


class SettledAdmin(ReadOnlyAdmin):
    """Payloads with a `fault`: an action of the list settles them, another has them looked at again, and the page of
    each offers both."""

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

    @action(description="Look at selected ones again", permissions=["settle"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[Payload]) -> None:
        """Have them understood anew, for what was in the way may be mended."""
        log(request, list(queryset.exclude(fault="").exclude(body=b"").defer("body")), "looked at again")
        count = Payload.wait_again(queryset.order_by())
        if count:
            messages.success(request, f"{count} will be looked at again within seconds.")
        else:
            messages.warning(request, "There is nothing to look at again: it was understood, or is no longer kept.")
