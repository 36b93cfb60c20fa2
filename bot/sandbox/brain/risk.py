"""The risk specialist."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.brain.reading import question, task_fields
from bot.sandbox.brain.specialists import peers_of, specialist
from bot.sandbox.brain.thought import Call, Output, Situation


def think(situation: Situation) -> Sequence[Output]:
    """Falls and volatility over two years, events, options, and how far opinions diverge."""
    symbol = task_fields(question(situation)).get("symbol", "")
    peers = peers_of(situation)
    calls = [
        Call(name="get_price_history", arguments={"symbol": symbol, "period": "2y"}),
        Call(name="get_news", arguments={"symbol": symbol}),
        Call(name="get_options_summary", arguments={"symbol": symbol}),
        Call(name="get_analyst_views", arguments={"symbol": symbol}),
        Call(name="get_holders", arguments={"symbol": symbol}),
    ]
    if peers:
        calls.append(Call(name="compare_symbols", arguments={"symbols": [symbol, *peers], "period": "2y"}))
    return specialist(situation, calls)
