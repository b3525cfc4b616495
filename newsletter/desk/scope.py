"""What a request of staff is about, and who makes it: the rules of roles then hold on every page, whoever wrote it.

An address that names an issue, a newsletter or a row that hangs on one is about that newsletter. While it is answered,
`user.has_perm` without more is asked for this newsletter; so a page need not know that a role may be held for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch

from newsletter import roles
from newsletter.acting import acting
from newsletter.models import Issue, Reply

STAFF = "/desk/"
NUMBERED = {"issue": Issue, "reply": Reply}
"""What the number in /desk/WORD/NUMBER/ is of, where it belongs to a newsletter."""
NAMED = ("newsletter", "letter")
"""What a newsletter's name in an address may be called."""


class AtWork:
    """Middleware for the desk: what happens here is the deed of who is signed in, for the newsletter it is about."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        if not request.path_info.startswith(STAFF) or not request.user.is_authenticated:
            return self.get_response(request)
        with acting(request.user):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Say what it is about, before anything asks whether that is allowed."""
        match = request.resolver_match
        user: Any = request.user
        if match and request.path_info.startswith(STAFF) and user.is_authenticated:
            user.scope = about(match)
        return None


def about(match: ResolverMatch) -> Any:
    """The row or the newsletter's name that an address is about; None where it is about none, or about several."""
    kwargs = match.kwargs
    parts = match.route.removeprefix("^").split("/")
    if "object_id" in kwargs:
        return _row_of(match.url_name or "", str(kwargs["object_id"]))
    for name in NAMED:
        if isinstance(kwargs.get(name), str):
            return kwargs[name]
    if parts[:2] == ["desk", "letter"] and "name" in kwargs:
        return kwargs["name"]
    model: Any = NUMBERED.get(parts[1]) if len(parts) > 1 else None
    number = str(kwargs.get("number", ""))
    return model.objects.filter(pk=number).first() if model and _is_number(number) else None


def _row_of(name: str, number: str) -> Any:
    """The row that an address of Django's admin is about, if its table belongs to newsletters."""
    models = {f"{model._meta.app_label}_{model._meta.model_name}_": model for model in admin.site._registry}
    model: Any = next((models[prefix] for prefix in models if name.startswith(prefix)), None)
    if model is None or not _is_number(number) or not belongs(model):
        return None
    return model.objects.filter(pk=number).first()


def belongs(model: Any) -> str:
    """The way from a table to the newsletter's name that its rows belong to; empty where they belong to none."""
    fields = {field.name: field for field in model._meta.fields}
    if "newsletter" in fields and fields["newsletter"].get_internal_type() == "SlugField":
        return "newsletter"
    return "issue__newsletter" if "issue" in fields and fields["issue"].related_model is Issue else ""


def only_theirs(user: Any, rows: Any, right: str = "view") -> Any:
    """The rows of a table that somebody may see: those of their newsletters, where it belongs to newsletters."""
    meta = rows.model._meta
    way = belongs(rows.model)
    return roles.theirs(user, f"{meta.app_label}.{right}_{meta.model_name}", rows, way) if way else rows


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
