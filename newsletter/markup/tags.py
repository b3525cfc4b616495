"""The elements of HTML, by what becomes of them in a post."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """A set of words, written as people write a list."""
    return frozenset(text.split())


EVERYWHERE = words("dir lang")
ATTRIBUTES = {
    "a": words("href title"),
    "abbr": words("title"),
    "img": words("src alt title width height data-dark"),
    "ol": words("start reversed"),
    "td": words("colspan rowspan"),
    "th": words("colspan rowspan"),
    "time": words("datetime"),
}
# What only we may write: which of an issue's blocks an element is. Nobody else's HTML keeps the attribute.
MARK = "data-block"
MARKED = {"a": words("button video"), "figure": words("gallery sponsor poll subscribe")}
INLINE = words("a abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup time u var")
BLOCKS = words(
    "blockquote caption dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 li ol p pre table tbody td tfoot th thead"
    " tr ul"
)
VOID = words("br hr img wbr")
TAGS = INLINE | BLOCKS | VOID
TABLE = words("table thead tbody tfoot tr td th caption")
# Dropped with all they hold: what runs, plays or asks, and what a mail program would show as stray text.
SILENT = words(
    "applet audio button canvas datalist frameset head iframe math noembed noframes noscript object script select"
    " style svg template textarea title video xmp"
)
# Kept under another name.
READ_AS = {
    **dict.fromkeys(words("address article aside center details fieldset footer form header main nav section"), "div"),
    "acronym": "abbr",
    "dir": "ul",
    "menu": "ul",
    "strike": "del",
    "summary": "div",
    "tt": "code",
}
# Which open elements one ends where their author left the end tag out, as HTML allows.
CLOSES = {
    **dict.fromkeys((*BLOCKS, "hr"), words("p")),
    "li": words("p li"),
    "dt": words("p dt dd"),
    "dd": words("p dt dd"),
    "td": words("p td th"),
    "th": words("p td th"),
    "tr": words("p td th tr"),
}
# Never closed in malformed feeds, which hold HTML that is not escaped.
UNCLOSED = words("area base br col embed hr img input li link meta p param source track wbr")
