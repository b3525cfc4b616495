"""Deeds: what changed, who did it, and what stood there before; kept in the one log where staff's own changes are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import models

from newsletter.acting import NOBODIES, actor, person

__all__ = ["NOBODIES", "Values", "forget", "nobody", "note", "person", "say"]

LONGEST = 200
"""Characters of a value that are kept."""
REFUSED = "failed to sign in"
"""How the line of a failed sign-in begins."""

Values = Iterable[tuple[str, object, object]]
"""Name, what it was, what it is."""


def note(row: models.Model, values: Values, who: Any = None, flag: int = CHANGE) -> None:
    """Write down what became of a row; values that are as they were are left out, and nothing is written of none."""
    shown = ((name, _shown(old), _shown(new)) for name, old, new in values)
    if told := [one for one in shown if one[1] != one[2]]:
        fields = [f"{name} from {old or 'nothing'} to {new or 'nothing'}" for name, old, new in told]
        _write(row, json.dumps([{"changed": {"fields": fields}, "values": told}]), who, flag)


def say(row: models.Model, words: str, who: Any = None, flag: int = CHANGE) -> None:
    """Write down in words what was done to a row."""
    _write(row, words, who, flag)


def nobody(name: str) -> Any:
    """The row that stands in the log for who is no person: nobody can sign in as it, and no list of staff has it."""
    hollow = {"is_active": False, "is_staff": False, "password": "!"}
    return get_user_model().objects.get_or_create(username=name, defaults=hollow)[0]


def forget(before: datetime) -> int:
    """Drop failed sign-ins of long ago: anybody can make some, and nothing grows without end."""
    return LogEntry.objects.filter(change_message__startswith=REFUSED, action_time__lt=before).delete()[0]


def _write(row: models.Model, message: str, who: Any, flag: int) -> None:
    by = who if who is not None else actor()
    user = nobody(by) if isinstance(by, str) else by
    LogEntry.objects.create(
        user_id=user.pk, content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk),
        object_repr=str(row)[:LONGEST], action_flag=flag, change_message=message,
    )  # fmt: skip


def _shown(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST]
