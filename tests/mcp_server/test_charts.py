"""The chart: a picture of the stated size, words that match it, and several threads that draw at once."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mcp import types
from mcp.server.mcpserver import MCPServer
from PIL import Image

from mcp_server import price_statistics
from mcp_server.charts import paint
from mcp_server.market_data import Bar, MarketData, Period, PriceHistory
from mcp_server.tools.painter import Picture
from tests.mcp_server.calling import call, structured


def picture_of(history: PriceHistory, period: Period) -> Picture:
    return paint(history, price_statistics.cut(history.bars, period), period)


def opened(png: bytes) -> Image.Image:
    """The decoded picture; raises for what is no PNG, or a damaged one."""
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


async def test_the_tool_returns_the_picture_and_the_same_in_words(server: MCPServer[Any]) -> None:
    result = await call(server, "draw_price_chart", symbol="AAPL", period="1y")

    said = structured(result)
    pictures = [block for block in result.content if isinstance(block, types.ImageContent)]
    assert len(pictures) == 1
    assert pictures[0].mime_type == said["mime_type"] == "image/png"
    image = opened(base64.b64decode(pictures[0].data))
    assert image.format == "PNG"
    assert image.size == (said["width"], said["height"])
    assert said["title"] == "Apple Inc. (AAPL), 1 year"
    assert "from 2023-12-29 to 2024-12-30" in said["alt_text"]
    assert "ends at 252.20 USD" in said["alt_text"]


@pytest.mark.parametrize("period", ["5d", "ytd", "max"])
def test_every_length_of_window_can_be_drawn(sample: MarketData, period: Period) -> None:
    picture = picture_of(sample.history("IBM", period="max"), period)

    image = opened(picture.png)
    assert image.size == (1200, 675)
    colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
    assert colours is not None
    assert len(colours) > 50, "something is drawn"


@pytest.mark.campaign
def test_threads_that_draw_at_once_draw_what_they_would_alone(sample: MarketData) -> None:
    wanted: list[tuple[str, Period]] = [("AAPL", "6mo"), ("IBM", "5d"), ("GOOG", "1mo")]
    histories = {symbol: sample.history(symbol, period="max") for symbol, _ in wanted}
    alone = [picture_of(histories[symbol], period).png for symbol, period in wanted]

    with ThreadPoolExecutor(max_workers=4) as pool:
        drawing = [pool.submit(picture_of, histories[symbol], period) for symbol, period in wanted]
        together = [future.result(timeout=60).png for future in drawing]

    assert together == alone


def test_a_chart_of_one_day_and_of_missing_prices_can_be_drawn() -> None:
    def bar(day: str, close: float | None) -> Bar:
        return Bar(date=day, open=close, high=close, low=close, close=close, adj_close=close, volume=None)

    stamp: dict[str, Any] = {"as_of": "2024-01-05", "currency": None, "source": "s", "delayed": True, "symbol": "X"}
    one = PriceHistory(**stamp, bars=[bar("2024-01-05", 0.5)])
    gaps = PriceHistory(**stamp, bars=[bar("2024-01-03", 2.0), bar("2024-01-04", None), bar("2024-01-05", 2.0)])

    assert opened(picture_of(one, "5d").png).size == (1200, 675)
    assert opened(picture_of(gaps, "5d").png).size == (1200, 675)
