"""Lines of text for a picture, in any script: which font draws what, and where a line ends.

A title may be in any language, and this machine may have few fonts. Latin, Greek and Cyrillic letters are drawn with a
font that comes with us; other scripts with what fontconfig finds. What no font holds is left out: better a word less
than a row of boxes.
"""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import emoji
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont, features

from newsletter.render.words import graphemes

OWN = Path(str(files("font_source_serif_pro"))) / "files"
BOLD, REGULAR = OWN / "SourceSerifPro-Bold.ttf", OWN / "SourceSerifPro-Regular.ttf"
# The only size at which Noto's colour emoji can be asked for.
EMOJI_SIZE = 109
BREAKABLE = 24
"""A longer word is none, or one of a script that puts no spaces between words: it may be cut at any size."""
# Joiners and selectors: they change the characters beside them, and no font needs to hold them.
_JOINERS = frozenset(map(ord, "\u200c\u200d\u200e\u200f\ufe0e\ufe0f\u2060"))
# Without the library that shapes them, letters of these would stand apart, or in the wrong order.
_SHAPED = (
    "ARABIC", "HEBREW", "SYRIAC", "THAANA", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL",
    "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "MONGOLIAN",
)  # fmt: skip
_FINE = ("Serif", "Naskh", "Noto")
_UNFIT = ("Mono", "Italic", "Oblique", "Condensed", "Display", "Light", "Thin", "Black")


@dataclass(frozen=True)
class Run:
    """Neighbouring characters that one font draws; no font for an emoji, which is drawn as a picture."""

    text: str
    font: Path
    emoji: bool = False


@dataclass(frozen=True)
class Word:
    """What stands between two spaces, and the way it is read."""

    runs: tuple[Run, ...]
    rtl: bool | None

    @property
    def length(self) -> int:
        """How many characters it has."""
        return sum(len(run.text) for run in self.runs)

    def width(self, size: int) -> float:
        """How wide it is, in pixels."""
        return sum(_run_width(run, size) for run in self.runs)


@dataclass(frozen=True)
class Paragraph:
    """Lines of words at one size."""

    lines: tuple[tuple[Word, ...], ...]
    size: int
    leading: int
    rtl: bool

    @property
    def height(self) -> int:
        """How high all lines are."""
        return len(self.lines) * self.leading

    def draw(self, onto: Image.Image, box: tuple[int, int, int], colour: str, right: bool = False) -> None:
        """Draw the lines from the top of a box of (left, top, width), on the right if they, or all, begin there."""
        left, top, width = box
        for number, line in enumerate(self.lines):
            x = left + (width - _line_width(line, self.size) if self.rtl or right else 0)
            baseline = top + number * self.leading + round(self.size * 1.0)
            for word in _in_order(line, self.rtl):
                x = _draw_word(onto, word, self.size, (x, baseline), colour) + _space(self.size)


def fitted(text: str, width: int, height: int, sizes: Sequence[int], bold: bool = True) -> Paragraph:
    """The text as large as it fits into so many pixels; at the smallest size, as much of it as fits."""
    words = list(_words(text, BOLD if bold else REGULAR))
    rtl = next((word.rtl for word in words if word.rtl is not None), False)
    for size in sizes:
        leading = round(size * 1.2)
        lines = _wrapped(words, width, size, last=size == sizes[-1])
        if len(lines) * leading <= height and all(_line_width(line, size) <= width for line in lines):
            return Paragraph(tuple(lines), size, leading, rtl)
    kept = max(1, height // leading)
    ellipsis = Word((Run("…", BOLD if bold else REGULAR),), None)
    last = list(lines[kept - 1])
    room = width - ellipsis.width(size) - _space(size)
    while len(last) > 1 and _line_width(last, size) > room:
        last.pop()
    last = [*last[:-1], _broken(last[-1], room, size)[0]]
    return Paragraph((*lines[: kept - 1], (*last, ellipsis)), size, leading, rtl)


def _words(text: str, first: Path) -> Iterator[Word]:
    # One font for all that the first choice lacks, so that no word stands out; where there is none, one for each word.
    strange = frozenset(one for one in map(ord, text) if not chr(one).isspace()) - _held(first) - _JOINERS
    drawn = frozenset(one for one in strange if not emoji.is_emoji(chr(one)) and _may_be_drawn(one))
    second = _of_this_machine(drawn) if drawn else None
    for written in text.split():
        runs: list[Run] = []
        for cluster in graphemes(written):
            if run := _run(cluster, first, second):
                runs = _joined(runs, run)
        if runs:
            yield Word(tuple(runs), _direction(written))


def _run(cluster: str, first: Path, second: Path | None) -> Run | None:
    """What draws a character; nothing if no font does."""
    if emoji.is_emoji(cluster):
        font = _emoji_font() if _has_emoji(cluster) else None
        return Run(cluster, font, emoji=True) if font else None
    wanted = frozenset(map(ord, cluster)) - _JOINERS
    if not all(map(_may_be_drawn, wanted)):
        return None
    font = next((one for one in (first, second) if one and wanted <= _held(one)), None) or _of_this_machine(wanted)
    return Run(cluster, font) if font else None


def _direction(word: str) -> bool | None:
    """Whether a word is read from right to left; None for figures and signs, which are read as their neighbours are."""
    for character in word:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return None


def _in_order(line: Iterable[Word], rtl: bool) -> list[Word]:
    """The words of a line from left to right: runs against the line's direction keep their own."""
    groups: list[tuple[bool, list[Word]]] = []
    for word in line:
        way = rtl if word.rtl is None else word.rtl
        if groups and groups[-1][0] == way:
            groups[-1][1].append(word)
        else:
            groups.append((way, [word]))
    ordered = [list(reversed(words)) if way else words for way, words in groups]
    return [word for words in (reversed(ordered) if rtl else ordered) for word in words]


def _wrapped(words: Iterable[Word], width: int, size: int, last: bool) -> list[tuple[Word, ...]]:
    lines: list[list[Word]] = [[]]
    for word in words:
        for part in _broken(word, width, size) if last or word.length > BREAKABLE else [word]:
            if lines[-1] and _line_width((*lines[-1], part), size) > width:
                lines.append([])
            lines[-1].append(part)
    return [tuple(line) for line in lines if line]


def _broken(word: Word, width: float, size: int) -> list[Word]:
    """A word wider than a line, cut between characters."""
    if word.width(size) <= width:
        return [word]
    parts: list[list[Run]] = [[]]
    taken = 0.0
    for run in word.runs:
        for cluster in graphemes(run.text):
            piece = Run(cluster, run.font, run.emoji)
            wide = _run_width(piece, size)
            if parts[-1] and taken + wide > width:
                parts.append([])
                taken = 0.0
            parts[-1] = _joined(parts[-1], piece)
            taken += wide
    return [Word(tuple(part), word.rtl) for part in parts]


def _joined(runs: list[Run], piece: Run) -> list[Run]:
    if runs and not piece.emoji and not runs[-1].emoji and runs[-1].font == piece.font:
        return [*runs[:-1], Run(runs[-1].text + piece.text, piece.font)]
    return [*runs, piece]


def _draw_word(onto: Image.Image, word: Word, size: int, at: tuple[float, int], colour: str) -> float:
    x, baseline = at
    for run in reversed(word.runs) if word.rtl else word.runs:
        if run.emoji:
            picture = _emoji_picture(run.text, size)
            onto.paste(picture, (round(x), baseline - round(size * 0.88)), picture)
        else:
            ImageDraw.Draw(onto).text((x, baseline), run.text, font=_loaded(run.font, size), fill=colour, anchor="ls")
        x += _run_width(run, size)
    return x


def _line_width(line: Sequence[Word], size: int) -> float:
    return sum(word.width(size) for word in line) + _space(size) * max(0, len(line) - 1)


def _space(size: int) -> float:
    return _loaded(REGULAR, size).getlength(" ")


def _run_width(run: Run, size: int) -> float:
    return round(size * 1.12) if run.emoji else _loaded(run.font, size).getlength(run.text)


@lru_cache(maxsize=64)
def _loaded(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


@lru_cache(maxsize=8)
def _held(path: Path) -> frozenset[int]:
    """The characters that a font holds."""
    with TTFont(path, lazy=True, fontNumber=0) as font:
        return frozenset(font.getBestCmap())


def _may_be_drawn(character: int) -> bool:
    """Not what stands for nothing, nor what would come out wrong for want of the library that shapes it."""
    if unicodedata.category(chr(character)) in ("Cn", "Co", "Cs"):
        return False
    return features.check("raqm") or not _needs_shaping(character)


def _needs_shaping(character: int) -> bool:
    return unicodedata.name(chr(character), "").startswith(_SHAPED)


@lru_cache(maxsize=256)
def _of_this_machine(wanted: frozenset[int]) -> Path | None:
    """The fittest of the fonts that fontconfig knows with all these characters."""
    pattern = ":scalable=true:charset=" + " ".join(f"{one:x}" for one in sorted(wanted))
    found = [Path(line) for line in _fontconfig(pattern) if line.lower().endswith((".ttf", ".otf", ".ttc"))]
    return max(found, key=_fitness, default=None)


def _fitness(font: Path) -> tuple[int, str]:
    good = sum(word in font.stem for word in _FINE) + 2 * ("Bold" in font.stem)
    return good - 9 * sum(word in font.stem for word in (*_UNFIT, "Emoji")), font.name


@lru_cache(maxsize=1)
def _emoji_font() -> Path | None:
    """A font of coloured pictures that Pillow can draw."""
    for line in _fontconfig(":color=true:charset=1f30d"):
        try:
            ImageFont.truetype(line, EMOJI_SIZE)
        except OSError:
            continue
        return Path(line)
    return None


def _has_emoji(cluster: str) -> bool:
    """Whether the font draws it as one picture: a family it does not know would come out as its members in a row."""
    font = _emoji_font()
    if font is None or not {ord(one) for one in cluster} - _JOINERS <= _held(font):
        return False
    one = ImageFont.truetype(str(font), EMOJI_SIZE)
    return one.getlength(cluster) < 1.5 * one.getlength("🌍")


@lru_cache(maxsize=256)
def _emoji_picture(cluster: str, size: int) -> Image.Image:
    font = ImageFont.truetype(str(_emoji_font()), EMOJI_SIZE)
    canvas = Image.new("RGBA", (round(font.getlength(cluster)), 128))
    ImageDraw.Draw(canvas).text((0, 0), cluster, font=font, embedded_color=True)
    side = canvas.getbbox() or (0, 0, canvas.width, canvas.height)
    picture = canvas.crop(side)
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    return picture


def _fontconfig(pattern: str) -> list[str]:
    """The files of the fonts that match; none on a machine without fontconfig."""
    try:
        command = ["fc-list", pattern, "--format", "%{file}\n"]
        # The pattern is made of figures and our own words.
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return []
    return sorted(done.stdout.decode("utf-8", "replace").split("\n"))[1:]
