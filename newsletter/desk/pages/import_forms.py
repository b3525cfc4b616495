"""What is asked about a file of people: which file, what its columns are, and what is to become of who is known."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.text import slugify
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscribers import importing
from subscribers.fields import slug
from subscribers.importing import MEANINGS, SUPPRESSION_MEANINGS, Column, Entry, Look
from subscribers.models import Field, Import, List

KINDS = Field.Kind.choices
KNOWN = "field:"


class UploadForm(forms.Form):
    """A file."""

    file = forms.FileField(
        label="File", error_messages={"required": "Choose a file first.", "empty": "This file is empty."},
        widget=forms.FileInput({"class": "desk-drop", "accept": ".csv,.tsv,.txt,.xlsx,.zip"}),
    )  # fmt: skip


class ColumnsForm(forms.Form):
    """What each column is: guessed, to be set right."""

    problem = ""

    def __init__(self, job: Import, data: Any = None) -> None:
        super().__init__(data)
        self.job = job
        for at, column in enumerate(self.look.columns):
            self.fields[f"as_{at}"] = forms.ChoiceField(
                choices=self._choices(column), initial=self._guess(column.guess), label=column.header,
                widget=UnfoldAdminSelectWidget({"aria-label": f"What “{column.header}” is", "x-model": "chosen"}),
            )  # fmt: skip
            self.fields[f"kind_{at}"] = forms.ChoiceField(
                choices=KINDS, initial=column.guess.get("kind", "text"), required=False,
                widget=UnfoldAdminSelectWidget({"aria-label": f"Kind of a new field “{column.header}”"}),
            )  # fmt: skip

    @cached_property
    def look(self) -> Look:
        """What the file turned out to be."""
        return importing.look(self.job)

    def rows(self) -> list[tuple[Column, Any, Any]]:
        """Each column with its two inputs."""
        return [(column, self[f"as_{at}"], self[f"kind_{at}"]) for at, column in enumerate(self.look.columns)]

    def mapping(self) -> list[Entry]:
        """As the engine takes it."""
        return [self._entry(at, column) for at, column in enumerate(self.look.columns)]

    def _entry(self, at: int, column: Column) -> Entry:
        chosen = self.cleaned_data[f"as_{at}"]
        if chosen.startswith(KNOWN):
            kind = dict(Field.objects.values_list("name", "kind")).get(chosen.removeprefix(KNOWN), "text")
            return {"header": column.header, "as": "field", "field": chosen.removeprefix(KNOWN), "kind": kind}
        if chosen == "field":
            name = column.guess.get("field") or slug(column.header) or f"column_{at + 1}"
            return {
                "header": column.header,
                "as": "field",
                "field": name,
                "kind": self.cleaned_data[f"kind_{at}"] or "text",
            }
        return {"header": column.header, "as": chosen}

    @cached_property
    def _known(self) -> dict[str, str]:
        return {one.name: str(one) for one in Field.objects.all()}

    def _choices(self, column: Column) -> list[tuple[str, str]]:
        if self.job.kind == Import.Kind.SUPPRESSIONS:
            return [*SUPPRESSION_MEANINGS.items()]
        fresh = column.guess.get("field") or slug(column.header) or "of its own"
        plain = {**MEANINGS, "field": f"a new field “{fresh}”"}
        if fresh in self._known:
            del plain["field"]
        return [*plain.items(), *((f"{KNOWN}{name}", f"the field “{title}”") for name, title in self._known.items())]

    def _guess(self, guess: Entry) -> str:
        known = guess["as"] == "field" and guess.get("field", "") in self._known
        return f"{KNOWN}{guess['field']}" if known else guess["as"]


class WishesForm(forms.Form):
    """What is to become of the people."""

    list = forms.ModelChoiceField(
        List.objects.all(), required=False, widget=UnfoldAdminSelectWidget, empty_label="Choose …", label="List",
        help_text="They are put on it.",
    )  # fmt: skip
    basis = forms.CharField(
        required=False, max_length=300, label="How they agreed", widget=UnfoldAdminTextInputWidget,
        help_text="Such as “subscribed on our old site, with double opt-in”. It is kept as the consent of each.",
    )  # fmt: skip
    tags = forms.CharField(
        required=False, max_length=300, widget=UnfoldAdminTextInputWidget,
        help_text="Everybody in the file gets them; with commas between them.",
    )  # fmt: skip
    merge = forms.ChoiceField(
        choices=Import.Merge, label="Who is known already", widget=UnfoldAdminSelectWidget, required=False
    )
    restore = forms.CharField(
        required=False, max_length=300, label="Why to bring people back", widget=UnfoldAdminTextInputWidget,
        help_text="Left empty, whoever unsubscribed or is suppressed stays so, whatever the file says. With a reason"
        " they are brought back; who complained or was erased is not, even then.",
    )  # fmt: skip

    def __init__(self, job: Import, data: Any = None) -> None:
        chosen = {"list": job.list, "basis": job.basis, "tags": ", ".join(job.tags), "merge": job.merge}
        super().__init__(data, initial={**chosen, "restore": job.restore})
        self.people = job.kind == Import.Kind.PEOPLE

    def clean(self) -> dict[str, Any]:
        """People need a list, and a word on how they agreed."""
        cleaned = super().clean() or {}
        if self.people and not cleaned.get("list"):
            self.add_error("list", "Say which list these people join.")
        if self.people and not cleaned.get("basis"):
            self.add_error("basis", "Say how they agreed to be written to: it is kept as their consent.")
        return cleaned

    def tell(self, job: Import) -> None:
        """Write the wishes into the import."""
        names = [slugify(one) for one in self.cleaned_data["tags"].split(",")]
        job.list, job.basis = self.cleaned_data["list"], self.cleaned_data["basis"]
        job.tags, job.restore = [one for one in names if one], self.cleaned_data["restore"]
        job.merge = self.cleaned_data["merge"] or Import.Merge.FILL
