"""Blocks that Markdown has no words for, written between colons: buttons, galleries, films, sponsors, polls.

`::: button https://example.org/map`, the words of the button on lines of their own, then `:::`. What cannot be made
sense of is noted as a fault, and its words stay as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from html import escape
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from newsletter.markup import videos
from newsletter.markup.tags import MARK

FAULTS = "faults"
LEAST_ANSWERS, MOST_ANSWERS = 2, 10
_NAME = re.compile(r"\s*([a-z][\w-]*)\s*(.*?)\s*:*\s*", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+|(?:\.{0,2}/|#)\S*", re.IGNORECASE)
_END = re.compile(r"[\s>]*:{3,}\s*")
_OPEN, _CLOSE = "container_directive_open", "container_directive_close"


class Fault(NamedTuple):
    """What is wrong with a directive, and its line, counted from 1."""

    line: int
    reason: str


class Malformed(ValueError):
    """A directive that cannot be drawn; the message says what it lacks."""


def directives(parser: MarkdownIt) -> None:
    """Teach a Markdown parser the directives; their faults go to `env["faults"]`."""
    container_plugin(parser, "directive", validate=lambda params, _: bool(_NAME.fullmatch(params)))
    parser.core.ruler.after("inline", "directives", _resolve)


def _resolve(state: StateCore) -> None:
    """Put the elements of a block in the place of each directive."""
    state.tokens = _resolved(state.tokens, state.src.split("\n"), state.env)


def _resolved(given: list[Token], lines: list[str], env: MutableMapping[str, Any]) -> list[Token]:
    written: list[Token] = []
    tokens = iter(given)
    for token in tokens:
        written += _directive(token, _inside(tokens), lines, env) if token.type == _OPEN else [token]
    return written


def _inside(tokens: Iterator[Token]) -> list[Token]:
    """What stands between the opening that was just read and its closing."""
    depth, found = 1, []
    for token in tokens:
        depth += (token.type == _OPEN) - (token.type == _CLOSE)
        if not depth:
            break
        found.append(token)
    return found


def _directive(opening: Token, inside: list[Token], lines: list[str], env: MutableMapping[str, Any]) -> list[Token]:
    match = _NAME.fullmatch(opening.info)
    name, words = (match[1].lower(), match[2]) if match else ("", "")
    start, end = opening.map or [0, 0]
    inside = _resolved(inside, lines, env)  # none may stand in another; at most 20 deep, as all of Markdown
    try:
        if name not in _KINDS:
            raise Malformed(f"there is no block called '{name}'; there are {', '.join(_KINDS)}")
        if opening.level:
            raise Malformed(f"a {name} stands by itself, not inside a list, a quote or another block")
        if not (end < len(lines) and _END.fullmatch(lines[end])):
            raise Malformed(f"this {name} is never closed; end it with a line of three colons")
        return _KINDS[name](words, inside)
    except Malformed as error:
        env.setdefault(FAULTS, []).append(Fault(start + 1, str(error)))
        kept = [] if not words else [_raw(f"<p>{escape(words, quote=False)}</p>\n")]
        return kept + inside


def _button(words: str, inside: list[Token]) -> list[Token]:
    address, _ = _addressed("button", words)
    lines = _lines(inside)
    if lines is None or not any(_said(line) for line in lines):
        raise Malformed("a button holds a line of words, and nothing else")
    return [_raw(f'<p><a href="{escape(address)}" {MARK}="button">'), *_spaced(lines), _raw("</a></p>\n")]


def _gallery(_: str, inside: list[Token]) -> list[Token]:
    lines = _lines(inside)
    if lines is None:
        raise Malformed("a gallery holds images and a caption, and nothing else")
    pictures, caption = _pictures(child for line in lines for child in [*(line.children or ()), _softbreak()])
    if not pictures:
        raise Malformed("a gallery without an image")
    under = [_raw("<figcaption>"), _inline(caption), _raw("</figcaption>")] if caption else []
    return [_raw(f'<figure {MARK}="gallery">'), _inline(pictures), *under, _raw("</figure>\n")]


def _video(words: str, inside: list[Token]) -> list[Token]:
    address, title = _addressed("video", words)
    lines = _lines(inside)
    if lines is None:
        raise Malformed("a video holds an image and a title, and nothing else")
    pictures, said = _pictures(child for line in lines for child in [*(line.children or ()), _softbreak()])
    found = videos.at(address, title=title)
    shown = [child for child in pictures if child.type == "image"][:1]
    picture = [_inline(shown)] if shown else [_raw(_img(found.thumbnail))] if found.thumbnail else []
    name = [_inline(said)] if said else [_raw(escape(found.title or address, quote=False))]
    opening = _raw(f'<figure><a href="{escape(address)}" {MARK}="video">')
    return [opening, *picture, *name, _raw("</a></figure>\n")]


def _sponsor(words: str, inside: list[Token]) -> list[Token]:
    address, title = _addressed("sponsor", words)
    picture, rest = _led_by_picture(inside)
    if not picture and not rest:
        raise Malformed("a sponsor without a word")
    name = escape(title or videos.at(address).title or address, quote=False)
    opening = _raw(f'<figure {MARK}="sponsor"><p><a href="{escape(address)}">')
    return [opening, *picture, _raw(f"{name}</a></p>\n"), *rest, _raw("</figure>\n")]


def _poll(words: str, inside: list[Token]) -> list[Token]:
    if not words:
        raise Malformed("a poll without a question; it stands on the poll's first line")
    outer = [token.type for token in inside if token.level == (inside[0].level if inside else 0)]
    lists = [kind for kind in outer if kind in ("bullet_list_open", "ordered_list_open")]
    if len(lists) != 1 or len(outer) != 2:
        raise Malformed("a poll holds one list, of its answers, and nothing else")
    count = sum(token.type == "list_item_open" and token.level == inside[0].level + 1 for token in inside)
    said = sum(token.type == "inline" and _said(token) for token in inside)
    if not LEAST_ANSWERS <= count <= MOST_ANSWERS:
        raise Malformed(f"a poll has {LEAST_ANSWERS} to {MOST_ANSWERS} answers; this one has {count}")
    if said != count:
        raise Malformed("each answer of a poll is one line of words")
    opening = _raw(f'<figure {MARK}="poll"><p>{escape(words, quote=False)}</p>\n')
    return [opening, *inside, _raw("</figure>\n")]


def _subscribe(words: str, inside: list[Token]) -> list[Token]:
    said = [_raw(f"<p>{escape(words, quote=False)}</p>\n")] if words else []
    return [_raw(f'<figure {MARK}="subscribe">'), *said, *inside, _raw("</figure>\n")]


_KINDS: dict[str, Callable[[str, list[Token]], list[Token]]] = {
    "button": _button,
    "gallery": _gallery,
    "video": _video,
    "sponsor": _sponsor,
    "poll": _poll,
    "subscribe": _subscribe,
}


def _addressed(name: str, words: str) -> tuple[str, str]:
    """The address that a directive's first line begins with, and the words after it."""
    address, _, rest = words.partition(" ")
    address = address.removeprefix("<").removesuffix(">")
    if not _ADDRESS.fullmatch(address):
        raise Malformed(f"a {name} without an address; write ::: {name} https://…")
    return address, rest.strip()


def _lines(inside: Sequence[Token]) -> list[Token] | None:
    """The texts of the paragraphs; None if there is anything but paragraphs."""
    if any(token.type not in ("paragraph_open", "inline", "paragraph_close") for token in inside):
        return None
    return [token for token in inside if token.type == "inline"]


def _spaced(lines: Sequence[Token]) -> list[Token]:
    """Several paragraphs as one line."""
    return [piece for line in lines for piece in (line, _raw(" "))][:-1]


def _pictures(children: Iterator[Token]) -> tuple[list[Token], list[Token]]:
    """The images among some words, each with the link around it, and the words."""
    given, pictures, words = list(children), list[Token](), list[Token]()
    place = 0
    while place < len(given):
        width = _picture_at(given, place)
        (pictures if width else words).extend(given[place : place + max(1, width)])
        place += max(1, width)
    return pictures, _stripped(words)


def _picture_at(children: Sequence[Token], place: int) -> int:
    """How many tokens an image takes up that begins here; 0 if none does."""
    kinds = [child.type for child in children[place : place + 3]]
    return 1 if kinds[:1] == ["image"] else 3 if kinds == ["link_open", "image", "link_close"] else 0


def _led_by_picture(inside: list[Token]) -> tuple[list[Token], list[Token]]:
    """The image that a text begins with, and the text without it."""
    if [token.type for token in inside[:2]] != ["paragraph_open", "inline"]:
        return [], inside
    children = list(inside[1].children or ())
    width = _picture_at(children, 0)
    if not width:
        return [], inside
    picture = [child for child in children[:width] if child.type == "image"]
    left = _stripped(children[width:])
    rest = [inside[0], _inline(left), *inside[2:]] if left else inside[3:]
    return [_inline(picture)], rest


def _stripped(children: list[Token]) -> list[Token]:
    """The words without breaks before and after them."""
    said = [place for place, child in enumerate(children) if child.type not in ("softbreak", "hardbreak")]
    return children[said[0] : said[-1] + 1] if said else []


def _said(token: Token) -> bool:
    """Whether a text holds more than white space and breaks."""
    if token.children is not None and token.type == "inline":
        return any(_said(child) for child in token.children)
    return token.type == "image" or bool(token.content.strip())


def _img(src: str) -> str:
    return f'<img src="{escape(src)}" alt="">'


def _raw(html: str) -> Token:
    token = Token("html_block", "", 0)
    token.content = html
    return token


def _inline(children: list[Token]) -> Token:
    token = Token("inline", "", 0)
    token.children = children
    return token


def _softbreak() -> Token:
    return Token("softbreak", "br", 0)
