"""A first look: what can be said of an open or a click at once, from itself alone."""

from __future__ import annotations

from newsletter.track.hits import Hit
from newsletter.track.judging import agents
from newsletter.track.judging.evidence import Reason, Verdict, facts, points, timing, verdict
from newsletter.track.judging.networks import Networks, load, parsed


def glance(hit: Hit, sent_at: float | None, trap: bool = False, networks: Networks | None = None) -> Verdict:
    """Judge a hit by itself; `sent_at`, in seconds since 1970, is when its message went, and `trap` whether nobody sees
    the link. It stands only until what happened around it is known (review.py)."""
    address, agent = parsed(hit.address), agents.family(hit.agent)
    network = (networks or load()).find(address) if address else None
    found = {one: points(one) for one in facts(hit.kind, hit.method, agent, hit.purpose, network)}
    if trap:
        found[Reason.HONEYPOT] = points(Reason.HONEYPOT)
    if worth := timing(hit.kind, None if sent_at is None else hit.at - sent_at, agent):
        found[Reason.TIMING] = worth
    return verdict(found)
