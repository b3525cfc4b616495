"""What a member of the staff sees to for themselves: how they sign in, and what they are told of by mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.desk.pages.calendar.feed import address_of
from newsletter.desk.signing import members, ways
from newsletter.models import Wish
from newsletter.roles import is_owner
from newsletter.staff import NEWS, SEE, can_be_mailed, wanted


class NewsForm(forms.Form):
    """Which mails somebody wants."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        for name, news in NEWS.items():
            self.fields[name] = forms.BooleanField(
                required=False, label=news.title[:1].upper() + news.title[1:], initial=wanted(user, name)
            )

    def save(self) -> None:
        """Keep what differs from what their role would have; the rest goes on following the role."""
        for name in NEWS:
            if name in self.changed_data:
                Wish.objects.update_or_create(
                    user=self.user, news=name, defaults={"wanted": self.cleaned_data[name]}
                )  # fmt: skip


def you(request: HttpRequest) -> HttpResponseBase:
    """Show it; on POST keep which mails are wanted."""
    return admin.site.admin_view(_you)(request)


@require_http_methods(["GET", "HEAD", "POST"])
def _you(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = NewsForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved. You are told of just these.")
        return SeeOther(reverse("desk-you"))
    return desk_page(
        request, "you.html", "You", form=form, roles=members.in_words(members.held(user)), factors=ways.factors(user),
        sessions=len(ways.sessions(user)), sees=user.has_perm(SEE), reached=can_be_mailed(user.email),
        owner=is_owner(user),
        has_password=user.has_usable_password(),
        calendar=address_of(user),
    )  # fmt: skip
