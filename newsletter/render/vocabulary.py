"""The HTML that a mail may hold: which tags, which of their attributes, and how tags close each other."""

from __future__ import annotations

from collections.abc import Collection


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = _names("p ul ol li dl dt dd blockquote pre figure figcaption table") | {*HEADINGS}
TABLE = _names("caption thead tbody tfoot tr td th")
INLINE = _names("a abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small strong sub sup time u var")
# Dropped themselves, but what stands before and after them are two paragraphs.
SEPARATORS = _names("address article aside center details div footer form header main nav section summary")
# Dropped with everything inside.
HIDDEN = _names("iframe math noscript object script select style svg template textarea title")
VOID = _names("area base br col embed hr img input link meta source track wbr")

# The attribute by which a post's HTML says what block an element is; only newsletter.markup writes it.
MARK = "data-block"
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "a": ("href", "title"),
    "abbr": ("title",),
    "img": ("src", "alt", "title", "width", "height", "data-dark"),
    "ol": ("start", "reversed"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan", "scope"),
    "time": ("datetime",),
}

_ROWS = ("thead", "tbody", "tfoot")
# What an opening tag closes, and what it does not look beyond.
IMPLIED: dict[str, tuple[Collection[str], Collection[str]]] = {
    "a": (("a",), ()),
    "dd": (("dt", "dd"), ("dl",)),
    "dt": (("dt", "dd"), ("dl",)),
    "li": (("li",), ("ul", "ol")),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
    **dict.fromkeys(_ROWS, (_ROWS, ("table",))),
}
