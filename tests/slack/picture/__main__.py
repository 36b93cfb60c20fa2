"""`uv run python -m tests.slack.picture`: what people see on Slack, from a real scene, as pages and as pictures.

The pages go to a directory of their own; the pictures, where a Chromium is on PATH, to docs/pictures/.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bot.processes import ROOT
from tests.slack.picture.scene import play
from tests.slack.picture.shots import find_browser, shoot


def main() -> None:
    """Play the scene, and keep what is seen."""
    options = argparse.ArgumentParser(prog="tests.slack.picture", description=__doc__)
    options.add_argument("--pages", type=Path, help="where the HTML pages go (a new temporary directory)")
    options.add_argument("--pictures", type=Path, default=ROOT / "docs" / "pictures", help="where the PNG images go")
    given = options.parse_args()
    pages = Path(given.pages or tempfile.mkdtemp(prefix="clew-pages-"))
    pages.mkdir(parents=True, exist_ok=True)
    browser = find_browser()
    if browser is None:
        print("No Chromium on PATH: HTML pages only.")
    with tempfile.TemporaryDirectory() as work:
        for name, html in play(Path(work), Path(work) / "bytecode"):
            page = pages / f"slack-{name}.html"
            page.write_text(html, "utf-8")
            print(page)
            if browser is not None:
                png = Path(given.pictures) / f"slack-{name}.png"
                png.parent.mkdir(parents=True, exist_ok=True)
                shoot(browser, page, png)
                print(f"{png}  {png.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
