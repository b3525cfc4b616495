"""A visit to a source at once, and not when its turn comes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from newsletter import collect, render
from newsletter.chores.doing import Doing, Undone
from newsletter.models import Source, deeds


def carry_out(doing: Doing) -> dict[str, Any]:
    """Bring in what it has published, and say how much that was."""
    try:
        visits = collect.collect(
            doing.config, doing.clock(), [doing.chore.subject], doing.clock, render.fault_of_tag
        )  # fmt: skip
    except collect.UnknownSource as error:
        raise Undone("config.yaml has no such source any more") from error
    deeds.say(Source.objects.get(name=doing.chore.subject), "visited at once", doing.chore.by)
    return asdict(visits[0])
