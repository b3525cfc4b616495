"""Send the links of a finished document past us, and let it tell when it is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from html import escape, unescape

from newsletter.links import UNSEEN
from newsletter.render.tags import Piece, attributes, pieces, rewrite

_LINKS = ("a", "area")


def addresses(html: str, direct: Collection[str] = ()) -> list[str]:
    """The web addresses that the document links to, each once, as a browser would read them; not those in `direct`."""
    found: dict[str, None] = {}
    for piece in pieces(html):
        if piece.name in _LINKS and not piece.closing:
            for name, value in attributes(piece.source):
                if name == "href" and value and _tracked(unescape(value), direct):
                    found[unescape(value)] = None
    return list(found)


def redirect(html: str, through: Mapping[str, str]) -> str:
    """The document with each of these addresses replaced where a link leads to it, and nowhere else."""

    def change(name: str, value: str) -> str:
        new = through.get(unescape(value)) if name == "href" else None
        return value if new is None else escape(new)

    return "".join(_relinked(piece.source, piece.name, change) for piece in pieces(html))


def _relinked(source: str, name: str, change: Callable[[str, str], str]) -> str:
    return rewrite(source, change) if name in _LINKS and not source.startswith("</") else source


def with_pixel(html: str, address: str) -> str:
    """The document with an invisible image at its end."""
    pixel = f'<img src="{escape(address)}" width="1" height="1" alt="" style="display:block;border:0" />'
    body, end, rest = html.rpartition("</body")
    return f"{body}{pixel}\n{end}{rest}" if end else html + pixel


def with_unseen(html: str, address: str) -> str:
    """The document with a link at its beginning that nobody sees, hears or comes to by keys: there is nothing in it.

    At the beginning, because some who check mail follow the first link alone.
    """
    style = "display:none;mso-hide:all"
    link = f'<a href="{escape(address)}" style="{style}" tabindex="-1" aria-hidden="true"></a>'
    done = False
    found = []
    for piece in pieces(html):
        found.append(piece.source)
        if piece.name == "body" and not done:
            found.append(link)
            done = True
    return "".join(found) if done else link + html


def direct(html: str, token: str, urls: Mapping[int, str], beside: Mapping[int, str] | None = None) -> str:
    """The document as it was before: its links straight to where they lead, by their numbers, no pixel, and no link
    that nobody sees.

    `token` is what stands at the end of our own addresses. They are known by it and not by our site's address, which
    may have changed since. `beside` is HTML that is put at the beginning of the links of these numbers.
    """
    through = re.compile(rf".*/c/(\d+)/{re.escape(token)}", re.DOTALL)

    def number_of(name: str, value: str | None) -> int:
        found = through.fullmatch(unescape(value)) if name == "href" and value else None
        return int(found[1]) if found else 0

    def change(name: str, value: str) -> str:
        url = urls.get(number_of(name, value))
        return value if url is None else escape(url)

    def added(piece: Piece) -> str:
        if not beside or piece.name != "a" or piece.closing:
            return ""
        return beside.get(max((number_of(*one) for one in attributes(piece.source)), default=0), "")

    shown = (piece for piece in pieces(html) if not _is_pixel(piece.source, piece.name, token))
    straight = "".join(_relinked(piece.source, piece.name, change) + added(piece) for piece in shown)
    return _UNSEEN.sub("", straight)


_UNSEEN = re.compile(rf'<a\s+href="[^"]*{re.escape(UNSEEN)}"[^>]*></a>')


def _is_pixel(source: str, name: str, token: str) -> bool:
    return name == "img" and any((value or "").endswith(f"/o/{token}.gif") for _, value in attributes(source))


def _tracked(url: str, direct: Collection[str]) -> bool:
    return url.lower().startswith(("http://", "https://")) and url not in direct
