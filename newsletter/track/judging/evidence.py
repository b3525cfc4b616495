"""Evidence: what speaks against a person behind an open or a click, and for how much it counts.

A finding is worth 1 to 3 points. Three are enough to call something a bot: one finding that no reader gives cause for,
or two or three that a reader seldom gives at once. What a program calls itself is never enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from newsletter.models import Event
from newsletter.track.judging import agents
from newsletter.track.judging.agents import Sort
from newsletter.track.judging.networks import Network

ENOUGH = 3
"""Points from which on nobody is taken for a person."""
Findings = Mapping["Reason", int]
"""What was found, each with its points; 0 for what is noted and counts nothing."""


class Reason(StrEnum):
    """The words that are kept with a judgement, in the order in which they are told."""

    HEAD = "head"
    HONEYPOT = "honeypot"
    NETWORK = "network"
    BURST = "burst"
    TIMING = "timing"
    AGENT = "agent"
    HOSTING = "hosting"
    SHARED = "shared_network"
    NO_PIXEL = "no_pixel"
    PROXY = "proxy"
    PREFETCH = "prefetch"
    IMPLIED = "implied"


MEANING = {
    Reason.HEAD: "it asked what is there without wanting to see it",
    Reason.HONEYPOT: "the link that no person sees was followed as well",
    Reason.NETWORK: "it came from a company that checks mail",
    Reason.BURST: "several links of one mail were followed within seconds",
    Reason.TIMING: "it came sooner after the mail than people read",
    Reason.AGENT: "the program says itself that it is none of a reader's",
    Reason.HOSTING: "it came from rented machines and not from somebody's home or office",
    Reason.SHARED: "one network followed links of many readers' mails as soon as they came",
    Reason.NO_PIXEL: "a link was followed early, of a mail whose images nobody had loaded",
    Reason.PROXY: "a mail service fetched the images before anybody looked",
    Reason.PREFETCH: "the program says that it fetches in advance",
    Reason.IMPLIED: "a person followed a link of the mail, and so has opened it",
}
"""Each reason in plain words."""

FACTS = frozenset((Reason.HEAD, Reason.NETWORK, Reason.AGENT, Reason.HOSTING, Reason.PROXY, Reason.PREFETCH))
"""What is known only while the whole address and the request are at hand; a second look takes it as it was noted."""
_POINTS = {
    Reason.HEAD: 3, Reason.HONEYPOT: 3, Reason.NETWORK: 3, Reason.AGENT: 2, Reason.HOSTING: 2, Reason.SHARED: 2,
}  # fmt: skip

_SINCE = {Event.Kind.CLICK: ((5, 3), (20, 2), (180, 1)), Event.Kind.OPEN: ((3, 2), (60, 1))}
"""Up to how many seconds after the mail went, and the points. To follow a link one must first have read it."""
_BEFORE = 600
"""Seconds that something may lie before the mail's own time: checking begins while the mail is still being taken."""


class Verdict(NamedTuple):
    """What something is taken for, and why: the codes of Reason, joined by commas."""

    judged: Event.Judged
    reasons: str


def points(reason: Reason) -> int:
    """What a finding is worth that is always worth the same."""
    return _POINTS.get(reason, 0)


def timing(kind: str, since: float | None, agent: str) -> int:
    """What it is worth that something came so many seconds after the mail went; nothing where that is not known.

    Nothing either of a mail service's own proxy, which comes when it will, and often at once.
    """
    if since is None or since < -_BEFORE or agents.SORTS.get(agent) in (Sort.PROXY, Sort.AHEAD):
        return 0
    if since < 0:
        # The time of a mail is when its sheet was settled, a second or so after it went: that tells less.
        return 2
    return next((worth for most, worth in _SINCE[Event.Kind(kind)] if since <= most), 0)


def facts(kind: str, method: str, agent: str, purpose: str, network: Network | None) -> set[Reason]:
    """What a request tells by itself. `agent` is a family."""
    sort, whose = agents.SORTS.get(agent), network.kind if network else ""
    found = {
        Reason.HEAD: method == "HEAD",
        Reason.PREFETCH: purpose == "prefetch",
        Reason.AGENT: sort is Sort.MACHINE,
        Reason.NETWORK: whose == "scanner",
        Reason.PROXY: kind == Event.Kind.OPEN and _ahead(agent, whose),
        # Who looks at mail through a mail service's own machines looks at it all the same.
        Reason.HOSTING: whose == "hosting" and sort not in (Sort.PROXY, Sort.AHEAD),
    }
    return {reason for reason, holds in found.items() if holds}


def _ahead(agent: str, whose: str) -> bool:
    """Whether an image was fetched ahead. Through Apple's proxies also come people who surf with Safari."""
    return agents.SORTS.get(agent) is Sort.AHEAD or (whose == "apple" and agent != "Safari")


def verdict(found: Findings) -> Verdict:
    """What the findings come to."""
    return Verdict(_judged(found), ",".join(reason for reason in Reason if reason in found))


def _judged(found: Findings) -> Event.Judged:
    # It says nothing about the reader when a proxy comes; also not that it comes at once.
    ahead = Reason.PROXY in found or Reason.PREFETCH in found
    if ahead and not found.keys() & {Reason.HEAD, Reason.HONEYPOT, Reason.NETWORK}:
        return Event.Judged.PREFETCH
    return Event.Judged.BOT if sum(found.values()) >= ENOUGH else Event.Judged.HUMAN


def noted(reasons: str) -> frozenset[Reason]:
    """The facts among reasons that were kept."""
    codes = reasons.split(",")
    return frozenset(one for one in FACTS if one in codes)
