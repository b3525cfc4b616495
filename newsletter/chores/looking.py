"""A look at how a newsletter's sender stands: its domain in the DNS, our certificate, and whether transports work."""

from __future__ import annotations

from typing import Any

from newsletter.chores.doing import Doing, Undone
from newsletter.preflight.outside import Means, sender, site
from newsletter.preflight.places import is_private
from newsletter.send import transports


def carry_out(doing: Doing, means: Means | None = None) -> dict[str, Any]:
    """Ask name servers, our own site and the transports; what keeps each transport from working stands at its name."""
    config, name = doing.config, doing.chore.subject
    letter = config.newsletters.get(name)
    if letter is None:
        raise Undone("config.yaml has no such newsletter any more")
    by = means or Means()
    found = [*sender.of_newsletter(config, name, letter.sender, by)]
    doing.tell(findings=[one.facts() for one in found])
    if not is_private(config.site.url):
        found += site.of_site(config, doing.clock(), by)
    ways = {way: transports.check(way, config) for way in config.transports_of(name)}
    return {"findings": [one.facts() for one in found], "ways": ways}
