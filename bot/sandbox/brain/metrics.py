"""A report's key metrics: the figures that a reader looks for first, each with its own result's date and source."""

from __future__ import annotations

from typing import Any

from bot.sandbox.brain.facts import Facts
from bot.sandbox.brain.figures import amount, day, percent, price, ratio

Json = dict[str, Any]

_MOST = 8


def key_metrics(facts: Facts) -> list[Json]:
    """Up to eight metrics, of those whose figures are known."""
    quoted, history, found = facts.quote, facts.history, facts.statistics
    valued, paid = facts.of("get_valuation"), facts.of("get_dividends_and_splits")
    start = day(found.get("start_date"))
    candidates = [
        _metric("Last close", price(found.get("end_price"), None), history, money=True)
        if found.get("end_price") is not None
        else _metric("Price", price(quoted.get("price"), None), quoted, money=True),
        _metric(f"Return since {start}", percent(found.get("price_return_percent"), signed=True), history),
        _metric("Volatility a year", percent(found.get("annualised_volatility_percent")), history),
        _metric("Deepest fall", percent(found.get("max_drawdown_percent")), history),
        _metric("52-week high", price(found.get("week_52_high"), None), history, money=True),
        _metric("52-week low", price(found.get("week_52_low"), None), history, money=True),
        _metric("Market value", amount(valued.get("market_cap"), None), valued, money=True),
        _metric("Price-earnings, trailing", ratio(valued.get("trailing_pe")), valued),
        _metric("Profit margin", percent(valued.get("profit_margin_percent")), valued),
        _metric("Dividend yield", percent(paid.get("trailing_yield_percent")), paid),
    ]
    known = [metric for metric in candidates if metric["value"]]
    if len(known) > _MOST:
        known = [metric for metric in known if not metric["label"].startswith("52-week")]
    return known[:_MOST]


def _metric(label: str, value: str, result: Json, *, money: bool = False) -> Json:
    return {
        "label": label,
        "value": value,
        "as_of": str(result.get("as_of") or ""),
        "currency": result.get("currency") if money else None,
        "source": str(result.get("source") or ""),
    }
