"""A custom field as an input takes what an import would take, and shows what it keeps."""

import pytest
from django import forms

from subscribers.inputs import input_for
from subscribers.models import Field


def one(kind):
    return input_for(Field(name="x", title="X <1>", kind=kind, description="why"), "some css")


@pytest.mark.parametrize(
    ("kind", "typed", "kept", "shown"),
    [("text", " Bonn ", "Bonn", "Bonn"), ("number", "1 234,5", 1234.5, "1234.5"), ("number", "7", 7, "7"),
     ("date", "22.11.2026", "2026-11-22", "2026-11-22"), ("yes_no", "yes", True, "yes"), ("yes_no", "no", False, "no"),
     ("number", "  ", None, ""), ("yes_no", "", None, "")],
)  # fmt: skip
def test_what_is_typed_is_kept_by_kind_and_shown_again(kind, typed, kept, shown):
    field = one(kind)
    assert field.clean(typed) == kept
    assert type(field.clean(typed)) is type(kept)
    assert field.prepare_value(kept) == shown
    assert not field.has_changed(kept, shown)
    assert field.has_changed(kept, shown + "1")


@pytest.mark.parametrize(
    ("kind", "typed"), [("number", "many"), ("date", "soon"), ("yes_no", "perhaps"), ("text", "x" * 501)]
)
def test_what_does_not_fit_is_refused_in_words(kind, typed):
    with pytest.raises(forms.ValidationError, match=r"\."):
        one(kind).clean(typed)


def test_the_input_fits_the_kind():
    made = {kind: str(one(kind).widget.render("x", "2026-11-22")) for kind in Field.Kind.values}
    assert 'type="date"' in made["date"]
    assert 'inputmode="decimal"' in made["number"]
    assert "<select" in made["yes_no"]
    assert 'class="some css"' in made["text"]
    assert (one("text").label, one("text").help_text) == ("X <1>", "why")
