"""Claims: how workers take different rows of one table, each for a while only."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
SILENT = "the sending process stopped before the answer came; it may or may not have been sent"


def free(now: datetime) -> Q:
    """Rows that nobody has claimed, or whose worker has been silent for too long."""
    return Q(lease_until=None) | Q(lease_until__lt=now)


def take(due: QuerySet[Row], size: int, now: datetime, lease: timedelta) -> list[Row]:
    """Claim up to `size` of the rows that are due and free, for this caller alone until the lease ends."""
    claim = uuid.uuid4()
    with transaction.atomic():
        # Rows that another worker is just claiming are passed over instead of waited for.
        skips = connection.features.has_select_for_update_skip_locked
        rows = due.select_for_update(skip_locked=True) if skips else due
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:size])
        due.filter(pk__in=ids).update(claim=claim, lease_until=now + lease)
    return list(due.model._default_manager.filter(pk__in=ids, claim=claim).order_by("pk"))
