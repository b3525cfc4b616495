"""The picture that stands for an issue where its address is shared: made once for each content, then kept."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from newsletter import render as rendering
from newsletter.config import Config
from newsletter.models import Issue, Post
from newsletter.reader import typesetting
from newsletter.reader.caching import public, release
from newsletter.reader.files import ours
from newsletter.reader.known import known
from newsletter.reader.shelves import titled
from newsletter.reader.style import accents, colour
from newsletter.render.filters import date
from newsletter.settings import current

log = logging.getLogger(__name__)

WIDE, HIGH = 1200, 630
MARGIN = 72
BESIDE = 440
"""Width of the lead's picture beside the title."""
KEPT = 2000
"""Pictures on disk at most; those not made for longest go first."""
MOST_PIXELS = 40_000_000


@dataclass(frozen=True)
class Cover:
    """What a picture shows, and all that it depends on."""

    title: str
    name: str
    date: str
    rtl: bool
    paper: str
    ink: str
    soft: str
    stripes: tuple[str, ...]
    logo: Path | None
    picture: Path | None

    @property
    def key(self) -> str:
        """A name that changes with whatever the picture shows."""
        parts = [release(), *(str(getattr(self, name)) for name in self.__dataclass_fields__)]
        parts += [str(path.stat().st_mtime_ns) for path in (self.logo, self.picture) if path]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:40]


@require_safe
def of_issue(request: HttpRequest, newsletter: str, slug: str) -> HttpResponseBase:
    """The picture of a public issue."""
    config = current()
    known(config, newsletter)
    found = get_object_or_404(titled(Issue.public().filter(newsletter=newsletter)), slug=slug)
    return public(request, lambda: _answer(config, lambda: rendering.reading(found, config)), varies=False)


@require_safe
def of_post(request: HttpRequest, number: int) -> HttpResponseBase:
    """The picture of a post of ours that a public issue holds."""
    config = current()
    found = get_object_or_404(Post.public(), pk=number)
    make = lambda: rendering.reading_of_post(found, config)  # noqa: E731
    return public(request, lambda: _answer(config, make), found.updated_at, varies=False)


def kept(folder: Path, cover: Cover) -> bytes:
    """The picture as PNG: from the folder, else drawn and put there."""
    file = folder / f"{cover.key}.png"
    try:
        return file.read_bytes()
    except FileNotFoundError:
        data = drawn(cover)
    _keep(file, data)
    return data


def drawn(cover: Cover) -> bytes:
    """Draw the picture."""
    image = Image.new("RGB", (WIDE, HIGH), cover.paper)
    picture = _opened(cover.picture)
    if picture:
        fitted = ImageOps.fit(picture, (BESIDE, HIGH), Image.Resampling.LANCZOS)
        image.paste(fitted, (0 if cover.rtl else WIDE - BESIDE, 0), fitted)
    left = MARGIN + (BESIDE if picture and cover.rtl else 0)
    width = WIDE - 2 * MARGIN - (BESIDE - 16 if picture else 0)
    _name(image, cover, left, width)
    title = typesetting.fitted(cover.title, width, 330, (84, 74, 64, 56, 48, 42))
    if not title.lines or not title.lines[0]:
        title = typesetting.fitted(cover.name, width, 330, (84, 74, 64, 56, 48, 42))
    title.draw(image, (left, 178 + max(0, 330 - title.height) // 2, width), cover.ink)
    typesetting.fitted(cover.date, width, 40, (27,), bold=False).draw(
        image, (left, HIGH - 98, width), cover.soft, cover.rtl
    )
    _stripes(image, cover)
    made = io.BytesIO()
    image.save(made, "PNG", optimize=True)
    return made.getvalue()


def cover_of(reading: rendering.Reading, config: Config) -> Cover:
    """What the picture of an issue, or of a post, shows."""
    tokens, letter = reading.tokens, reading.letter
    moment = reading.number.due if reading.number else reading.lead.published
    return Cover(
        title=reading.title,
        name=letter.title,
        date=date(moment, letter.language),
        rtl=letter.direction == "rtl",
        paper=colour(tokens, "paper", "#ffffff"),
        ink=colour(tokens, "ink", "#1b1b1f"),
        soft=colour(tokens, "soft", "#5c5f66"),
        stripes=accents(tokens) or (colour(tokens, "accent", "#1b1b1f"),),
        logo=ours(config, letter.logo),
        picture=ours(config, reading.lead.image),
    )


def _answer(config: Config, reading: Callable[[], rendering.Reading]) -> HttpResponse:
    try:
        cover = cover_of(reading(), config)
    except rendering.RenderError as error:
        raise Http404("there is nothing left to show") from error
    return HttpResponse(kept(config.var / "share", cover), "image/png")


def _name(image: Image.Image, cover: Cover, left: int, width: int) -> None:
    """The publication's logo and name, at the top, on the side that lines begin on."""
    logo, beside = _opened(cover.logo), 0
    if logo:
        logo.thumbnail((72, 72), Image.Resampling.LANCZOS)
        image.paste(logo, (left + width - logo.width if cover.rtl else left, 66 + (72 - logo.height) // 2), logo)
        beside = logo.width + 20
    name = typesetting.fitted(cover.name, width - beside, 50, (36, 30, 26))
    name.draw(image, (left + (0 if cover.rtl else beside), 78, width - beside), cover.ink, cover.rtl)


def _stripes(image: Image.Image, cover: Cover) -> None:
    draw, each = ImageDraw.Draw(image), WIDE / len(cover.stripes)
    for number, stripe in enumerate(cover.stripes):
        draw.rectangle((round(number * each), HIGH - 14, round((number + 1) * each), HIGH), fill=stripe)


def _opened(path: Path | None) -> Image.Image | None:
    """The picture in a file; None where there is none, or none that may be opened."""
    if path is None:
        return None
    try:
        with Image.open(path) as found:
            if found.width * found.height > MOST_PIXELS:
                return None
            return ImageOps.exif_transpose(found).convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        log.warning("%s cannot be shown in a share image: %s", path.name, error)
        return None


def _keep(file: Path, data: bytes, most: int = KEPT) -> None:
    """Put a file in its place whole, and take away those there is no room for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
    os.replace(draft, file)
    every = sorted(file.parent.glob("*.png"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in every[most:]:
        old.unlink(missing_ok=True)
