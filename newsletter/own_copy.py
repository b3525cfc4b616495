"""The copy that a person gets of what is kept of them: one zip with a page to read and the same as JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string

from newsletter.config import Config
from subscribers.own_data import Facts, everything
from subscribers.traces import Person

# In words, and in the order in which somebody wants to read them.
_TITLES = {
    "person": "You",
    "subscriptions": "What you get",
    "tags": "Words that we put to you",
    "consents": "What you agreed to, and when",
    "suppressions": "Whether your address is held back",
    "messages": "Issues that we sent you",
    "events": "What you opened and followed",
    "replies": "What you wrote to us",
    "likes": "What you liked",
    "votes": "How you voted",
    "service_mails": "Mails to you alone",
    "sign_ins": "When you signed in",
    "blocked": "Whether your replies are hidden",
    "rejected_mail": "Mail of yours that was not taken",
    "refused_rows": "Rows with your address in imported files, which were not taken",
    "what_staff_did": "What staff changed",
}


def facts_of(person: Person, now: datetime) -> dict[str, Any]:
    """Everything with the moment it was gathered, as JSON takes it."""
    return _as_json(person, everything(person), now)


def copy_of(person: Person, config: Config, now: datetime) -> bytes:
    """The zip: `your-data.html`, which needs nothing from anywhere, and `your-data.json`."""
    kept = everything(person)
    parts = [(_TITLES.get(title, _words(title)), _shown(kept[title])) for title in _ordered(kept)]
    page = render_to_string(
        "own_data_copy.html",
        {"parts": parts, "address": person.email, "now": _cell(now), "site": config.site.name},
        using="jinja2",
    )
    facts = json.dumps(_as_json(person, kept, now), ensure_ascii=False, indent=2)
    return _zipped({"your-data.html": page, "your-data.json": facts}, now)


def file_name(now: datetime) -> str:
    """What the zip is called; not after the person, for it lies in folders of downloads."""
    return f"your-data-{now:%Y-%m-%d}.zip"


def _ordered(kept: Mapping[str, Any]) -> list[str]:
    return [title for title in (*_TITLES, *(one for one in kept if one not in _TITLES)) if kept.get(title)]


def _as_json(person: Person, kept: Mapping[str, list[Facts]], now: datetime) -> dict[str, Any]:
    whole = {"address": person.email, "gathered": now, **kept}
    plain: dict[str, Any] = json.loads(json.dumps(whole, default=_plain))
    return plain


def _zipped(files: Mapping[str, str], now: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, text)
    return packed.getvalue()


def _shown(rows: Sequence[Facts]) -> dict[str, Any]:
    """A table of the page without the columns in which nothing stands."""
    names = [name for name in rows[0] if any(_cell(row.get(name)) for row in rows)]
    return {
        "names": [_words(name) for name in names],
        "rows": [[_cell(row.get(name)) for name in names] for row in rows],
    }


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M %Z}".strip()
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_cell(said)}" for name, said in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
