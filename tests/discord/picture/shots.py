"""Pictures that simcord's preview draws, by a Chromium that is there already, without the rest of its window."""

from __future__ import annotations

import importlib
import io
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from PIL import Image

from tests.discord.picture.values import Seen
from tests.discord.picture.world import Pictured
from tests.discord.shapes import moment_of

WIDTH, TALLEST, TALL = 760, 8_000, 1_800
MARGIN = 24
COLOURS = 128


async def shoot(seen: Seen, png: Path, *, width: int = WIDTH) -> None:
    """Draw a place as its viewer sees it, to its whole height."""
    bot = discord.Client(intents=discord.Intents.default())
    async with simcord.run(bot) as env:
        pictured = Pictured(env, seen)
        now = datetime.fromisoformat(moment_of(seen.messages[-1].id)) + timedelta(minutes=1)
        async with env.preview(
            pictured.channel,
            viewers=[pictured.viewer],
            layout="channel",
            display="fixed",
            width=width,
            height=TALLEST,
            presentation_time=now,
        ) as preview:
            shot = await preview.screenshot(mode="viewport")
    if shot.geometry["overflow"]["vertical"] or shot.png is None:
        raise ValueError(f"{seen.name} is higher than {TALLEST}.")
    with Image.open(io.BytesIO(shot.png)) as taken:
        image = _folded(_without_rest(taken.convert("RGB")))
        image.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE).save(png, optimize=True)


@contextmanager
def chromium(path: str) -> Generator[None]:
    """Let Playwright start this browser, for as long as the block lasts, instead of one that it would download."""
    playwright: Any = importlib.import_module("playwright.async_api")
    launch = playwright.BrowserType.launch

    async def given(kind: Any, **options: Any) -> Any:
        # A container's root may run no sandbox of Chromium's; the page comes from this process, and asks nobody else.
        return await launch(kind, **options | {"executable_path": path, "args": ["--no-sandbox"]})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playwright.BrowserType, "launch", given)
        yield


def _without_rest(image: Image.Image) -> Image.Image:
    """Without most of the longest stretch in which nothing stands, which is below the last message."""
    start, length = max(_stretches(image), key=lambda stretch: stretch[1])
    cut = max(0, length - MARGIN)
    shown = Image.new("RGB", (image.width, image.height - cut))
    shown.paste(image.crop((0, 0, image.width, start + length - cut)), (0, 0))
    shown.paste(image.crop((0, start + length, image.width, image.height)), (0, start + length - cut))
    return shown


def _folded(image: Image.Image) -> Image.Image:
    """A tall one as columns, parted where nothing stands."""
    count = -(-image.height // TALL)
    middles = [start + length // 2 for start, length in _stretches(image)]
    ideal = [image.height * number // count for number in range(1, count)]
    cuts = sorted({0, *(min(middles, key=lambda row, at=at: abs(row - at)) for at in ideal), image.height})
    tallest = max(end - start for start, end in pairwise(cuts))
    shown = Image.new("RGB", ((len(cuts) - 1) * image.width, tallest), image.getpixel((0, cuts[-2])))
    for number, (start, end) in enumerate(pairwise(cuts)):
        shown.paste(image.crop((0, start, image.width, end)), (number * image.width, 0))
    return shown


def _stretches(image: Image.Image) -> Iterable[tuple[int, int]]:
    """Where rows begin in which nothing stands, and how many there are."""
    rows = [image.crop((0, row, image.width, row + 1)).getextrema() for row in range(image.height)]
    for (plain, _), group in groupby(range(image.height), key=lambda row: (_plain(rows[row]), rows[row])):
        found = list(group)
        if plain:
            yield found[0], len(found)


def _plain(extremes: Any) -> bool:
    return all(low == high for low, high in extremes)
