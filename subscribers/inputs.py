"""A custom field as an input of a form: what it takes, how it shows a value, and what it makes of what was typed."""

from __future__ import annotations

from typing import Any

from django import forms

from subscribers.fields import LONGEST, Typed, Unfit, tidy, typed
from subscribers.models import Field


class TypedField(forms.CharField):
    """An input that takes values of a field's kind, written in any way that an import would take them too."""

    def __init__(self, field: Field, **options: Any) -> None:
        self.kind = field.kind
        options = {"required": False, "label": str(field), "help_text": field.description, **options}
        super().__init__(**options, max_length=LONGEST)

    def prepare_value(self, value: Any) -> Any:
        """A value as people write it."""
        return "no" if value is False else "" if value is None else tidy(value)

    def clean(self, value: Any) -> Typed | None:
        """What was typed, as the field's kind keeps it; None for nothing."""
        try:
            return typed(self.kind, str(super().clean(value) or ""))
        except Unfit as error:
            raise forms.ValidationError(f"{error}.") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether something else was typed than was shown."""
        return bool(self.prepare_value(initial) != (data or ""))


def input_for(field: Field, css: str = "", **options: Any) -> TypedField:
    """The form field of a custom field, with an input that fits its kind; `css` are the classes of the input."""
    attrs = {"class": css} if css else {}
    widgets: dict[str, forms.Widget] = {
        "text": forms.TextInput(attrs),
        "number": forms.TextInput({**attrs, "inputmode": "decimal"}),
        "date": forms.DateInput({**attrs, "type": "date"}),
        "yes_no": forms.Select(attrs, choices=[("", "–"), ("yes", "yes"), ("no", "no")]),
    }
    return TypedField(field, widget=widgets[field.kind], **options)
