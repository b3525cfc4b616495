"""Links and images by their addresses alone: relative, private, without encryption, shortened."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.config.preflight import Level
from newsletter.preflight.findings import Finding
from newsletter.preflight.places import host_of, is_private, is_proving, is_shortened
from newsletter.preflight.proof import Proof

_OTHER_WAYS = ("mailto:", "tel:", "sms:", "xmpp:", "geo:")
_WEB = ("http://", "https://")


def relative(proof: Proof) -> Iterator[Finding]:
    """Links that lead nowhere from a mail."""
    for anchor in proof.anchors:
        url = anchor.url
        if url.startswith("#") and len(url) > 1:
            if url[1:] not in proof.page.names:
                yield _found(proof, "link-relative", url, f"it jumps to {url}, and the mail has no such place",
                             "take the link out, or let it lead to a page")  # fmt: skip
        elif not url.lower().startswith((*_WEB, *_OTHER_WAYS)) or (_is_web(url) and not host_of(url)):
            yield _found(proof, "link-relative", url, f"the link “{_short(url)}” has no https:// and host before it",
                         "write the whole address, as a browser shows it")  # fmt: skip
    for picture in proof.pictures:
        if picture.url and not picture.url.lower().startswith((*_WEB, "data:")):
            yield _found(proof, "link-relative", picture.url, f"the image “{_short(picture.url)}” has no whole address",
                         "write the whole address, beginning with https://")  # fmt: skip


def private(proof: Proof) -> Iterator[Finding]:
    """Links that only we can follow, or nobody; where our own site lies at such a place, somebody is trying out."""
    for url in _foreign(proof):
        if is_private(url):
            yield _found(proof, "link-staging", url, f"{_short(url)} lies at a place that readers cannot reach",
                         "let it lead to the public page", "note" if proof.at_home else None)  # fmt: skip
        elif is_proving(url):
            yield _found(proof, "link-staging", url, f"{_short(url)} looks like a place where pages are tried out",
                         "let it lead to the public page", "warning")  # fmt: skip


def unencrypted(proof: Proof) -> Iterator[Finding]:
    """Links that begin with http://."""
    for url in _foreign(proof):
        if url.lower().startswith("http://") and not is_private(url):
            yield _found(proof, "link-plain-http", url, f"{_short(url)} begins with http://",
                         "write https://, which most sites answer to by now")  # fmt: skip


def shortened(proof: Proof) -> Iterator[Finding]:
    """Links through a shortener."""
    for url in _foreign(proof):
        if is_shortened(url):
            yield _found(proof, "link-shortened", url, f"{_short(url)} hides where it leads",
                         "write the address that it leads to")  # fmt: skip


def site(proof: Proof) -> Iterator[Finding]:
    """Our own site without encryption; at home that is how it is."""
    if urlsplit(proof.config.site.url).scheme == "http" and not proof.at_home:
        yield Finding("site-plain-http", f"{proof.config.site.url} is reached without encryption",
                      "serve it by https, and write that into site.url", "config.yaml", about="site.url")  # fmt: skip


def _foreign(proof: Proof) -> list[str]:
    """Each web address that is not ours, once."""
    shown = (*(one.url for one in proof.anchors), *(one.url for one in proof.pictures))
    return [url for url in dict.fromkeys(shown) if _is_web(url) and not proof.is_ours(url)]


def _is_web(url: str) -> bool:
    return url.lower().startswith(_WEB)


def _found(proof: Proof, code: str, url: str, what: str, do: str, level: Level | None = None) -> Finding:
    where, item = proof.place_of(url)
    return Finding(code, what, do, where, item, url, level)


def _short(url: str) -> str:
    return url if len(url) <= 90 else f"{url[:89]}…"
