"""Custom fields: what is known of people besides their address, each with the kind of its values."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from newsletter.desk.admin.base import DeskAdmin, action, display
from subscribers.fields import slug, tidy
from subscribers.models import Field, Subscriber

_LATEST = 2000
_SHOWN = 4
_latest: ContextVar[list[dict[str, Any]]] = ContextVar("latest", default=[])  # noqa: B039 - only ever replaced


class FieldForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it as generic
    """A field. Its name is given once; its kind is changed on a page of its own, for that changes values."""

    name = forms.CharField(
        max_length=63, required=False, widget=UnfoldAdminTextInputWidget,
        help_text="As mails and segments call it: reader.fields.NAME. Left empty, it is made from the title.",
    )  # fmt: skip

    class Meta:
        model = Field
        fields = ("title", "name", "kind", "description")
        widgets = {
            "title": UnfoldAdminTextInputWidget,
            "kind": UnfoldAdminSelectWidget,
            "description": UnfoldAdminTextInputWidget,
        }

    def clean(self) -> dict[str, Any]:
        """Bring the name into the form that everything calls it by."""
        cleaned = super().clean() or {}
        if "name" in self.fields:
            cleaned["name"] = slug(cleaned.get("name") or cleaned.get("title") or "")
            if not cleaned["name"]:
                self.add_error("name", "Give a name or a title, in letters from a to z and digits.")
            elif Field.objects.filter(name=cleaned["name"]).exists():
                self.add_error("name", f"There is a field “{cleaned['name']}” already.")
        return cleaned


@admin.register(Field)
class FieldAdmin(DeskAdmin):
    """What is known of people besides their address."""

    about = (
        "What is known of people besides address and name. Mails show fields, segments ask about them; the kind says "
        "how values are compared. How many have a value is seen from the latest two thousand people."
    )
    when_empty = "No field is declared yet. An import makes one for each column that it does not know."
    form = FieldForm
    list_display = ("title_or_name", "name", "values_are", "known", "examples")
    list_display_links = ("title_or_name",)
    search_fields = ("name", "title")
    search_help_text = "Part of a name or title"
    ordering = ("name",)
    fields = ("title", "name", "kind", "description")
    actions_detail = ("change_kind",)

    def get_readonly_fields(self, request: HttpRequest, obj: Field | None = None) -> tuple[str, ...]:
        """A name is given once, for mails and segments use it."""
        return ("name", "kind") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the page of its kind, which asks what becomes of the values."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Look at the latest people once for the whole list."""
        _latest.set(list(Subscriber.objects.order_by("-pk").values_list("fields", flat=True)[:_LATEST]))
        answer: HttpResponse = super().changelist_view(request, extra_context)
        # Drawn here, while what the list needs is at hand.
        return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer

    @display(description="Field", ordering="title")
    def title_or_name(self, field: Field) -> str:
        """What staff call it."""
        return str(field)

    @display(description="Kind", ordering="kind")
    def values_are(self, field: Field) -> str:
        """The kind of its values, and what they are becoming."""
        if not field.becoming:
            return str(field.get_kind_display())
        return "being removed" if field.becoming == "removed" else f"{field.get_kind_display()} → {field.becoming}"

    @display(description="Known of")
    def known(self, field: Field) -> str:
        """Of how many of the latest people it is known."""
        having = sum(field.name in fields for fields in _latest.get())
        return f"{having:,} of {len(_latest.get()):,}"

    @display(description="Such as")
    def examples(self, field: Field) -> str:
        """Some of its values."""
        texts = (
            "no" if fields[field.name] is False else tidy(fields[field.name])[:30]
            for fields in _latest.get()
            if field.name in fields
        )
        return ", ".join(list(dict.fromkeys(texts))[:_SHOWN]) or "–"

    @action(description="Change kind or delete", icon="swap_horiz", permissions=["change"], url_path="kind")
    def change_kind(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that changes the kind, and deletes."""
        return HttpResponseRedirect(reverse("desk-field", args=(object_id,)))
