"""The forms by which an editor brings a post in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from newsletter.collect.adding import Story
from newsletter.desk.asking import INPUT, LOCAL
from newsletter.markup import urls

MOST = 1_000_000
"""Characters of a text; no mail is as long."""


def _line(label: str, hint: str = "", required: bool = False, most: int = 500) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, required=required, max_length=most, widget=UnfoldAdminTextInputWidget
    )


class AddressField(forms.CharField):
    """A web address, made whole as browsers do."""

    def __init__(self, **options: Any) -> None:
        # Not of the type url: browsers refuse `example.org` there, and say nothing where no script runs.
        super().__init__(
            widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url", "spellcheck": "false"}), **options
        )

    def clean(self, value: Any) -> str:
        """Refuse what is no web address, in words."""
        text = str(super().clean(value) or "").strip()
        found = urls.absolute("", text if "://" in text or not text else f"https://{text}")
        if text and not found:
            raise forms.ValidationError("This is not a web address. It begins with https:// or http://.")
        return found


class AddressForm(forms.Form):
    """Where the story is."""

    url = AddressField(
        label="Address of the page", max_length=2000, help_text="Such as https://example.org/2026/11/a-whale-falls"
    )


class StoryForm(forms.Form):
    """What is known of a story, to be mended before it is added."""

    title = _line("Title", required=True)
    summary = forms.CharField(
        required=False, max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Left empty, the first paragraph of the text.",
    )  # fmt: skip
    authors = _line("Authors", "With commas between them.")
    tags = _line("Tags", "With commas between them. They decide which section it stands in.")
    image_url = AddressField(label="Picture", required=False, max_length=2000, help_text="Its address on the web.")
    image_alt = _line("What the picture shows", "For those who do not see it.")
    published_at = forms.DateTimeField(
        required=False, label="Published", input_formats=[LOCAL, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({**INPUT, "type": "datetime-local"}, format=LOCAL),
    )  # fmt: skip
    url = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    html = forms.CharField(required=False, max_length=MOST, widget=forms.HiddenInput)
    language = forms.CharField(required=False, max_length=35, widget=forms.HiddenInput)
    guid = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()
        if "published_at" in self.fields:
            self.fields["published_at"].help_text = f"In the time zone {zone}. Left empty: now."

    def clean_published_at(self) -> datetime | None:
        """A year of four digits."""
        at: datetime | None = self.cleaned_data["published_at"]
        if at and at.year < 1000:
            raise forms.ValidationError("Nothing was published as early.")
        return at

    def clean(self) -> dict[str, Any]:
        """A picture is described for those who do not see it."""
        cleaned = super().clean() or {}
        if cleaned.get("image_url") and not cleaned.get("image_alt"):
            self.add_error("image_alt", "Say what the picture shows; many readers see none.")
        return cleaned

    def story(self) -> Story:
        """The story as it stands in the form."""
        data = self.cleaned_data
        at: datetime | None = data.get("published_at")
        return Story(
            guid=data["guid"] or data["url"], title=data["title"], text=data.get("text", ""), html=data.get("html", ""),
            url=data["url"], summary=data["summary"], authors=_words(data["authors"]), tags=_words(data["tags"]),
            image_url=data["image_url"], image_alt=data["image_alt"], language=data.get("language", ""),
            published_at=at,
        )  # fmt: skip


class WriteForm(StoryForm):
    """A story of our own, in Markdown."""

    html = language = published_at = None  # type: ignore[assignment]  # Django's way to leave a field out
    url = AddressField(
        label="Link", required=False, max_length=2000,
        help_text="Where the story can be read in full; left empty, it has a page in our own archive.",
    )  # fmt: skip
    text = forms.CharField(
        label="Text", required=False, max_length=MOST, widget=UnfoldAdminTextareaWidget(attrs={"rows": 14}),
        help_text="Markdown. Docs: writing.md has the blocks that it knows.",
    )  # fmt: skip
    field_order = ("title", "text", "summary", "url", "image_url", "image_alt", "authors", "tags")

    def clean(self) -> dict[str, Any]:
        """A story has a text, or leads somewhere."""
        cleaned = super().clean()
        if not any(cleaned.get(name) for name in ("text", "summary", "url")) and not self.errors:
            self.add_error("text", "Write a text, or give a summary or a link.")
        return cleaned


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))
