"""Addresses: the one we show, the one we compare by, and relative ones made whole."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urljoin, urlsplit

import httpx

_TRACKING = re.compile(
    r"(utm_\w+|mtm_\w+|pk_(campaign|kwd|source|medium|content)|(fb|g|d|ms|tw|y|wbra|gbra|li_fat_|irg?)cl(k)?id|wbraid"
    r"|gbraid|li_fat_id|igshid|igsh|mc_[ce]id|ref_src|ref_url|_hsenc|_hsmi|__hs\w+|hsctatracking|mkt_tok|vero_id|oly_\w+_id"
    r"|ncid|cmpid|s_cid|ftag|_openstat|yclid|rss_id|at_(medium|campaign|custom\d)|wt\.mc_id)",
    re.IGNORECASE,
)
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MAILTO = re.compile(r"mailto:[^\s<>\"]+", re.IGNORECASE)


def absolute(base: str, url: str) -> str:
    """A web address as a page at `base` means it, as a valid URL; empty if it is none."""
    if not url.strip():
        return ""
    try:
        parsed = _parse(urljoin(base, re.sub(r"[\t\r\n]", "", url).strip()))
    except ValueError:  # urljoin: brackets that are no IPv6 address
        return ""
    return str(parsed) if parsed else ""


def link(base: str, url: str) -> str:
    """A link's target: a web address, or a mailto: one."""
    return url.strip() if _MAILTO.fullmatch(url.strip()) else absolute(base, url)


def canonical(url: str) -> str:
    """The address without what only measures readers, and without a fragment; empty if it is no web address."""
    parsed = _parse(url)
    if parsed is None:
        return ""
    query = "&".join(_parameters(parsed))
    # `#!` is how single-page sites once spelt a path; any other fragment is a place within the page.
    fragment = parsed.fragment if parsed.fragment.startswith("!") else None
    return str(parsed.copy_with(query=query.encode() or None, fragment=fragment))


def key(url: str) -> str:
    """SHA-256 by which two spellings of a canonical address are the same.

    http and https, with and without `www.` or the last slash, and parameters in any order are one address.
    """
    parts = urlsplit(url)
    host = (parts.netloc.rpartition("@")[2]).removeprefix("www.")
    query = "&".join(sorted(filter(None, parts.query.split("&"))))
    return digest(f"{host}{parts.path.rstrip('/')}?{query}#{parts.fragment}")


def digest(text: str) -> str:
    """SHA-256 in hex, as Post.key and Sighting.guid hold it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _parse(url: str) -> httpx.URL | None:
    url = _LONE_PERCENT.sub("%25", url.strip())
    parsed: httpx.URL | None
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = _emoji_domain(url)
    if parsed is None or parsed.scheme not in ("http", "https"):
        return None
    return parsed if parsed.raw_host and b"%" not in parsed.raw_host else None


def _emoji_domain(url: str) -> httpx.URL | None:
    """Hosts that only the older IDNA allows, such as those with emoji."""
    try:
        host = urlsplit(url).hostname or ""
        return httpx.URL(url.replace(host, host.encode("idna").decode("ascii"), 1)) if not host.isascii() else None
    except (ValueError, httpx.InvalidURL):
        return None


def _parameters(url: httpx.URL) -> list[str]:
    pairs = url.query.decode("ascii", "replace").split("&")
    return [pair for pair in pairs if pair and not _TRACKING.fullmatch(pair.partition("=")[0])]
