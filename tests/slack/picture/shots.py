"""Pages as PNG images, by a headless Chromium where there is one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, TALL, TALLEST = 720, 1_500, 8_000
MARGIN = 16
COLOURS = 255


def find_browser() -> str | None:
    """A Chromium on PATH."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def shoot(browser: str, page: Path, png: Path) -> None:
    """Take a picture of a whole page, as high as what it shows."""
    with tempfile.TemporaryDirectory() as scratch:
        taken = Path(scratch) / "taken.png"
        subprocess.run(
            [
                browser,
                "--headless=new",
                # A container's root may run no sandbox of Chromium's; the page loads nothing and runs no script.
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={scratch}/profile",
                f"--window-size={WIDTH},{TALLEST}",
                f"--screenshot={taken}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        with Image.open(taken) as image:
            _folded(_shown(image.convert("RGB"))).quantize(COLOURS, dither=Image.Dither.NONE).save(png, optimize=True)


def _shown(image: Image.Image) -> Image.Image:
    """What stands above the empty rest of the window."""
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    bottom = min(image.height, (box[3] if box else image.height) + MARGIN)
    return image.crop((0, 0, image.width, bottom))


def _folded(image: Image.Image) -> Image.Image:
    """A tall one as two columns, parted where nothing stands."""
    if image.height <= TALL:
        return image
    gaps = [row for row in range(image.height) if _blank(image, row)]
    cut = min(gaps, key=lambda row: abs(row - image.height // 2), default=image.height // 2)
    both = Image.new("RGB", (2 * image.width + 1, max(cut, image.height - cut + MARGIN)), "white")
    both.paste(image.crop((0, 0, image.width, cut)), (0, 0))
    both.paste("#dddddd", (image.width, 0, image.width + 1, both.height))
    both.paste(image.crop((0, cut, image.width, image.height)), (image.width + 1, MARGIN))
    return both


def _blank(image: Image.Image, row: int) -> bool:
    return image.crop((0, row, image.width, row + 1)).getextrema() == ((255, 255),) * 3
