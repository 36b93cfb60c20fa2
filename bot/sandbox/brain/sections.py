"""A report's sections: each is there if there is something to say in it."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.brain.facts import Facts
from bot.sandbox.brain.figures import day, percent, price, stamp
from bot.sandbox.brain.lines import fact, statistics
from bot.sandbox.brain.reading import ToolResult
from bot.sandbox.brain.telling import told_all
from bot.sandbox.brain.wording import drawdown_in_words, trend_in_words, volatility_in_words

_TOOLS_OF: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Business", ("get_company_profile",)),
    ("Results", ("get_financials",)),
    ("Valuation", ("get_valuation",)),
    ("Expectations", ("get_earnings", "get_analyst_views")),
    ("Comparison", ("compare_symbols",)),
    ("Dividends and splits", ("get_dividends_and_splits",)),
    ("Ownership", ("get_holders",)),
    ("Options", ("get_options_summary",)),
    ("News", ("get_news",)),
)


def sections(facts: Facts) -> list[dict[str, str]]:
    """Price and risk first, then what else the tools gave."""
    own: list[tuple[str, Callable[[Facts], list[str]]]] = [("Price", _price), ("Risk", _risk)]
    written = [(title, write(facts)) for title, write in own]
    for title, tools in _TOOLS_OF:
        written.append((title, told_all(result for tool in tools for result in _distinct(facts, tool))))
    return [{"title": title, "body": "\n".join(lines).strip()} for title, lines in written if lines]


def _distinct(facts: Facts, tool: str) -> list[ToolResult]:
    """A tool's results, the same arguments once; of comparisons the first, since it has the report's window."""
    found = {repr(sorted(result.arguments.items())): result for result in facts.all_of(tool)}
    return list(found.values())[: 1 if tool == "compare_symbols" else 3]


def _price(facts: Facts) -> list[str]:
    value, found, quoted = facts.history, facts.statistics, facts.quote
    if not found:
        return told_all([ToolResult(tool="get_quote", value=quoted)]) if quoted else []
    currency = value.get("currency")
    start, end = day(found.get("start_date")), day(value.get("last_date"))
    short, long = found.get("sma_50"), found.get("sma_200")
    trend = trend_in_words(found.get("end_price"), short, long)
    low, high = price(found.get("week_52_low"), None), price(found.get("week_52_high"), currency)
    change = percent(quoted.get("change_percent"), signed=True)
    lines = [
        fact(
            f"From {start} to {end}",
            f"{price(found.get('start_price'), None)} to {price(found.get('end_price'), currency)}, "
            f"{percent(found.get('price_return_percent'), signed=True)}",
        ),
        fact("With dividends reinvested", percent(found.get("total_return_percent"), signed=True)),
        fact("Last day", f"{change}, {day(quoted.get('as_of'))}" if change else ""),
        fact("Trend", f"{trend}, which are at {price(short, None)} and {price(long, currency)}" if trend else ""),
        fact("52-week range", f"{low} to {high}" if low and high else ""),
        fact("High of the window", _on(price(found.get("high"), currency), found.get("high_date"))),
        fact("Low of the window", _on(price(found.get("low"), currency), found.get("low_date"))),
        f"\n_{_capital(stamp(value))}._",
    ]
    return [line for line in lines if line]


def _risk(facts: Facts) -> list[str]:
    value = facts.long_history
    found = statistics(value)
    volatility, fall = found.get("annualised_volatility_percent"), found.get("max_drawdown_percent")
    if not percent(volatility) and not percent(fall):
        return []
    start, end = day(found.get("start_date")), day(value.get("last_date"))
    peak, trough = day(found.get("max_drawdown_peak_date")), day(found.get("max_drawdown_trough_date"))
    lines = [f"Over the window from {start} to {end}:"]
    if percent(volatility):
        lines.append(
            fact(
                "Volatility", f"{percent(volatility)} a year, {volatility_in_words(volatility)}: rises and falls alike"
            )
        )
    if percent(fall) and peak and trough:
        lines.append(
            fact(
                "Deepest fall",
                f"{percent(fall)}, {drawdown_in_words(fall)}. The peak was on {peak}, the low on {trough}",
            )
        )
    lines.append(f"\n_{_capital(stamp(value))}._")
    return lines


def _on(figure: str, date: object) -> str:
    return f"{figure} on {day(date)}" if figure and day(date) else figure


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
