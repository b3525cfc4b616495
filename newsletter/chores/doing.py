"""What whoever does a chore is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.config import Config
from newsletter.models import Chore


class Undone(Exception):
    """It cannot be done, and staff are told why in these words."""


@dataclass(frozen=True)
class Doing:
    """A chore that was begun, with the configuration, the key that signs, and the clock."""

    config: Config
    key: str
    clock: Callable[[], datetime]
    chore: Chore

    def tell(self, **found: Any) -> None:
        """Keep what has come of it so far, for the page that shows it."""
        self.chore.tell({**self.chore.found, **found}, self.clock())
