"""An edition compiled once into bytes with holes, so that one reader's message is a join of what lies ready.

`mime.build` is the readable account of what a message is; this makes the same one faster. Each alternative has two
forms: as it is (7bit), while what is filled in leaves all lines short ASCII, and quoted-printable, where a value stands
between soft line breaks and so needs no look at its neighbours. In neither does a value begin a line with a dot.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from operator import itemgetter

from newsletter import holes
from newsletter.send import mime
from newsletter.send.mailing import Mailing, Reader
from newsletter.splice import REMEMBERED

_OWN = ("date", "to", "subject", "ref")  # holes that stand in the headers alone
_QUOTED = "quoted-"  # before the name of a hole that is filled in quoted-printable
_SOFT = "=\r\n"
_SHORT = 73  # characters in a line of quoted-printable, by either way of making it
_BREAK = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # whatever str.splitlines takes for one

Values = Mapping[str, str]


class Compiler:
    """Makes the messages of one mailing after another; what lies ready is kept until the next mailing comes."""

    def __init__(self, *, dots: bool = False) -> None:
        self._dots = dots
        self._last: Compiled | None = None

    def message(self, mailing: Mailing, reader: Reader, now: datetime, *, utf8: bool = False) -> bytes:
        """One reader's message; with `dots` as it goes over the wire after DATA, but for the last dot."""
        if self._last is None or self._last.mailing is not mailing:
            self._last = Compiled(mailing, dots=self._dots)
        return self._last.message(reader, now, utf8=utf8)


class Compiled:
    """A mailing made ready for many readers. No more texts that differ by reader are kept than `splice` keeps."""

    def __init__(self, mailing: Mailing, *, dots: bool = False) -> None:
        self.mailing, self._dots = mailing, dots
        self._texts: dict[tuple[bool, ...], _Text] = {}
        self._second, self._date = datetime.min.replace(tzinfo=UTC), ""

    def message(self, reader: Reader, now: datetime, *, utf8: bool = False) -> bytes:
        """The whole message, lines ending in CRLF; with `dots`, a line that begins with a dot has another before it."""
        values = self.mailing.values(reader)
        text = self._text(reader)
        form = text.form(reader, values)
        if form is None:
            data = mime.build(self.mailing, reader, now, utf8=utf8)
            return _stuffed(data) if self._dots else data
        own = {
            "date": self._dated(now),
            "to": mime.address(values["name"], reader.email, utf8=utf8),
            "subject": text.subject(reader),
            "ref": reader.ref,
        }
        return form.filled(values, own)

    def _text(self, reader: Reader) -> _Text:
        path = self.mailing.path(reader)
        text = self._texts.get(path)
        if text is None:
            if len(self._texts) >= REMEMBERED:
                self._texts.clear()
            text = self._texts[path] = _Text(self.mailing, reader, self._dots)
        return text

    def _dated(self, now: datetime) -> str:
        """The moment as Date has it, worked out once a second."""
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second, self._date = second, format_datetime(now)
        return self._date


class _Text:
    """What readers of one path get, in the forms that they have needed so far."""

    def __init__(self, mailing: Mailing, sample: Reader, dots: bool) -> None:
        self._mailing, self._dots = mailing, dots
        self._parts = {name: _Part(mailing.skeleton(name, sample), mailing.marker) for name in mime.PARTS}
        self._forms: dict[tuple[bool, ...], _Form] = {}
        subject = mailing.skeleton("subject", sample)
        asks = len(holes.split(subject, mailing.marker)[1]) > 0
        self._subject = None if asks else mime.unstructured("Subject", subject)

    def form(self, reader: Reader, values: Values) -> _Form | None:
        """The form in which these values fit; none if one of them breaks a line."""
        plain = tuple([part.fits(values) for part in self._parts.values()])
        form = self._forms.get(plain)
        if form is None:
            form = self._forms[plain] = self._made(reader, plain)
        return None if any(_BREAK.search(values[name]) for name in form.quoted) else form

    def subject(self, reader: Reader) -> str:
        """The subject as the header has it."""
        if self._subject is None:
            return mime.unstructured("Subject", self._mailing.filled("subject", reader))
        return self._subject

    def _made(self, reader: Reader, plain: Sequence[bool]) -> _Form:
        mailing = self._mailing
        top = mime.head(mailing, **{name: f"{mailing.marker}-{name}-o" for name in (*_OWN, "token", "reply")})
        parts = (
            _written(subtype, mailing.skeleton(name, reader), mailing.marker, as_is)
            for (name, subtype), as_is in zip(mime.PARTS.items(), plain, strict=True)
        )
        return _Form.of(mime.whole(mailing, top, *parts), mailing.marker, self._dots)


class _Part:
    """What may be filled into one alternative as it is."""

    def __init__(self, text: str, marker: str) -> None:
        cuts = [holes.split(line, marker) for line in text.splitlines()]
        # What is left of each line for each of its holes: sometimes a little less than there is, and never more.
        rooms = [(mime.LINE - sum(map(len, pieces))) // max(len(names), 1) for pieces, names in cuts]
        self._room = min(rooms, default=mime.LINE)
        self._plain = text.isascii() and self._room >= 0
        self._names = list(dict.fromkeys(name for _, names in cuts for name in names))
        self._first = {names[0] for pieces, names in cuts if names and not pieces[0]}

    def fits(self, values: Values) -> bool:
        """Whether, with these values, all lines are short ASCII and none begins with a dot that came with a value."""
        if not self._plain:
            return False
        for name in self._names:
            value = values[name]
            if len(value) > self._room or not (value.isascii() and value.isprintable()):
                return False
        return all(values[name] and values[name][0] != "." for name in self._first)


def _written(subtype: str, text: str, marker: str, as_is: bool) -> str:
    """An alternative with its holes open; those in quoted-printable have names of their own."""
    lines = text.splitlines()
    if as_is:
        return mime.part_head(subtype, "us-ascii", "7bit") + "\r\n".join(lines) + "\r\n"
    (first, *pieces), names = holes.split("\n".join(lines), marker)
    body = [mime.quoted_printable(first)]
    for name, piece in zip(names, pieces, strict=True):
        body += (_SOFT, f"{marker}-{_QUOTED}{name}-o", _SOFT, mime.quoted_printable(piece))
    return mime.part_head(subtype, "utf-8", "quoted-printable") + "".join(body) + "\r\n"


@dataclass(frozen=True)
class _Form:
    """A whole message in bytes: what is the same for all readers, and what belongs between."""

    pieces: Sequence[bytes]
    """The text at the even places; at the odd ones the holes' names, where their values are put."""
    plain: Sequence[str]
    quoted: Sequence[str]
    between: Callable[[Mapping[str, bytes]], tuple[bytes, ...]]

    @classmethod
    def of(cls, text: str, marker: str, dots: bool) -> _Form:
        """Cut a message at its holes."""
        parts = re.split(rf"{re.escape(marker)}-([a-z0-9-]+?)-o", text)
        places = parts[1::2]
        pieces = [part.encode("ascii") for part in parts]
        if dots:
            pieces[::2] = map(_stuffed, pieces[::2])
        names = dict.fromkeys(places)
        quoted = [name.removeprefix(_QUOTED) for name in names if name.startswith(_QUOTED)]
        plain = [name for name in names if not name.startswith(_QUOTED) and name not in _OWN]
        return cls(pieces, plain, quoted, itemgetter(*places))

    def filled(self, values: Values, own: Values) -> bytes:
        """The message for one reader; `own` are the headers that are theirs."""
        ready = {name: values[name].encode() for name in self.plain}
        for name, value in own.items():
            ready[name] = value.encode()
        for name in self.quoted:
            ready[_QUOTED + name] = _quoted(values[name])
        out = list(self.pieces)
        out[1::2] = self.between(ready)
        return b"".join(out)


def _quoted(value: str) -> bytes:
    """A value in quoted-printable, on lines of its own."""
    data = b2a_qp(value.encode())
    # The faster one breaks lines a little later, and leaves a dot as it is.
    return data if len(data) <= _SHORT and data[:1] != b"." else mime.quoted_printable(value).encode()


def _stuffed(data: bytes) -> bytes:
    """The same as it travels after DATA: a line that begins with a dot has another before it (RFC 5321, 4.5.2)."""
    return data.replace(b"\r\n.", b"\r\n..")
