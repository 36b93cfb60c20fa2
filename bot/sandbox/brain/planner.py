"""The planner: a plan from the words of the question alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.sandbox.brain.language import intents, symbols
from bot.sandbox.brain.reading import question, task_fields
from bot.sandbox.brain.thought import Output, Say, Situation

_FOCUS = {
    "dividends": "dividends",
    "earnings": "results against expectations",
    "financials": "revenue and margins",
    "valuation": "valuation",
    "news": "recent events",
    "options": "what options imply",
    "holders": "ownership",
    "analysts": "analysts' views",
    "compare": "comparison with peers",
    "history": "price development",
}
_STANDARD = ("price development", "results", "valuation", "risks")


def think(situation: Situation) -> Sequence[Output]:
    """A Plan. Peers are the symbols that the question names; none is made up."""
    fields = task_fields(question(situation))
    symbol = fields.get("symbol", "")
    company = fields.get("company", "").strip("-\N{EN DASH} ") or symbol
    asked = fields.get("question", "")
    year = fields.get("today", "")[:4]
    focus = [_FOCUS[name] for name in intents(asked) if name in _FOCUS][:4]
    plan = {
        "symbol": symbol,
        "company": company,
        "objective": asked or f"Give a balanced overview of {company}: business, price, results, valuation and risks.",
        "queries": [f"{company} news {year}".strip()],
        "peers": [peer for peer in symbols(asked) if peer != symbol][:3],
        "focus": focus or list(_STANDARD),
    }
    return (Say(text=json.dumps(plan, ensure_ascii=False)),)
