#!/usr/bin/env python3
"""Render every SVG in this folder to a small PNG in ../posts/images.

Needs Pillow, and a `chromium` on the PATH. Usage:

    python draw.py            # everything
    python draw.py tea logo   # only these
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "posts" / "images"
LIMIT = 60_000
MARGIN = 200  # headless windows may be a little smaller than asked for


def size_of(svg: Path) -> tuple[int, int]:
    head = svg.read_text(encoding="utf-8")[:400]
    width = re.search(r'\bwidth="(\d+)"', head)
    height = re.search(r'\bheight="(\d+)"', head)
    if not width or not height:
        raise SystemExit(f"{svg.name}: no width and height on the <svg> element")
    return int(width[1]), int(height[1])


def screenshot(chromium: str, svg: Path, shot: Path, width: int, height: int) -> Image.Image:
    subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--default-background-color=00000000",
            f"--window-size={width + MARGIN},{height + MARGIN}",
            f"--screenshot={shot}",
            svg.as_uri(),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )
    return Image.open(shot).convert("RGBA").crop((0, 0, width, height))


def write_small(image: Image.Image, target: Path) -> int:
    """Quantise, with fewer colours each time, until the file fits."""
    opaque = image.getextrema()[3][0] == 255
    for colours in (128, 96, 64, 48, 32, 24, 16):
        if opaque:
            small = image.convert("RGB").quantize(
                colours, method=Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE
            )
        else:
            small = image.quantize(colours, method=Image.Quantize.FASTOCTREE)
        small.save(target, optimize=True)
        if target.stat().st_size < LIMIT:
            break
    else:
        raise SystemExit(f"{target.name}: still {target.stat().st_size} bytes")
    return target.stat().st_size


def main(names: list[str]) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("chromium is not on the PATH")
    TARGET.mkdir(parents=True, exist_ok=True)
    sources = sorted(HERE.glob("*.svg"))
    if names:
        sources = [svg for svg in sources if svg.stem in names]
    with tempfile.TemporaryDirectory() as folder:
        for svg in sources:
            width, height = size_of(svg)
            image = screenshot(chromium, svg, Path(folder) / f"{svg.stem}.png", width, height)
            size = write_small(image, TARGET / f"{svg.stem}.png")
            print(f"{svg.stem}.png  {width}x{height}  {size / 1000:.1f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
