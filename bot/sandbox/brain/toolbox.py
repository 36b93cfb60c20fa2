"""Which tools answer which intent."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.brain.language import period
from bot.sandbox.brain.thought import Call

_PER_SYMBOL: Mapping[str, tuple[str, ...]] = {
    "price": ("get_quote",),
    "history": ("get_price_history",),
    "dividends": ("get_dividends_and_splits",),
    "earnings": ("get_earnings",),
    "financials": ("get_financials",),
    "valuation": ("get_valuation",),
    "news": ("get_news",),
    "options": ("get_options_summary",),
    "holders": ("get_holders",),
    "analysts": ("get_analyst_views",),
    "chart": ("draw_price_chart",),
    "profile": ("get_company_profile",),
    "advice": ("get_quote", "get_price_history", "get_analyst_views"),
    "cause": ("get_price_history", "get_news"),
    "overview": ("get_quote", "get_price_history"),
}
_WITH_PERIOD = ("get_price_history", "draw_price_chart", "compare_symbols")

WITHOUT_SYMBOL = frozenset({"market", "symbol"})
"""Intents that can be answered about nothing in particular."""

MOST_CALLS = 6


def calls_for(found: list[str], symbols: list[str], text: str) -> list[Call]:
    """The calls that answer the intents for the symbols, each once and at most six."""
    window = period(text)
    calls: list[Call] = []
    if len(symbols) > 1 and (not found or set(found) & {"compare", "history", "price", "advice", "valuation", "chart"}):
        calls.append(Call(name="compare_symbols", arguments={"symbols": symbols[:5], "period": window}))
    if "market" in found:
        calls.append(Call(name="get_market_status", arguments={"symbol": symbols[0]} if symbols else {}))
    for intent in found or ["overview"]:
        for tool in _PER_SYMBOL.get(intent, ()):
            if len(symbols) > 1 and tool in ("get_quote", "get_price_history", "get_valuation"):
                continue
            several = symbols[:1] if tool == "draw_price_chart" else symbols
            calls += [Call(name=tool, arguments=_arguments(tool, symbol, window, text)) for symbol in several]
    unique: dict[str, Call] = {}
    for call in calls:
        unique.setdefault(repr((call.name, call.arguments)), call)
    return list(unique.values())[:MOST_CALLS]


def _arguments(tool: str, symbol: str, window: str, text: str) -> dict[str, object]:
    arguments: dict[str, object] = {"symbol": symbol}
    if tool in _WITH_PERIOD:
        arguments["period"] = window
    if tool == "get_financials":
        arguments |= _statement(text)
    return arguments


def _statement(text: str) -> dict[str, object]:
    lowered = text.lower()
    statement = "income"
    if "balance" in lowered or "debt" in lowered:
        statement = "balance_sheet"
    elif "cash flow" in lowered or "cashflow" in lowered:
        statement = "cash_flow"
    return {"statement": statement, "frequency": "quarterly" if "quarter" in lowered else "annual"}
