"""Lists, the people on them, and the addresses that must not be written to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from newsletter.desk.admin.base import DeskAdmin, TabularInline, display
from subscribers import fields as facts
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import List, Subscriber, Subscription, Suppression


class AddressField(forms.CharField):
    """An email address, checked by the same rules as everywhere else."""

    widget = UnfoldAdminTextInputWidget

    def clean(self, value: Any) -> str:
        """The address as it is written to."""
        try:
            return normalize(super().clean(value))[0]
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(List)
class ListAdmin(DeskAdmin):
    """Groups of people who asked for the same thing."""

    about = "Groups of people who asked for the same thing. A newsletter names its lists in config.yaml."
    when_empty = "There is no list yet. They are made from config.yaml when the pipeline starts."
    list_display = ("title_or_name", "name", "active", "created_at")
    ordering = ("name",)
    fields = ("name", "title")

    def get_queryset(self, request: HttpRequest) -> QuerySet[List]:
        """Each list with the number of people on it."""
        active = Count("subscriptions", filter=Q(subscriptions__status=Subscription.Status.ACTIVE))
        return super().get_queryset(request).annotate(active_count=active)  # type: ignore[no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: List | None = None) -> tuple[str, ...]:
        """The name ties the list to config.yaml: it is given once."""
        return ("name",) if obj else ()

    @display(description="List", ordering="title")
    def title_or_name(self, item: List) -> str:
        """What the list is called."""
        return str(item)

    @display(description="Active subscribers", ordering="active_count")
    def active(self, item: Any) -> int:
        """How many people want its mail."""
        return int(item.active_count)


class SubscriptionInline(TabularInline):  # type: ignore[misc]  # Unfold has no types
    """The lists that one person is or was on."""

    model = Subscription
    extra = 0
    fields = ("list", "status", "changed_at", "how")
    readonly_fields = ("changed_at", "how")
    can_delete = False
    hide_title = True


class FieldsField(forms.CharField):
    """What is known of a person, a line for each field: `city: Berlin`."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        """The fields as lines."""
        return "\n".join(f"{name}: {said}" for name, said in value.items()) if isinstance(value, dict) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other lines came back than were sent."""
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> dict[str, str]:
        """The lines as fields; one without a name is refused."""
        found: dict[str, str] = {}
        for line in str(super().clean(value) or "").splitlines():
            name, colon, said = line.partition(":")
            if line.strip() and not (colon and facts.slug(name)):
                raise forms.ValidationError(f"“{line[:60]}” is no field: write a name, a colon and a value.")
            if said := facts.tidy(said):
                found[facts.slug(name)] = said
        if len(found) > facts.MOST:
            raise forms.ValidationError(f"These are {len(found)} fields; a person has {facts.MOST} at most.")
        return found


class SubscriberForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it as generic
    """A person, known by an address that nobody else has."""

    email = AddressField(max_length=320, help_text="The address that mail is sent to.")
    fields = FieldsField(  # type: ignore[assignment]  # a form's own `fields` are of its instances
        required=False,
        label="Fields",
        help_text="A line for each, such as “city: Berlin”. Mails may show them, and ask about them.",
    )

    class Meta:
        model = Subscriber
        fields = ("email", "name", "fields")

    def clean_email(self) -> str:
        """Refuse an address that somebody has already, in whatever spelling."""
        email = str(self.cleaned_data["email"])
        self.instance.key = normalize(email)[1]
        if Subscriber.objects.filter(key=self.instance.key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody with this address is here already.")
        return email


@admin.register(Subscriber)
class SubscriberAdmin(DeskAdmin):
    """People, with the lists they are on."""

    about = "People, each known by one email address, with the lists they are on."
    when_empty = "Nobody matches. Bring people in with `newsletter subscribers import FILE --list NAME`."
    form = SubscriberForm
    list_display = ("email", "name", "created_at")
    search_fields = ("email", "name")
    search_help_text = "Part of an email address or name"
    ordering = ("-pk",)
    fields = ("email", "name", "fields")
    inlines = (SubscriptionInline,)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Note when, and by whom, a subscription was changed."""
        for subscription in formset.save(commit=False):
            subscription.changed_at = timezone.now()
            subscription.how = f"changed at the desk by {request.user.get_username()}"[:200]
            subscription.save()
        formset.save_m2m()


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
class SuppressionAdmin(DeskAdmin):
    """Addresses that must not be written to."""

    about = "Addresses that must not be written to, whatever the lists say: complaints, dead mailboxes, requests."
    when_empty = "No address is suppressed."
    form = SuppressionForm
    list_display = ("key", "reason", "created_at")
    search_fields = ("key", "reason")
    search_help_text = "Part of an address or reason"
    ordering = ("-pk",)
    fields = ("key", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Another address is another row."""
        return ("key",) if obj else ()
