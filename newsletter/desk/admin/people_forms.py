"""What staff type about a person: the address, and each field as the kind it is declared to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from subscribers import fields as facts
from subscribers import joining
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import Consent, Field, List, Occasion, Origin, Subscriber, Suppression, Tag, Tagging


class AddressField(forms.CharField):
    """An email address, checked by the same rules as everywhere else."""

    widget = UnfoldAdminTextInputWidget

    def clean(self, value: Any) -> str:
        """The address as it is written to."""
        try:
            return normalize(super().clean(value))[0]
        except InvalidAddress as error:
            raise forms.ValidationError(str(error)) from error


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


class TypedField(forms.CharField):
    """One declared field: what is written is kept as its kind, or refused with what it would have to be."""

    def __init__(self, field: Field) -> None:
        super().__init__(
            required=False, label=field.title or field.name, help_text=field.description, max_length=facts.LONGEST
        )
        self.kind = field.kind
        yes_no = UnfoldAdminSelectWidget(choices=[("", "not known"), ("yes", "yes"), ("no", "no")])
        inputs = {"number": {"inputmode": "decimal"}, "date": {"type": "date"}}
        self.widget = yes_no if field.kind == "yes_no" else UnfoldAdminTextInputWidget(inputs.get(field.kind, {}))

    def prepare_value(self, value: Any) -> Any:
        """As it is typed."""
        return facts.tidy(value) or ("no" if value is False else "")

    def clean(self, value: Any) -> Any:
        """As it is kept; None for nothing."""
        try:
            return facts.typed(self.kind, super().clean(value))
        except facts.Unfit as error:
            raise forms.ValidationError(f"{error}.") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another value came back than was sent."""
        return super().has_changed(self.prepare_value(initial), data)


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it as generic
    """A person, known by an address that nobody else has."""

    email = AddressField(max_length=320, help_text="The address that mail is sent to.")

    class Meta:
        model = Subscriber
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Refuse an address that somebody has already, in whatever spelling."""
        email = str(self.cleaned_data["email"])
        self.instance.key = normalize(email)[1]
        if Subscriber.objects.filter(key=self.instance.key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody with this address is here already.")
        if "email" in self.changed_data and Suppression.held([self.instance.key]).get(self.instance.key) == "erased":
            raise forms.ValidationError(
                "This address was erased at its owner’s wish. Only they can bring it back, by subscribing themselves."
            )
        return email


class PersonForm(AddressForm):
    """One person: who it is, and what else is known."""

    fields = FieldsField(  # type: ignore[assignment]  # a form's own `fields` are of its instances
        required=False,
        label="Other fields",
        help_text="A line for each, such as “city: Berlin”. Mails may show them, and ask about them.",
    )
    time_zone = forms.CharField(
        required=False, max_length=64, widget=UnfoldAdminTextInputWidget,
        help_text="Such as Europe/Berlin; the newsletter's if empty.",
    )  # fmt: skip
    tagged = forms.ModelMultipleChoiceField(
        Tag.objects.all(), required=False, label="Tags", widget=UnfoldAdminSelectMultipleWidget,
        help_text="Hold Ctrl or ⌘ to choose several. New tags are made under Tags.",
    )  # fmt: skip

    class Meta:
        model = Subscriber
        fields = ("email", "name", "language", "time_zone", "fields")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known, declared = dict(self.instance.fields), self._declared()
        for name in declared:
            self.initial[f"field_{name}"] = known.pop(name, None)
        self.initial["fields"] = known
        self.initial["tagged"] = [*self.instance.tags.values_list("pk", flat=True)] if self.instance.pk else []

    def clean_time_zone(self) -> str:
        """Refuse what no clock goes by."""
        zone = str(self.cleaned_data["time_zone"]).strip()
        if zone and zone not in available_timezones():
            raise forms.ValidationError(f"“{zone}” is not a time zone; write it as Europe/Berlin.")
        return zone

    def clean(self) -> dict[str, Any]:
        """One set of fields of the declared ones and the others."""
        cleaned = super().clean() or {}
        found = dict(cleaned.get("fields") or {})
        for name in self._declared():
            if (value := cleaned.get(f"field_{name}")) is not None:
                found[name] = value
        cleaned["fields"] = found
        return cleaned

    def save_tags(self) -> None:
        """Tie the chosen tags to the person, and untie the others."""
        if "tagged" not in self.changed_data:
            return
        chosen = {tag.pk for tag in self.cleaned_data["tagged"]}
        held = Tagging.objects.filter(subscriber=self.instance)
        held.exclude(tag__in=chosen).delete()
        rows = [Tagging(tag_id=tag, subscriber=self.instance) for tag in chosen]
        Tagging.objects.bulk_create(rows, ignore_conflicts=True)

    def _declared(self) -> Iterable[str]:
        return [name.removeprefix("field_") for name in self.base_fields if name.startswith("field_")]


class AddForm(AddressForm):
    """A person whom staff bring in, with the lists they are to be on and how they agreed to it."""

    lists = forms.ModelMultipleChoiceField(
        List.objects.all(), required=False, widget=UnfoldAdminSelectMultipleWidget,
        help_text="Hold Ctrl or ⌘ to choose several.",
    )  # fmt: skip
    basis = forms.CharField(
        required=False, max_length=300, label="How they agreed", widget=UnfoldAdminTextInputWidget,
        help_text="Such as “asked for it at the spring fair”. It is kept as their consent.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Nobody is put on a list without a word on how they agreed."""
        cleaned = super().clean() or {}
        if cleaned.get("lists") and not cleaned.get("basis"):
            self.add_error("basis", "Say how they agreed to be written to: it is kept as their consent.")
        return cleaned

    def subscribe(self, by: str, now: datetime) -> None:
        """Put the new person on the lists."""
        lists = [one.name for one in self.cleaned_data["lists"]]
        occasion = Occasion(now, Origin.DESK, self.cleaned_data["basis"], by=by)
        if lists:
            joining.join(self.instance.email, "", lists, occasion, Consent.Action.ADDED)


def person_form() -> type[PersonForm]:
    """The form with an input for each field that is declared now."""
    return type("PersonForm", (PersonForm,), {f"field_{one.name}": TypedField(one) for one in Field.objects.all()})


def add_form() -> type[AddForm]:
    """The form for somebody new."""
    return AddForm
