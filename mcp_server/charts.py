"""Draws a price chart as PNG with matplotlib's Agg canvas. No pyplot: it keeps global state and is not thread-safe."""

import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, cast

from matplotlib import dates as mdates
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mcp_server import price_statistics
from mcp_server.market_data import Bar, Interval, Period, PriceHistory
from mcp_server.price_statistics import Window
from mcp_server.tools.painter import Picture
from mcp_server.tools.results import Chart

WIDTH, HEIGHT, DPI = 1200, 675, 100

_Axes = Any
"""matplotlib's Axes, whose own types know neither keyword arguments nor dates on an axis."""

_INK, _SOFT, _GRID = "#1b1f24", "#6a737d", "#e4e7eb"
_PRICE, _FAST, _SLOW = "#1f5fbf", "#e07b00", "#8a4fbf"
_UP, _DOWN, _NOTE = "#2e9e6b", "#c8453b", "#9a4a00"
_TICKS = ["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%S"]
_DAILY_VOLUME, _WEEKLY_VOLUME = 400, 2_000
"""Windows up to so many days show volume per day, or per week."""

_PERIODS: dict[Period, str] = {
    "5d": "5 days", "1mo": "1 month", "3mo": "3 months", "6mo": "6 months", "ytd": "year to date", "1y": "1 year",
    "2y": "2 years", "5y": "5 years", "10y": "10 years", "max": "all known prices",
}  # fmt: skip


def paint(history: PriceHistory, window: Window, period: Period) -> Picture:
    """Draw the closes of `window` with averages and volume. Several threads may draw at once."""
    statistics = price_statistics.describe(history.bars, window)
    title = _title(history, period)
    last = window.bars[-1]
    png = _draw(history, window, title, _subtitle(history, statistics.end_price, statistics.price_return_percent, last))
    return Picture(
        png=png,
        chart=Chart(
            as_of=history.as_of,
            currency=history.currency,
            source=history.source,
            delayed=history.delayed,
            note=history.note,
            symbol=history.symbol,
            title=title,
            alt_text=_alt_text(history, window, statistics),
            period=period,
            first_date=window.start.date,
            last_date=last.date,
            width=WIDTH,
            height=HEIGHT,
            mime_type="image/png",
        ),
    )


def _draw(history: PriceHistory, window: Window, title: str, subtitle: str) -> bytes:
    figure = cast("Any", Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white"))
    FigureCanvasAgg(figure)
    prices, volumes = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [4, 1], "hspace": 0.06, "left": 0.045, "right": 0.925,
                                        "top": 0.815, "bottom": 0.135}
    )  # fmt: skip
    # With the bar before the window: the line then starts at the price that the return is measured from.
    bars = window.measured
    days = [date.fromisoformat(bar.date) for bar in bars]
    _draw_prices(prices, history, bars, days)
    _draw_volumes(volumes, bars, days)
    figure.text(0.045, 0.945, title, fontsize=17, fontweight="bold", color=_INK, va="center")
    figure.text(0.045, 0.893, subtitle, fontsize=11.5, color=_SOFT, va="center")
    figure.text(0.045, 0.053, _footer(history), fontsize=9, color=_SOFT, va="center")
    if history.note:
        figure.text(0.045, 0.023, history.note, fontsize=9, color=_NOTE, va="center")
    figure.text(0.925, 0.053, "Not investment advice", fontsize=9, color=_SOFT, va="center", ha="right")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Title": title, "Software": None})
    return buffer.getvalue()


def _draw_prices(axes: _Axes, history: PriceHistory, bars: Sequence[Bar], days: Sequence[date]) -> None:
    offset = next(i for i, bar in enumerate(history.bars) if bar.date == bars[0].date)
    shown = slice(offset, offset + len(bars))
    closes = [_or_nan(bar.close) for bar in bars]
    known = [close for close in closes if close == close]  # noqa: PLR0124 - NaN alone differs from itself
    low, high = min(known), max(known)
    margin = (high - low) * 0.08 or high * 0.02
    axes.plot(days, closes, color=_PRICE, linewidth=1.9, label="Close", zorder=4, solid_capstyle="round")
    if len(days) > 30:
        for sessions, colour in ((50, _FAST), (200, _SLOW)):
            means = [_or_nan(mean) for mean in price_statistics.moving_average(history.bars, sessions)[shown]]
            visible = [mean for mean in means if mean == mean]  # noqa: PLR0124
            if visible:
                axes.plot(days, means, color=colour, linewidth=1.3, label=f"{sessions}-day average", zorder=3)
                low, high = min(low, *visible), max(high, *visible)
    floor = max(low - margin, 0.0)
    axes.fill_between(days, closes, floor, color=_PRICE, alpha=0.08, linewidth=0, zorder=1)
    axes.set_ylim(floor, high + margin)
    axes.annotate(
        f" {closes[-1]:,.2f} ", (1.0, closes[-1]), xycoords=("axes fraction", "data"), fontsize=9.5, color="white",
        va="center", ha="left", zorder=6,
        bbox={"boxstyle": "square,pad=0.25", "facecolor": _PRICE, "edgecolor": "none"},
    )  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, min_n_ticks=4))
    decimals = 2 if high < 10 else 0
    axes.yaxis.set_major_formatter(_labelled(lambda value: f"{value:,.{decimals}f}"))
    _finish(axes)
    axes.tick_params(labelbottom=False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.008, 1.0), fontsize=9.5, frameon=False, labelcolor=_INK, ncols=3,
        handlelength=1.6, columnspacing=1.6,
    )  # fmt: skip


def _draw_volumes(axes: _Axes, bars: Sequence[Bar], days: Sequence[date]) -> None:
    span = max((days[-1] - days[0]).days, 1)
    interval, width, label = _volume_bars(span)
    grouped = price_statistics.resample(bars, interval)
    colours = [_UP if (bar.close or 0) >= (bar.open or 0) else _DOWN for bar in grouped]
    ends = [date.fromisoformat(bar.date) for bar in grouped]
    axes.bar(ends, [bar.volume or 0 for bar in grouped], width=width, color=colours, alpha=0.65, linewidth=0, zorder=2)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=2, min_n_ticks=1))
    axes.yaxis.set_major_formatter(_labelled(_short))
    _finish(axes)
    axes.text(0.004, 0.97, label, transform=axes.transAxes, fontsize=9, color=_SOFT, va="top", zorder=5)
    edge = max(span * 0.008, 0.7)
    left, right = (_number_of(day) for day in (days[0], days[-1]))
    axes.set_xlim(left - edge, right + edge)
    locator = mdates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        mdates.ConciseDateFormatter(locator, formats=_TICKS, zero_formats=_TICKS, show_offset=False)
    )


def _volume_bars(span: int) -> tuple[Interval, float, str]:
    """Choose bars wide enough to be seen, by the window's length in days: interval, width in days, label."""
    if span <= _DAILY_VOLUME:
        return "1d", 0.8, "Volume per day"
    if span <= _WEEKLY_VOLUME:
        return "1wk", 5.0, "Volume per week"
    return "1mo", 22.0, "Volume per month"


def _labelled(label: Callable[[float], str]) -> FuncFormatter:
    def with_position(value: float, _: int | None) -> str:
        return label(value)

    return FuncFormatter(with_position)


def _number_of(day: date) -> float:
    return cast("float", cast("Any", mdates).date2num(day))


def _finish(axes: _Axes) -> None:
    axes.set_facecolor("white")
    axes.grid(visible=True, axis="y", color=_GRID, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.yaxis.tick_right()
    axes.tick_params(colors=_SOFT, labelsize=9.5, length=0)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)


def _title(history: PriceHistory, period: Period) -> str:
    name = f"{history.name} ({history.symbol})" if history.name and history.name != history.symbol else history.symbol
    return f"{name}, {_PERIODS[period]}"


def _subtitle(history: PriceHistory, price: float | None, change: float | None, last: Bar) -> str:
    amount = "no close" if price is None else f"{price:,.2f}"
    moved = "" if change is None else f"   {change:+.1f} % over the period, dividends not counted"
    return f"{amount} {history.currency or ''} at the close of {last.date}{moved}"


def _footer(history: PriceHistory) -> str:
    parts = [f"Source: {history.source}", f"as of {history.as_of}", "prices adjusted for splits"]
    return "  ·  ".join(parts)


def _alt_text(history: PriceHistory, window: Window, statistics: price_statistics.PriceStatistics) -> str:
    unit = f" {history.currency}" if history.currency else ""
    name = history.name or history.symbol
    sentences = [
        f"Line chart of {name} ({history.symbol}) from {window.start.date} to {window.bars[-1].date}.",
        f"It starts at {_price(statistics.start_price)}{unit} and ends at {_price(statistics.end_price)}{unit}.",
        f"The highest price is {_price(statistics.high)}{unit} on {statistics.high_date}.",
        f"The lowest is {_price(statistics.low)}{unit} on {statistics.low_date}.",
    ]
    return " ".join(sentences)


def _price(value: float | None) -> str:
    return "an unknown price" if value is None else f"{value:,.2f}"


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _short(value: float) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
