"""Which links of an issue are worth a look: those to others' pages and images, at places that anybody can reach."""

from __future__ import annotations

from typing import NamedTuple

from newsletter import links
from newsletter.preflight.places import host_of, is_private
from newsletter.preflight.proof import Proof

MOST = 300
"""Links of one issue that are looked at; more is no newsletter."""


class Wanted(NamedTuple):
    """An address, whether it is a `link` or an `image`, where it stands, and the item's number if it is one."""

    url: str
    kind: str
    where: str
    item: int | None


def wanted(proof: Proof) -> list[Wanted]:
    """Each address once. Pages of our own are made when the issue is sent; what shares it there needs signing in."""
    found: dict[str, Wanted] = {}
    for one in (proof, *(variant for _, variant in proof.variants)):
        shown = [(link.url, "link") for link in one.anchors] + [(picture.url, "image") for picture in one.pictures]
        for url, kind in shown:
            if _worth(one, url):
                # A jump within a page is no matter of its server.
                plain = url.partition("#")[0]
                found.setdefault(plain, Wanted(plain, kind, *one.place_of(url)))
    return list(found.values())[:MOST]


def _worth(proof: Proof, url: str) -> bool:
    web = url.lower().startswith(("http://", "https://")) and bool(host_of(url))
    if not web or proof.is_ours(url) or url.startswith(_SHARING):
        return False
    return not is_private(url) or (proof.config.compose.preflight.allow_private and _is_an_address(url))


def _is_an_address(url: str) -> bool:
    """Whether the host is an IP address or localhost: a reserved name leads nowhere."""
    host = host_of(url)
    return host == "localhost" or host.replace(".", "").isdecimal() or ":" in host


_SHARING = tuple(
    address.partition("?")[0].partition("#")[0]
    for address in links.shares("", "").values()
    if address.startswith("http")
)
