"""The writer: a report from the recorded tool results. Every figure in it stands in one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from bot.sandbox.brain.facts import Facts
from bot.sandbox.brain.figures import amount, day, percent, price
from bot.sandbox.brain.metrics import key_metrics
from bot.sandbox.brain.reading import evidence, question, section, task_fields
from bot.sandbox.brain.sections import sections
from bot.sandbox.brain.thought import Output, Say, Situation
from bot.sandbox.brain.wording import (
    NO_MODEL,
    drawdown_in_words,
    folded,
    listed,
    notes,
    sentences,
    trend_in_words,
    volatility_in_words,
)

_EXPECTED = {
    "get_price_history": "price development",
    "get_company_profile": "company profile",
    "get_financials": "statements",
    "get_valuation": "valuation",
    "get_earnings": "earnings",
    "get_news": "news",
}
_GAP = re.compile(r"^(?:Not available: (?P<what>.+)|(?P<whole>Not found: .+))$", re.MULTILINE)
_PEERS = ("MSFT", "IBM")
_SAMPLE = "Historical sample"
_SAMPLES = {"2013-03-01": ("MSFT", "IBM", "GOOG", "FB")}
"""Symbols of the packaged prices, by the day they end on, where there are several."""
_LONGEST_BUTTON = 70
_MOST_GAPS = 8


def think(situation: Situation) -> Sequence[Output]:
    """A Report."""
    task = question(situation)
    fields = task_fields(task)
    symbol = fields.get("symbol", "")
    facts = Facts(symbol=symbol, company=fields.get("company") or symbol, results=evidence(task))
    report = {
        "headline": _headline(facts),
        "summary": _summary(facts),
        "sections": sections(facts),
        "key_metrics": key_metrics(facts),
        "follow_ups": _follow_ups(facts),
        "gaps": _gaps(facts, section(task, "Findings")),
    }
    return (Say(text=json.dumps(report, ensure_ascii=False)),)


def _headline(facts: Facts) -> str:
    name = facts.company if facts.company == facts.symbol else f"{facts.company} ({facts.symbol})"
    found, history = facts.statistics, facts.history
    change = percent(found.get("price_return_percent"), signed=True)
    last = price(found.get("end_price"), history.get("currency")) or price(
        facts.quote.get("price"), facts.quote.get("currency")
    )
    if change and last:
        start, end = day(found.get("start_date")), day(history.get("last_date"))
        return f"{name}: {change} from {start} to {end}, last close {last}"
    if last:
        return f"{name}: {last} as of {day(facts.quote.get('as_of'))}"
    return f"{name}: what is known without price data" if facts.results else f"{name}: no data was found"


def _summary(facts: Facts) -> str:
    paragraphs = [" ".join(notes(facts.results))]
    paragraphs.append(" ".join(part for part in (_performance(facts), _trend(facts), _risk(facts)) if part))
    paragraphs.append(_company(facts))
    if not facts.results:
        paragraphs.append("No tool gave a result, so there is nothing to report on.")
    return "\n\n".join([*(paragraph for paragraph in paragraphs if paragraph), NO_MODEL])


def _performance(facts: Facts) -> str:
    found, value = facts.statistics, facts.history
    change = percent(found.get("price_return_percent"), signed=True)
    if not change:
        last = price(facts.quote.get("price"), facts.quote.get("currency"))
        return f"{facts.symbol} stood at {last} on {day(facts.quote.get('as_of'))}." if last else ""
    start, end = day(found.get("start_date")), day(value.get("last_date"))
    total = percent(found.get("total_return_percent"), signed=True)
    with_dividends = f", {total} with dividends reinvested" if total else ""
    last = price(found.get("end_price"), value.get("currency"))
    return f"**{facts.symbol} returned {change} from {start} to {end}**{with_dividends}, and closed at {last}."


def _trend(facts: Facts) -> str:
    found, quoted = facts.statistics, facts.quote
    short, long = found.get("sma_50") or quoted.get("sma_50"), found.get("sma_200") or quoted.get("sma_200")
    words = trend_in_words(found.get("end_price") or quoted.get("price"), short, long)
    return f"That is {words} ({price(short, None)} and {price(long, None)})." if words else ""


def _risk(facts: Facts) -> str:
    found = facts.statistics
    volatility = percent(found.get("annualised_volatility_percent"))
    fall = percent(found.get("max_drawdown_percent"))
    peak, trough = day(found.get("max_drawdown_peak_date")), day(found.get("max_drawdown_trough_date"))
    parts: list[str] = []
    if volatility:
        word = volatility_in_words(found.get("annualised_volatility_percent"))
        parts.append(f"volatility was {volatility} a year, {word}")
    if fall and peak and trough:
        word = drawdown_in_words(found.get("max_drawdown_percent"))
        parts.append(f"the deepest fall was {fall}, {word}, from {peak} to {trough}")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def _company(facts: Facts) -> str:
    profile, valued = facts.of("get_company_profile"), facts.of("get_valuation")
    industry, country = str(profile.get("industry") or profile.get("sector") or ""), profile.get("country")
    said = ""
    if industry:
        seat = f" ({country})" if country else ""
        said = f"{profile.get('name') or facts.company}{seat} is listed under {industry.partition(',')[0]}."
    worth = amount(valued.get("market_cap") or facts.quote.get("market_cap"), facts.quote.get("currency"))
    return " ".join(part for part in (said, f"The market values it at {worth}." if worth else "") if part)


def _follow_ups(facts: Facts) -> list[str]:
    had = {result.tool for result in facts.results if result.value}
    symbol, peer = facts.symbol, _peer(facts)
    wishes = [
        ("get_price_history" in had, f"How did {symbol} do over five years?"),
        ("get_financials" in had, f"How did {symbol}'s margins develop by quarter?"),
        ("get_dividends_and_splits" in had, f"What dividends has {symbol} paid?"),
        ("get_earnings" in had, f"When does {symbol} report next?"),
        (bool(peer) and "get_price_history" in had and "compare_symbols" not in had, f"Compare {symbol} with {peer}"),
        (bool(facts.statistics), "What does drawdown mean?"),
        ("get_price_history" in had, f"Show a chart of {symbol} over two years"),
        ("get_company_profile" in had, f"What does {symbol} do?"),
        (True, f"Is the market of {symbol} open now?"),
    ]
    return [text for due, text in wishes if due and len(text) <= _LONGEST_BUTTON][:3]


def _peer(facts: Facts) -> str:
    """A company to compare with, in a historical sample one whose prices end on the same day; "" if there is none."""
    sampled = _SAMPLE in str(facts.history.get("note") or "")
    peers = _SAMPLES.get(day(facts.history.get("last_date")), ()) if sampled else _PEERS
    return next((peer for peer in peers if peer != facts.symbol), "")


def _gaps(facts: Facts, findings: str) -> list[str]:
    """What the specialists could not get, in their words, and what nobody asked for or got."""
    told = [sentence for match in _GAP.finditer(findings) for sentence in sentences(match["what"] or match["whole"])]
    had = {result.tool for result in facts.results if result.value}
    absent = [name for tool, name in _EXPECTED.items() if tool not in had]
    if absent and not told:
        told.append(f"No tool result covers: {listed(absent)}.")
    return folded(told)[:_MOST_GAPS]
