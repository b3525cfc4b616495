"""One picture for each theme and layout, its five views side by side, small enough to lie in a repository."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser

VIEWS = {"wide": 640, "phone": 375, "dark": 640, "bare": 640, "text": 640}
TITLES = {"wide": "600 px", "phone": "375 px", "dark": "Dark", "bare": "Images off", "text": "Plain text"}
HEAVIEST = 400_000
_WIDEST = 1500
_GAP, _HEAD = 28, 56
_PAPER, _INK = "#e4e6eb", "#1b1b1f"


def sheets(browser: Browser, gallery: Path, folder: Path) -> None:
    """Photograph what `newsletter preview --gallery` has written."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(gallery.glob("*-wide.html")):
        name = file.name.removesuffix("-wide.html")
        _saved(_joined({view: _view(browser, gallery / f"{name}-{view}.html", view) for view in VIEWS}), folder / name)


def _view(browser: Browser, file: Path, view: str) -> Image.Image:
    page = browser.new_page(viewport={"width": VIEWS[view], "height": 500})
    page.goto(file.as_uri(), wait_until="networkidle")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    page.close()
    return picture


def _joined(views: dict[str, Image.Image]) -> Image.Image:
    width = sum(VIEWS.values()) + _GAP * (len(VIEWS) + 1)
    sheet = Image.new("RGB", (width, _HEAD + max(one.height for one in views.values()) + _GAP), _PAPER)
    draw, left = ImageDraw.Draw(sheet), _GAP
    for view, picture in views.items():
        draw.text((left, 14), TITLES[view], _INK, ImageFont.load_default(28))
        sheet.paste(picture, (left, _HEAD))
        left += VIEWS[view] + _GAP
    return sheet


def _saved(sheet: Image.Image, file: Path) -> None:
    """The sheet in as many pixels as its weight allows; 256 colours are enough for words and flat pictures."""
    wide = _WIDEST
    while True:
        small = sheet.resize((wide, round(sheet.height * wide / sheet.width)), Image.Resampling.LANCZOS)
        small.quantize(256, dither=Image.Dither.NONE).save(file.with_suffix(".png"), optimize=True)
        if file.with_suffix(".png").stat().st_size <= HEAVIEST:
            return
        wide = wide * 9 // 10
