"""The seam between the chart tool and what draws."""

from dataclasses import dataclass
from typing import Protocol

from mcp_server.market_data import Period, PriceHistory
from mcp_server.price_statistics import Window
from mcp_server.tools.results import Chart


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A drawn chart: PNG bytes, and what they show."""

    png: bytes
    chart: Chart


class Painter(Protocol):
    """Draws a window of prices; the history around it feeds the moving averages."""

    def __call__(self, history: PriceHistory, window: Window, period: Period) -> Picture:
        """Return the picture of `window`. Several threads may draw at once."""
        ...
