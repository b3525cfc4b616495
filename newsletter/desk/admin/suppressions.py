"""Addresses that must not be written to: one or many added, lifted with a reason, handed out as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsletter.desk.actions import SeeOther
from newsletter.desk.admin.base import LoggedAdmin, action, display
from newsletter.desk.admin.people_forms import AddressField
from subscribers.addresses import normalize
from subscribers.models import Consent, Occasion, Origin, Subscriber, Suppression

KINDS = {"bounced": "warning", "complained": "danger", "erased": "default", "manual": "info"}


class SuppressionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """An address, kept in the form that addresses are compared by."""

    key = AddressField(max_length=320, label="Address", help_text="Nothing is sent to it, whatever the lists say.")

    class Meta:
        model = Suppression
        fields = ("key", "reason")

    def clean_key(self) -> str:
        """The key of the address that was typed."""
        return normalize(str(self.cleaned_data["key"]))[1]


@admin.register(Suppression)
class SuppressionAdmin(LoggedAdmin):
    """Addresses that must not be written to."""

    about = "Addresses that must not be written to, whatever the lists say: complaints, dead mailboxes, requests."
    when_empty = (
        "No address is suppressed. Complaints and dead mailboxes come here by themselves; if you sent from elsewhere"
        " before, paste or import the list that you have there."
    )
    form = SuppressionForm
    list_before_template = "suppressions_before.html"
    list_display = ("address", "why", "reason", "created_at")
    list_filter = ("kind",)
    search_fields = ("key", "reason")
    search_help_text = "Part of an address or reason"
    ordering = ("-pk",)
    fields = ("key", "reason")
    actions = ("lift",)

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Another address is another row."""
        return ("key", "kind", "created_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Of a new one, what it takes; of one that is there, all."""
        return ("key", "kind", "reason", "created_at") if obj else ("key", "reason")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """None is deleted without a word: it is lifted, with a reason."""
        return False

    def has_lift_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may take one away."""
        return request.user.has_perm("subscribers.delete_suppression")

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """Write down for the person that they are suppressed."""
        super().save_model(request, obj, form, change)
        if not change and (person := Subscriber.objects.filter(key=obj.key).first()):
            occasion = Occasion(timezone.now(), Origin.DESK, obj.reason, by=request.user.get_username())
            Consent.note_all(Consent.Action.SUPPRESSED, occasion, [person.pk])

    @display(description="Address", ordering="key")
    def address(self, row: Suppression) -> SafeString | str:
        """The address, or that only its hash is kept."""
        return row.key or format_html('<em title="{}">erased; kept as a hash {}…</em>', row.hash, row.hash[:8])

    @display(description="Kind", ordering="kind", label=KINDS)
    def why(self, row: Suppression) -> str:
        """Why it is held."""
        return row.kind

    @action(description="Lift …", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> HttpResponseBase:
        """Ask why."""
        numbers = ",".join(map(str, queryset.order_by("-pk").values_list("pk", flat=True)[:1000]))
        return SeeOther(f"{reverse('desk-suppressions-lift')}?rows={numbers}")
