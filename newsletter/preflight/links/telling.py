"""What is to be said of links, by what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from newsletter.config.preflight import Preflight as Settings
from newsletter.models import LinkCheck
from newsletter.preflight.findings import Finding
from newsletter.preflight.links.wanted import Wanted

Outcome = LinkCheck.Outcome
_SAID: dict[str, tuple[str, str, str]] = {
    Outcome.BROKEN: ("link-broken", "{url}: {fault}", "mend the address, or take the link out"),
    Outcome.PRIVATE: ("link-private", "{url}: {fault}", "let it lead to a public page"),
    Outcome.DOUBTFUL: ("link-doubtful", "{url}: {fault}", "follow it yourself; then run the checks again"),
    Outcome.TLS: ("link-tls", "{url}: {fault}", "see whether the site has another address, and tell its owner"),
    Outcome.REFUSED: ("link-refused", "{url}: {fault}", "follow it yourself once"),
    Outcome.MOVED: ("link-redirects", "{url} has moved for good to {leads_to}", "write the new address"),
}


def findings(wanted: Iterable[Wanted], settings: Settings, now: datetime) -> Iterator[Finding]:
    """What is known of these links; nothing is fetched. Those not looked at lately are counted together."""
    links = list(wanted)
    if not links or not settings.links:
        return
    known = LinkCheck.known([one.url for one in links], now - settings.keep_links)
    yield from _each(links, known)
    if unseen := [one for one in links if one.url not in known]:
        few = "one link has" if len(unseen) == 1 else f"{len(unseen)} links have"
        yield Finding("link-unchecked", f"{few} not been looked at yet, or not lately", "run the checks", "the mail")


def _each(links: Iterable[Wanted], known: Mapping[str, LinkCheck]) -> Iterator[Finding]:
    for one in links:
        found = known.get(one.url)
        if found is None or found.outcome not in _SAID:
            continue
        code, what, do = _SAID[found.outcome]
        if one.kind == "image" and found.outcome in (Outcome.BROKEN, Outcome.PRIVATE):
            code, do = "image-broken", "choose another image, or take it out"
        if one.kind == "image" and found.outcome == Outcome.MOVED:
            continue  # nobody sees where an image lies
        said = what.format(url=_short(one.url), fault=found.fault, leads_to=_short(found.leads_to))
        yield Finding(code, said, do, one.where, one.item, one.url)


def _short(url: str) -> str:
    return url if len(url) <= 120 else f"{url[:119]}…"
