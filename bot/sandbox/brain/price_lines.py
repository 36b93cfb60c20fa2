"""Results about prices and markets in words. Missing figures are passed over."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.brain.figures import amount, count, day, percent, price, ratio
from bot.sandbox.brain.lines import Json, Lines, fact, items, on_day, statistics, with_change
from bot.sandbox.brain.wording import drawdown_in_words, trend_in_words, volatility_in_words

Column = tuple[str, Callable[[Json], str]]


def quote(value: Json) -> Lines:
    """The price and the day around it."""
    currency = value.get("currency")
    low, high = price(value.get("week_52_low"), None), price(value.get("week_52_high"), currency)
    change = percent(value.get("change_percent"), signed=True)
    trend = trend_in_words(value.get("price"), value.get("sma_50"), value.get("sma_200"))
    return [
        fact(
            f"{value.get('symbol', 'Price')} price",
            with_change(price(value.get("price"), currency), f"{change} on the day" if change else ""),
        ),
        fact("52-week range", f"{low} to {high}" if low and high else ""),
        fact("Trend", f"the price is {trend}" if trend else ""),
        fact("Volume", f"{count(value.get('volume'))} shares" if value.get("volume") else ""),
        fact("Market value", amount(value.get("market_cap"), currency)),
    ]


def history(value: Json) -> Lines:
    """How a price developed."""
    found, currency = statistics(value), value.get("currency")
    start, end = day(found.get("start_date")), day(value.get("last_date"))
    total = percent(found.get("total_return_percent"), signed=True)
    change = percent(found.get("price_return_percent"), signed=True)
    volatility = percent(found.get("annualised_volatility_percent"))
    fall = percent(found.get("max_drawdown_percent"))
    peak, trough = day(found.get("max_drawdown_peak_date")), day(found.get("max_drawdown_trough_date"))
    return [
        fact(
            f"{value.get('symbol', '')} from {start} to {end}".strip(),
            with_change(change, f"{total} with dividends reinvested" if total else ""),
        ),
        fact(
            "Start and end",
            f"{price(found.get('start_price'), None)} to {price(found.get('end_price'), currency)}"
            if found.get("start_price") and found.get("end_price")
            else "",
        ),
        fact("Volatility", f"{volatility} a year, {volatility_in_words(found.get('annualised_volatility_percent'))}")
        if volatility
        else "",
        fact(
            "Deepest fall",
            f"{fall}, from {peak} to {trough}, {drawdown_in_words(found.get('max_drawdown_percent'))}"
            if peak and trough
            else fall,
        ),
        fact("High", on_day(price(found.get("high"), currency), found.get("high_date"))),
        fact("Low", on_day(price(found.get("low"), currency), found.get("low_date"))),
    ]


def comparison(value: Json) -> Lines:
    """Symbols side by side, as a table of what is known of any of them."""
    rows = items(value.get("rows"))
    first, last = day(value.get("first_date")), day(value.get("last_date"))
    shared = bool(first and last)
    over_window: list[Column] = [
        ("Return", lambda row: percent(row.get("price_return_percent"), signed=True)),
        ("With dividends", lambda row: percent(row.get("total_return_percent"), signed=True)),
        ("Volatility", lambda row: percent(row.get("annualised_volatility_percent"))),
        ("Deepest fall", lambda row: percent(row.get("max_drawdown_percent"))),
    ]
    one_day = shared and len({day(row.get("as_of")) for row in rows}) == 1
    own_day: list[Column] = [("As of", lambda row: day(row.get("as_of")))]
    columns: list[Column] = [
        ("Price", lambda row: price(row.get("price"), row.get("currency"))),
        # In one table, returns over different windows would be compared.
        *([] if one_day else own_day),
        *(over_window if shared else []),
        ("Market value", lambda row: amount(row.get("market_cap"), row.get("currency"))),
        ("P/E", lambda row: ratio(row.get("trailing_pe"))),
        ("Profit margin", lambda row: percent(row.get("profit_margin_percent"))),
    ]
    shown = [(name, cell) for name, cell in columns if any(cell(row) for row in rows)]
    if not shown:
        return []
    return [
        f"**Comparison from {first} to {last}**\n" if shared else "**Side by side, each on its own day**\n",
        "| Symbol | " + " | ".join(name for name, _ in shown) + " |",
        "|---" * (len(shown) + 1) + "|",
        *(
            f"| {row.get('symbol', '')} | " + " | ".join(cell(row) or "not known" for _, cell in shown) + " |"
            for row in rows
        ),
    ]


def dividends(value: Json) -> Lines:
    """What a share paid, and how it was divided."""
    currency = value.get("currency")
    paid = items(value.get("dividends"))
    lines = [
        fact("Dividends of the last twelve months, per share", price(value.get("trailing_12m_dividend"), currency)),
        fact("Yield on the last close", percent(value.get("trailing_yield_percent"))),
    ]
    lines += [fact(f"Ex-dividend {day(item.get('date'))}", price(item.get("amount"), currency)) for item in paid[:4]]
    lines += [
        fact(f"Split {day(item.get('date'))}", f"{ratio(item.get('ratio'))} new shares for each old one")
        for item in items(value.get("splits"))[:3]
    ]
    return lines if any(lines) and (paid or value.get("splits")) else ["- No dividends or splits are recorded."]


def options(value: Json) -> Lines:
    """What the options of one expiration say."""
    return [
        fact("Expiration", day(value.get("expiration"))),
        fact("Implied volatility at the money", percent(value.get("at_the_money_implied_volatility_percent"))),
        fact("Puts for each call, by volume", ratio(value.get("put_call_volume_ratio"))),
        fact("Puts for each call, by open interest", ratio(value.get("put_call_open_interest_ratio"))),
    ]


def chart(value: Json) -> Lines:
    """A picture, in words."""
    return [fact("Chart", str(value.get("alt_text") or value.get("title") or ""))]


def market_status(value: Json) -> Lines:
    """Whether an exchange is open."""
    is_open = value.get("is_open")
    state = "open" if is_open else f"closed ({value.get('reason') or 'no session'})"
    opens = str(value.get("next_open") or "").replace("T", " ")
    return [
        fact(str(value.get("exchange") or "Exchange"), state if isinstance(is_open, bool) else ""),
        fact(
            "Closes" if is_open else "Opens next",
            str(value.get("closes_at") or "").replace("T", " ") if is_open else opens,
        ),
        fact("Last session", day(value.get("last_session"))),
    ]


def matches(value: Json) -> Lines:
    """Symbols that a search found."""
    found = [
        f"- **{item.get('symbol', '')}**: {item.get('name', '')}"
        + (f", {item['exchange']}" if item.get("exchange") else "")
        for item in items(value.get("matches"))[:6]
    ]
    return found or ["- Nothing was found under that name."]
