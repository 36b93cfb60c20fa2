"""The fundamentals specialist."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.brain.reading import question, task_fields
from bot.sandbox.brain.specialists import specialist
from bot.sandbox.brain.thought import Call, Output, Situation


def think(situation: Situation) -> Sequence[Output]:
    """Business, results, valuation and expectations."""
    symbol = task_fields(question(situation)).get("symbol", "")
    return specialist(
        situation,
        [
            Call(name="get_company_profile", arguments={"symbol": symbol}),
            Call(name="get_financials", arguments={"symbol": symbol, "statement": "income"}),
            Call(name="get_valuation", arguments={"symbol": symbol}),
            Call(name="get_earnings", arguments={"symbol": symbol}),
        ],
    )
