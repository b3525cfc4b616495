"""The forms of the issue editor. Each bears what its fields held when drawn, so that no edit is silently lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import INPUT_CLASSES, TEXTAREA_CLASSES

from newsletter.markup import urls
from newsletter.markup.text import scrub
from newsletter.models import Issue, Item, OwnBlock
from newsletter.models.editing import merged, seen
from newsletter.models.states import LETTER
from newsletter.render.words import lead_emoji

INPUT = " ".join(INPUT_CLASSES).replace("max-w-2xl", "")
AREA = " ".join(TEXTAREA_CLASSES).replace("max-w-4xl", "").replace("max-w-2xl", "")
LONGEST = 100_000
"""Characters of a letter or a block; mail programs clip at about as much."""
SHORT = {"autocomplete": "off", "data-emoji": ""}
MARKDOWN = {"data-markdown": ""}
Also = Mapping[str, str] | None


class Words(forms.CharField):
    """Text from a form: no control characters, and line ends as we keep them."""

    def to_python(self, value: Any) -> Any:
        """The text, tidied."""
        return scrub(str(super().to_python(value))).replace("\r\n", "\n").replace("\r", "\n")


def line(most: int, label: str, hint: str = "", *, required: bool = False, also: Also = None) -> Words:
    """A field of one line; `also` are further attributes of it."""
    widget = forms.TextInput({"class": INPUT, **(also or {})})
    return Words(max_length=most, required=required, label=label, help_text=hint, widget=widget)


def area(
    most: int, label: str, hint: str = "", *, rows: int = 3, required: bool = False, also: Also = None
) -> Words:  # fmt: skip
    """A field of several lines."""
    widget = forms.Textarea({"class": AREA, "rows": rows, **(also or {})})
    return Words(max_length=most, required=required, label=label, help_text=hint, widget=widget)


class Marked(forms.Form):
    """A form that knows what it showed: what somebody else wrote meanwhile is not overwritten."""

    def __init__(self, current: Mapping[str, Any], data: Any = None, files: Any = None, *, name: str) -> None:
        super().__init__(data, files, initial=dict(current), auto_id=f"{name}-%s")
        self.current = dict(current)

    @property
    def marks(self) -> list[tuple[str, str]]:
        """The hidden fields that say what was shown; as they came, if the form did not pass."""
        shown = self.shown() if self.is_bound else {name: seen(value) for name, value in self.current.items()}
        return [(f"seen-{name}", mark) for name, mark in shown.items()]

    def shown(self) -> dict[str, str]:
        """What the fields held when the form was drawn."""
        return {name: str(self.data.get(f"seen-{name}", "")) for name in self.current}

    def changes(self, current: Mapping[str, Any]) -> dict[str, Any]:
        """What to change of what is stored now. Raises Stale."""
        posted = {name: self.cleaned_data[name] for name in self.current if name in self.data}
        return merged(current, posted, self.shown())


class LetterForm(Marked):
    """Subject, preheader, and the letters above and below the stories."""

    subject = line(300, "Subject", "Left empty, the newsletter's own pattern makes it.", also=SHORT)
    preheader = line(
        500, "Preheader", "What the inbox shows after the subject. Left empty, the pattern makes it.", also=SHORT
    )
    opening = area(LONGEST, "Opening letter", "Markdown, above the stories.", rows=10, also=MARKDOWN)
    closing = area(LONGEST, "Closing word", "Markdown, below the stories.", rows=3, also=MARKDOWN)


class ItemForm(Marked):
    """A story as this issue says it; the post itself, and other issues, stay as they are."""

    emoji = line(20, "Emoji", also=SHORT)
    title = line(500, "Title", required=True)
    summary = area(5_000, "Summary")
    note = area(5_000, "Note", "Your own word on it: why it matters.", rows=2, also={"data-emoji": ""})
    image_url = line(
        2_000, "Picture", "Its address on the web, or upload one. Empty: no picture.", also={"inputmode": "url"}
    )
    picture = forms.FileField(
        required=False, label="Upload a picture", allow_empty_file=True,
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )  # fmt: skip
    image_alt = line(1_000, "What the picture shows", "Read out to whoever does not see it.")

    def clean(self) -> dict[str, Any]:
        """A picture has an address on the web, and words."""
        cleaned = super().clean() or {}
        address, upload = cleaned.get("image_url", ""), cleaned.get("picture")
        # What a feed brought without words is for the checks to tell of; here nobody adds one without.
        new = bool(upload) or seen(address) != self.shown().get("image_url")
        if address and address != self.current["image_url"] and not urls.absolute("", address):
            self.add_error("image_url", "This is no address on the web: it begins with https://")
        if (address or upload) and new and not cleaned.get("image_alt"):
            self.add_error("image_alt", "Say what the picture shows: it is read out to whoever does not see it.")
        return cleaned


class BlockForm(Marked):
    """A block of the editor's own."""

    text = area(LONGEST, "Block", "Markdown.", rows=5, required=True, also=MARKDOWN)


class SectionForm(forms.Form):
    """What a section is called."""

    title = line(200, "Title")
    emoji = line(50, "Emoji")


def of_letter(issue: Issue) -> dict[str, Any]:
    """What the letter's form holds."""
    return {name: getattr(issue, name) for name in LETTER}


def of_item(item: Item) -> dict[str, Any]:
    """What an item's form holds: the emoji apart, for it is an ornament."""
    emoji, title = lead_emoji(item.title)
    fields = ("summary", "note", "image_url", "image_alt")
    return {"emoji": emoji, "title": title, **{name: getattr(item, name) for name in fields}}


def of_block(block: OwnBlock) -> dict[str, Any]:
    """What a block's form holds."""
    return {"text": block.text}
