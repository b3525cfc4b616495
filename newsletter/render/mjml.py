"""From MJML to HTML in ASCII whose attributes hold what they held before.

mjml-python prints attribute values with Rust's debug escapes (`\\u{200d}` for a joiner) and lets a quote in a title out
of its attribute. Both are cured before it runs: by then every value is ASCII, in double quotes, with no quote or
backslash inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import mjml

from newsletter.render.errors import RenderError
from newsletter.render.tags import Piece, pieces, rewrite
from newsletter.render.vocabulary import VOID

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_WHITE = re.compile(r"[ \t\r\n]+")
# Where one stretch for Outlook ends and the next begins; nothing stands between them.
_SEAM = re.compile(r"<!\[endif\]-->\s*<!--\[if mso \| IE\]>")
# The preheader, which MJML writes one pixel high and white on white, as spam hides its words.
_HIDDEN = re.compile(r'(<div style=")display:none;font-size:1px;color:#ffffff;line-height:1px;[^"]*"')
_POSITION = re.compile(r"at position (\d+)")


def to_html(text: str, theme: str) -> str:
    """HTML of a mail in ASCII, most of it on one line; see `lines`.

    `theme` names the template in errors. Raises RenderError.
    """
    safe = make_safe(text, theme)
    try:
        html = mjml.mjml2html(safe)
    except ValueError as error:
        raise RenderError(f"{theme}: {_explain(safe, str(error))}") from error
    if "\\u{" in html or not html.isascii():
        raise RenderError(f"{theme}: a character was garbled on its way through MJML: {_near(html)}")
    return _HIDDEN.sub(r'\1display:none;max-height:0;overflow:hidden;mso-hide:all"', _SEAM.sub("", html), count=1)


def make_safe(text: str, theme: str) -> str:
    """The same MJML in ASCII, with nothing left that mjml-python would garble."""
    return "".join(_safe_pieces(_CONTROLS.sub("", text), theme))


def _safe_pieces(text: str, theme: str) -> Iterator[str]:
    for piece in pieces(text):
        if piece.kind == "raw":
            yield _style(piece.source, theme)
        elif piece.kind == "comment":
            # An ordinary comment inside mj-attributes is an error, and anywhere else a waste.
            yield _ascii(piece.source) if piece.source.startswith("<!--[if") else ""
        elif piece.kind == "tag" and not piece.closing:
            yield _ascii(rewrite(piece.source, lambda _, value: _value(value)))
        elif piece.kind == "text":
            yield _ascii(_value(piece.source, white=False))
        else:
            yield piece.source


def _value(text: str, white: bool = True) -> str:
    # An apostrophe is harmless here and five times shorter than its reference.
    quoted = text.replace('"', "&quot;").replace("\\", "&#92;").replace("&#39;", "'")
    return _WHITE.sub(" ", quoted) if white else quoted


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _style(css: str, theme: str) -> str:
    """Style sheets know no numeric references: what is not ASCII must be written as CSS escapes it."""
    for line in css.splitlines():
        if not line.isascii():
            raise RenderError(f"{theme}: a style sheet holds more than ASCII: {_quote(line)}; write \\2014 for —")
    return css


def _explain(text: str, message: str) -> str:
    """The engine's complaint with the line and the piece of MJML it is about, as far as either can be told."""
    if fault := next(faults(text), None):
        return f"line {fault[0]} of the MJML it makes: {fault[1]}"
    if position := _POSITION.search(message):
        # The engine counts bytes; so safe a text has as many characters.
        start = int(position.group(1))
        line = text.count("\n", 0, start) + 1
        return f"line {line} of the MJML it makes: {message} at {_quote(text[start:])}"
    return f"{message} in the MJML it makes"


def faults(text: str) -> Iterator[tuple[int, str]]:
    """Where the tags of a safe MJML do not pair up; the engine takes some of that, or says only that it ended early."""
    line, opened = 1, list[tuple[int, Piece]]()
    for piece in pieces(text):
        if piece.kind == "text" and "<" in piece.source:
            before, _, after = piece.source.partition("<")
            yield line + before.count("\n"), f"a bare '<' in the text, at {_quote('<' + after)}"
        elif piece.closing:
            if not opened or opened[-1][1].name != piece.name:
                yield _mismatch(line, piece, opened)
                return
            opened.pop()
        elif piece.name and not piece.empty and piece.name not in VOID:
            opened.append((line, piece))
        line += piece.source.count("\n")
    yield from ((at, f"{_quote(piece.source)} is never closed") for at, piece in reversed(opened))


def _mismatch(line: int, piece: Piece, opened: list[tuple[int, Piece]]) -> tuple[int, str]:
    if opened:
        return opened[-1][0], f"{_quote(opened[-1][1].source)} is not closed before {piece.source} on line {line}"
    return line, f"{piece.source} closes nothing"


def _quote(text: str) -> str:
    first = text.strip().split("\n", 1)[0]
    return f"`{first[:60]}{'…' if len(first) > 60 else ''}`"


def _near(html: str) -> str:
    found = re.search(r"\\u\{|[^\x00-\x7f]", html)
    return _quote(html[max(0, found.start() - 30) :] if found else html)
