"""What `newsletter check` finds wrong with how what comes back is measured."""

from __future__ import annotations

from newsletter.config import Config, Problem
from newsletter.track import sunset
from newsletter.track.judging.intake import networks_of
from newsletter.track.judging.networks import BadNetworks


def check(config: Config) -> list[Problem]:
    """Everything that keeps opens and clicks from being judged, or the sunset rule from being carried out."""
    found = sunset.check(config)
    try:
        networks_of(config)
    except BadNetworks as error:
        found.append(Problem("track.networks", str(error), hint="leave the key out to use the file that we ship"))
    return found
