"""Deleting people in the lists of the desk is erasing them: nothing is left behind, and no import brings them back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from newsletter.desk.admin.base import action
from newsletter.desk.pages.person_data import erase_by_staff
from subscribers.erasing import waiting_files
from subscribers.models import Subscriber


class Erasing:
    """For the admin of subscribers; stands before the admin's own class."""

    actions_detail = ("their_data",)

    @action(description="Their data", icon="folder_shared", permissions=["view"], url_path="see-data")
    def their_data(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page with the copy that a person may ask for; from there to their erasure."""
        return HttpResponseRedirect(reverse("desk-person-data", args=(_number(object_id),)))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """One person is erased on a page of its own, which says what goes."""
        return HttpResponseRedirect(reverse("desk-person-erase", args=(_number(object_id),)))

    def get_deleted_objects(
        self, objs: Iterable[Subscriber], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What is asked about before several are erased: the people. What hangs on them needs no right of its own."""
        names = [str(one) for one in objs]
        return names, {"people, with all that is kept of them": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Subscriber) -> None:
        """Erase one."""
        erase_by_staff(request, obj, [])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        """Erase each, in a transaction of their own: one that fails keeps nobody else's rows."""
        for one in queryset.order_by("pk").iterator(chunk_size=500):
            erase_by_staff(request, one, [])
        for file in waiting_files():
            messages.warning(request, f"{file} still waits with its rows; cancel the import to drop the file.")


def _number(text: str) -> int:
    """The number of a person in an address; 0, which nobody has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
