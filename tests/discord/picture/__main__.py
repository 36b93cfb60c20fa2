"""`uv run --with "simcord[screenshot]==3.2.1" python -m tests.discord.picture`: what people see on Discord.

It comes from a real scene, drawn by simcord's preview and a Chromium on PATH, and goes to docs/pictures/.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bot.processes import ROOT
from tests.discord.picture.scene import play
from tests.discord.picture.shots import WIDTH, chromium, shoot

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_NEEDED = ("playwright", "linkify_it", "regex")
"""Some of what simcord's preview imports, and simcord alone does not."""


def main() -> None:
    """Play the scene, and keep what is seen."""
    options = argparse.ArgumentParser(prog="tests.discord.picture", description=__doc__)
    options.add_argument("--pictures", type=Path, default=ROOT / "docs" / "pictures", help="where the PNG images go")
    options.add_argument("--width", type=int, default=WIDTH, help=f"of the window ({WIDTH}); a phone's is 375")
    given = options.parse_args()
    if not all(importlib.util.find_spec(name) for name in _NEEDED):
        sys.exit(
            'simcord\'s preview is missing: uv run --with "simcord[screenshot]==3.2.1" python -m tests.discord.picture'
        )
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("No Chromium on PATH.")
    pictures = Path(given.pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, chromium(browser):
        for seen in play(Path(work), Path(work) / "bytecode"):
            png = pictures / f"discord-{seen.name}.png"
            asyncio.run(shoot(seen, png, width=given.width))
            print(f"{png}  {png.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
