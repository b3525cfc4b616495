"""What readers ask for on a page or by the API: taken at once, the same for everybody, and done behind the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from newsletter.config import Config
from newsletter.errands import own_data, signing_in, signing_up, telling
from newsletter.models.errand import Errand

Do = Callable[[Config, str, dict[str, Any], datetime], None]

KINDS: dict[str, Do] = {
    Errand.Kind.SIGN_UP: signing_up.carry_out,
    Errand.Kind.SIGN_IN: signing_in.carry_out,
    Errand.Kind.OWN_DATA: own_data.carry_out,
    Errand.Kind.NEWS: telling.carry_out,
}


def carry_out(config: Config, key: str, errand: Errand, now: datetime) -> bool:
    """Do one errand; say whether it was there to be done. A fault leaves it for later, and undoes what was begun."""
    with transaction.atomic():
        if taken := errand.take():
            KINDS[errand.kind](config, key, {**errand.facts, "asked_at": errand.created_at.isoformat()}, now)
    return taken
