"""Pictures that editors upload: made small enough for a mail, and written anew without what else they tell."""

from __future__ import annotations

import hashlib
import warnings
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from newsletter import links
from newsletter.config import Config
from newsletter.models import Picture

LARGEST = 20_000_000
"""Bytes of what is uploaded."""
WIDEST = 1_600
"""Pixels: twice the column of a mail, for fine screens, and some more for the web."""
MOST_PIXELS = 60_000_000
MOST_FRAMES = 150
LARGEST_MADE = 5_000_000
"""Bytes of what is shown: as much as `collect.max_image_bytes` allows a story's picture unless it is told otherwise."""
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
KINDS_IN_WORDS = "PNG, JPEG, GIF or WebP"
TOO_MANY = (
    f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels, which is too many. Save it smaller: "
    f"{WIDEST:,} pixels of width are plenty."
)


class PictureRefused(ValueError):
    """An upload that cannot be shown in a mail; the message says why, and what to do."""


def keep(file: IO[bytes], size: int, by: Any) -> Picture:
    """The picture that was uploaded, kept; the same row for the same picture. Raises PictureRefused."""
    if size > LARGEST:
        raise PictureRefused(
            f"The picture has {size / 1_000_000:.0f} MB; {LARGEST // 1_000_000} MB is the most. Save it smaller: "
            f"{WIDEST:,} pixels of width are plenty."
        )
    data, kind, (width, height) = _made(file)
    digest = hashlib.sha256(data).hexdigest()[:32]
    given = {"kind": kind, "width": width, "height": height, "data": data, "by": by if by.pk else None}
    return Picture.objects.get_or_create(digest=digest, defaults=given)[0]


def address(config: Config, picture: Picture) -> str:
    """Where mails and pages find it."""
    return links.picture(config, links.PictureName(picture.digest, picture.width, picture.height, picture.kind))


def _made(file: IO[bytes]) -> tuple[bytes, str, tuple[int, int]]:
    head = file.read(1024)
    file.seek(0)
    if b"<svg" in head.lower() or b"<?xml" in head.lower():
        raise PictureRefused(
            f"This is an SVG. It can hold scripts, and hardly any mail program shows one. Save it as {KINDS_IN_WORDS}."
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures and refuses huge ones; here the limit is our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=KINDS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise PictureRefused(TOO_MANY)
                return _encoded(image)
    except Image.DecompressionBombError as error:
        raise PictureRefused(TOO_MANY) from error
    except UnidentifiedImageError as error:
        raise PictureRefused(f"This is no picture that can be read. Save it as {KINDS_IN_WORDS}.") from error
    except PictureRefused:
        raise
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureRefused("The picture cannot be read to its end: the file is damaged. Save it anew.") from error


def _encoded(image: Image.Image) -> tuple[bytes, str, tuple[int, int]]:
    """The picture as mails show it. Place, camera and the like stay behind, for only the pixels are copied."""
    out = BytesIO()
    if image.format == "GIF" and getattr(image, "is_animated", False):
        size = _animated(image, out)
        kind = "gif"
    else:
        still = ImageOps.exif_transpose(image)
        still = _smaller(still.convert("RGBA" if still.has_transparency_data else "RGB"))
        kind, size = _still(still, image.format or "", out), still.size
    if out.tell() > LARGEST_MADE:
        raise PictureRefused(
            f"The picture comes to {out.tell() / 1_000_000:.0f} MB, and {LARGEST_MADE // 1_000_000} MB is the most "
            "that a mail should make anybody load. Save it smaller, or with fewer frames."
        )
    return out.getvalue(), kind, size


def _still(image: Image.Image, was: str, out: BytesIO) -> str:
    """Drawings as PNG, which keeps their edges; photographs as JPEG, on white where they were transparent."""
    if image.mode == "RGBA" or was in ("PNG", "GIF", "BMP"):
        image.save(out, "PNG", optimize=True)
        if image.mode == "RGBA" or out.tell() <= 1_000_000:
            return "png"
        out.seek(0)
        out.truncate()
    image.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return "jpg"


def _smaller(image: Image.Image) -> Image.Image:
    if image.width <= WIDEST:
        return image
    return image.resize((WIDEST, max(1, round(image.height * WIDEST / image.width))), Image.Resampling.LANCZOS)


def _animated(image: Image.Image, out: BytesIO) -> tuple[int, int]:
    count = getattr(image, "n_frames", 1)
    if count > MOST_FRAMES or count * image.width * image.height > MOST_PIXELS:
        raise PictureRefused(f"The animation is too long or too large: {MOST_FRAMES} frames are the most.")
    durations, frames = list[int](), list[Image.Image]()
    for frame in ImageSequence.Iterator(image):
        durations.append(int(frame.info.get("duration", 100)))
        frames.append(_smaller(frame.convert("RGBA")))
    frames[0].save(
        out, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=image.info.get("loop", 0),
        disposal=2, optimize=True,
    )  # fmt: skip
    return frames[0].size
