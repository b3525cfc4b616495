"""Intake: what came back is recorded, and what follows from it is done, in one transaction. Whoever brings events in,
from a payload or from anywhere else, calls `ingest`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from newsletter.config import Config
from newsletter.models.taking import Happening, Taken, take_in
from newsletter.track.consequences import follow, wait_for_people


def ingest(happenings: Iterable[Happening], config: Config, now: datetime) -> Taken:
    """Record what came back, each thing once, and let it have its consequences: for what is new, once."""
    told = list(happenings)
    with transaction.atomic():
        wait_for_people(told)
        taken = take_in(told, now, config.closely)
        follow(taken.new, config, now)
    return taken
