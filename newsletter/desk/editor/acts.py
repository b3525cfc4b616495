"""What the buttons of the issue editor do. Each may be pressed twice without harm: it says where to, not how far."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from newsletter import links
from newsletter.desk.editor import forms, pictures
from newsletter.markup.text import with_emoji
from newsletter.models import Issue, Item, OwnBlock, SetAside
from newsletter.models.editing import Edit, editing
from newsletter.models.own_block import Piece, arranged, keep_order, name_of, pieces, placed
from newsletter.models.states import LETTER, as_in_the_post, rewrite, title_of, told
from newsletter.settings import current

Posted = Mapping[str, str]


class Gone(LookupError):
    """What the form is about is no part of the issue any more; the message says so."""


def save_letter(number: int, by: Any, form: forms.LetterForm) -> Edit:
    """Keep subject, preheader and letters. Raises Stale."""
    with editing(number, by, timezone.now(), "letter") as edit:
        changed = form.changes(forms.of_letter(edit.issue))
        for name, value in changed.items():
            setattr(edit.issue, name, value)
        edit.issue.save(update_fields=[name for name in LETTER if name in changed])
    return edit


def save_item(number: int, by: Any, name: str, form: forms.ItemForm) -> Edit:
    """Keep what this issue says of a story. Raises Stale, PictureRefused."""
    upload = form.cleaned_data.get("picture")
    address = pictures.address(current(), pictures.keep(upload.file, upload.size, by)) if upload else ""
    with editing(number, by, timezone.now(), name) as edit:
        item = _story(edit.issue, name)
        stored = forms.of_item(item)
        if address:
            form.cleaned_data["image_url"] = address
        changed = form.changes(stored)
        if "note" in changed:
            item.note = changed.pop("note")
            item.save(update_fields=["note"])
        if {"emoji", "title"} & changed.keys():
            emoji, title = ({**stored, **changed}[part] for part in ("emoji", "title"))
            changed["title"] = " ".join(filter(None, [with_emoji(emoji), title]))
            changed.pop("emoji", None)
        if named := links.picture_named(current(), changed.get("image_url", "")):
            changed |= {"image_width": named.width, "image_height": named.height}
        if changed:
            rewrite(item, changed)
    return edit


def save_block(number: int, by: Any, name: str, form: forms.BlockForm) -> Edit:
    """Keep the words of a block. Raises Stale."""
    with editing(number, by, timezone.now(), name) as edit:
        block = find(edit.issue, name)
        if not isinstance(block, OwnBlock):
            raise Gone("This is no block.")
        block.text = form.changes(forms.of_block(block)).get("text", block.text)
        block.save(update_fields=["text"])
    return edit


def add_block(number: int, by: Any, text: str, after: str, key: str) -> tuple[Edit, OwnBlock]:
    """Add a block behind a piece, or before all of them; the same form sent twice adds one."""
    with editing(number, by, timezone.now()) as edit:
        known = OwnBlock.objects.filter(issue=edit.issue, key=_uuid(key)).first()
        if known and known.text == text:
            return edit, known
        order = pieces(edit.issue)
        at = next((index + 1 for index, one in enumerate(order) if name_of(one) == after), 0)
        like = order[at - 1 if at else 0] if order else None
        block = OwnBlock(issue=edit.issue, key=uuid.uuid4() if known else _uuid(key), text=text, position=at)
        if like:
            block.section, block.section_emoji = like.section, like.section_emoji
        block.save()
        keep_order(arranged([*order[:at], block, *order[at:]]))
    return edit, block


def move(edit: Edit, data: Posted, by: Any) -> str:
    """Put a piece before another one, or at the end of a section, which may be new."""
    order = pieces(edit.issue)
    moved = _in(order, data.get("piece", ""))
    before = next((one for one in order if name_of(one) == data.get("before")), None)
    section = " ".join(data.get("section", moved.section).split())[:200]
    after = placed(order, moved, section, before)
    keep_order(after)
    inside = [one for one in after if one.section == moved.section]
    where = f" in {moved.section}" if moved.section else ""
    return f"{called(moved)} is now {inside.index(moved) + 1} of {len(inside)}{where}."


def pin(edit: Edit, data: Posted, by: Any) -> str:
    """Keep a piece first in its section, or let go of it."""
    order = pieces(edit.issue)
    piece = _in(order, data.get("piece", ""))
    piece.pinned = data.get("to") == "on"
    keep_order(arranged(order))
    return f"{called(piece)} is {'pinned: it stands first in its section' if piece.pinned else 'not pinned any more'}."


def out(edit: Edit, data: Posted, by: Any) -> str:
    """Take a piece out; it is kept, and can be put back."""
    piece = find(edit.issue, data.get("piece", ""))
    words = called(piece)
    SetAside.take(piece, by, timezone.now())
    return f"{words} is taken out."


def back(edit: Edit, data: Posted, by: Any) -> str:
    """Put back what was taken out."""
    number = data.get("aside", "")
    known = number if number.isdecimal() and len(number) < 18 else "0"
    row = SetAside.objects.filter(issue=edit.issue, pk=known).first()
    if row is None:
        return "It is back already."
    piece = row.put_back()
    if piece is None and SetAside.objects.filter(pk=row.pk).exists():
        raise Gone(f"{row} cannot be put back: its post is gone.")
    return f"{row} is back."


def section(edit: Edit, data: Posted, by: Any) -> str:
    """Give a section another title or emoji."""
    form = forms.SectionForm(data)
    if not form.is_valid():
        raise Gone("The section's title has at most 200 characters, its emoji at most 50.")
    old, title = data.get("section", ""), " ".join(form.cleaned_data["title"].split())
    order = pieces(edit.issue)
    for piece in order:
        if piece.section == old:
            piece.section, piece.section_emoji = title, form.cleaned_data["emoji"].strip()
    keep_order(arranged(order))
    return f"The section is called {title}." if title else "The stories stand in no section now."


def sections(edit: Edit, data: Posted, by: Any) -> str:
    """Put a section before another one, or last."""
    order = pieces(edit.issue)
    name, before = data.get("section", ""), data.get("before")
    mine, rest = ([one for one in order if (one.section == name) is wanted] for wanted in (True, False))
    at = next((index for index, one in enumerate(rest) if one.section == before), len(rest))
    keep_order(arranged([*rest[:at], *mine, *rest[at:]]))
    return f"{name or 'What is in no section'} is moved."


def reset(edit: Edit, data: Posted, by: Any) -> str:
    """Say everything of a story as its post says it now."""
    item = _story(edit.issue, data.get("piece", ""))
    as_in_the_post(item)
    return f"{called(item)} reads as its post does."


ACTS: dict[str, Callable[[Edit, Posted, Any], str]] = {
    "move": move, "pin": pin, "out": out, "back": back, "section": section, "sections": sections, "reset": reset,
}  # fmt: skip


def find(issue: Issue, name: str) -> Piece:
    """A piece of the issue by its name. Raises Gone."""
    return _in(pieces(issue), name)


def _story(issue: Issue, name: str) -> Item:
    found = find(issue, name)
    if not isinstance(found, Item):
        raise Gone("This is no story.")
    return found


def called(piece: Piece) -> str:
    """What a piece is called in a line of words."""
    return title_of(told(piece))


def _in(order: list[Piece], name: str) -> Piece:
    found = next((one for one in order if name_of(one) == name), None)
    if found is None:
        raise Gone("This was taken out of the issue meanwhile. Put it back below, if it should be in it.")
    return found


def _uuid(key: str) -> uuid.UUID:
    try:
        return uuid.UUID(key)
    except ValueError:
        return uuid.uuid4()
