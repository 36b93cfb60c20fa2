"""Tool results in words: Markdown lines, with the date, the currency and the source below them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bot.sandbox.brain import company_lines, price_lines
from bot.sandbox.brain.figures import stamp
from bot.sandbox.brain.lines import Json, Lines
from bot.sandbox.brain.reading import ToolResult

_TELLERS: dict[str, Callable[[Json], Sequence[str]]] = {
    "get_quote": price_lines.quote,
    "get_price_history": price_lines.history,
    "compare_symbols": price_lines.comparison,
    "get_company_profile": company_lines.profile,
    "get_financials": company_lines.financials,
    "get_valuation": company_lines.valuation,
    "get_earnings": company_lines.earnings,
    "get_analyst_views": company_lines.analyst_views,
    "get_news": company_lines.news,
    "get_holders": company_lines.holders,
    "get_dividends_and_splits": price_lines.dividends,
    "get_options_summary": price_lines.options,
    "get_market_status": price_lines.market_status,
    "search_symbols": price_lines.matches,
    "draw_price_chart": price_lines.chart,
}


def told(result: ToolResult) -> Lines:
    """A result in words, without its date and source. Empty if the tool failed or nothing is known."""
    teller = _TELLERS.get(result.tool)
    if teller is None or result.error:
        return []
    return [line for line in teller(result.value) if line]


def told_all(results: Iterable[ToolResult]) -> Lines:
    """Results in words; below what shares a date, a currency and a source, a line that names them."""
    lines: Lines = []
    mark = ""
    for result in results:
        block = told(result)
        if not block:
            continue
        own = stamp(result.value)
        if lines and own != mark:
            lines += [*_closing(mark), ""]
        elif lines and lines[-1].startswith("|"):
            lines.append("")
        lines += block
        mark = own
    return [*lines, *_closing(mark)] if lines else []


def _closing(mark: str) -> Lines:
    return ["", f"_{mark[:1].upper()}{mark[1:]}._"] if mark else []
