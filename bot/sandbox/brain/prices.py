"""The prices specialist."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.brain.language import period
from bot.sandbox.brain.reading import question, task_fields
from bot.sandbox.brain.specialists import peers_of, specialist
from bot.sandbox.brain.thought import Call, Output, Situation


def think(situation: Situation) -> Sequence[Output]:
    """Price, development, peers and chart."""
    fields = task_fields(question(situation))
    symbol = fields.get("symbol", "")
    window = period(fields.get("objective", ""))
    peers = peers_of(situation)
    calls = [
        Call(name="get_quote", arguments={"symbol": symbol}),
        Call(name="get_price_history", arguments={"symbol": symbol, "period": window}),
        Call(name="get_dividends_and_splits", arguments={"symbol": symbol}),
        Call(name="draw_price_chart", arguments={"symbol": symbol, "period": window}),
    ]
    if peers:
        calls.append(Call(name="compare_symbols", arguments={"symbols": [symbol, *peers], "period": window}))
    return specialist(situation, calls)
