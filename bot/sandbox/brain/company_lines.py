"""Results about companies in words. Missing figures are passed over."""

from __future__ import annotations

from typing import cast

from bot.sandbox.brain.figures import amount, count, day, percent, price, ratio
from bot.sandbox.brain.lines import Json, Lines, fact, items, values_of, with_change


def profile(value: Json) -> Lines:
    """What a company is."""
    figures: object = value.get("key_figures")
    rough = cast("dict[str, object]", figures) if isinstance(figures, dict) else {}
    summary = str(value.get("summary") or "")
    place = str(value.get("city") or value.get("country") or "")
    indices: object = value.get("indices")
    members = [str(item) for item in cast("list[object]", indices)] if isinstance(indices, list) else []
    return [
        fact("Company", str(value.get("name") or "")),
        fact("Sector", str(value.get("sector") or "")),
        fact("Industry", str(value.get("industry") or "")),
        fact("Seat", place),
        fact("Employees", count(value.get("employees"))),
        fact("Indices", ", ".join(members[:6])),
        fact("Business", summary[:600]),
        *(
            fact(f"{name.replace('_', ' ').capitalize()} (rough)", str(figure))
            for name, figure in list(rough.items())[:6]
        ),
    ]


def financials(value: Json) -> Lines:
    """The first lines of a statement, as a table over the periods."""
    periods: object = value.get("periods")
    columns = [str(period) for period in cast("list[object]", periods)][:4] if isinstance(periods, list) else []
    rows = items(value.get("items"))[:7]
    if not rows or not columns:
        return []
    currency = value.get("currency")
    name = str(value.get("statement") or "").replace("_", " ")
    title = f"{value.get('frequency') or ''} {name} statement".strip().capitalize()
    table = ["| Item | " + " | ".join(day(column) for column in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = [amount(values_of(row).get(column), currency) or "not known" for column in columns]
        table.append(f"| {row.get('item', '')} | " + " | ".join(cells) + " |")
    for row in items(value.get("ratios_percent"))[:5]:
        cells = [percent(values_of(row).get(column)) or "not known" for column in columns]
        table.append(f"| {row.get('item', '')} | " + " | ".join(cells) + " |")
    return [f"**{title}**\n", *table]


def valuation(value: Json) -> Lines:
    """Multiples, margins and returns."""
    money, books = value.get("currency"), value.get("financial_currency") or value.get("currency")
    return [
        fact("Market value", amount(value.get("market_cap"), money)),
        fact("Price-earnings, trailing", ratio(value.get("trailing_pe"))),
        fact("Price-earnings, forward", ratio(value.get("forward_pe"))),
        fact("Price-sales", ratio(value.get("price_to_sales"))),
        fact("Price-book", ratio(value.get("price_to_book"))),
        fact("Enterprise value to EBITDA", ratio(value.get("ev_to_ebitda"))),
        fact("Operating margin", percent(value.get("operating_margin_percent"))),
        fact("Profit margin", percent(value.get("profit_margin_percent"))),
        fact("Return on equity", percent(value.get("return_on_equity_percent"))),
        fact("Revenue growth", percent(value.get("revenue_growth_percent"), signed=True)),
        fact("Revenue, last twelve months", amount(value.get("revenue_ttm"), books)),
        fact("Free cash flow, last twelve months", amount(value.get("free_cash_flow_ttm"), books)),
        fact("Cash", amount(value.get("total_cash"), books)),
        fact("Debt", amount(value.get("total_debt"), books)),
        fact("Dividend yield", percent(value.get("dividend_yield_percent"))),
        fact("Beta", ratio(value.get("beta"))),
    ]


def earnings(value: Json) -> Lines:
    """Reports against expectations, and the next date."""
    currency = value.get("currency")
    lines = [fact("Next report", day(value.get("next_earnings_date")))]
    for report in items(value.get("reports"))[:4]:
        actual, expected = price(report.get("eps_actual"), currency), price(report.get("eps_estimate"), currency)
        surprise = percent(report.get("surprise_percent"), signed=True)
        beside = ", ".join(part for part in (f"{expected} expected" if expected else "", surprise) if part)
        lines.append(
            fact(f"Earnings per share, quarter to {day(report.get('quarter_end'))}", with_change(actual, beside))
        )
    for estimate in items(value.get("estimates"))[:4]:
        mean = price(estimate.get("eps_average"), currency)
        lines.append(fact(f"Analysts expect per share, {estimate.get('period', '')}", mean))
    return lines


def analyst_views(value: Json) -> Lines:
    """Third parties' opinions, as theirs."""
    currency = value.get("currency")
    found: object = value.get("targets")
    targets = cast("Json", found) if isinstance(found, dict) else {}
    low, high = price(targets.get("low"), None), price(targets.get("high"), currency)
    lines = [
        fact("Analysts' mean price target", price(targets.get("mean"), currency)),
        fact("Range of targets", f"{low} to {high}" if low and high else ""),
    ]
    for rating in items(value.get("ratings"))[:1]:
        names = ("strong_buy", "buy", "hold", "sell", "strong_sell")
        counts = [f"{count(rating.get(name))} {name.replace('_', ' ')}" for name in names if name in rating]
        lines.append(fact("Brokers' ratings, their opinion", ", ".join(counts)))
    for change in items(value.get("changes"))[:3]:
        grade = str(change.get("to_grade") or change.get("action") or "")
        lines.append(fact(f"{day(change.get('date'))} {change.get('firm', '')}", grade))
    return lines


def news(value: Json) -> Lines:
    """Headlines, quoted as third parties' words."""
    lines: Lines = []
    for item in items(value.get("items"))[:6]:
        title = " ".join(str(item.get("title") or "").split()).replace("[", "(").replace("]", ")")
        url = str(item.get("url") or "")
        linked = f"[{title}]({url})" if url.startswith("https://") else title
        by = ", ".join(part for part in (str(item.get("publisher") or ""), day(item.get("published_at"))) if part)
        if title:
            lines.append(f"- {linked}" + (f" ({by})" if by else ""))
    return ["- **Headlines, in their publishers' words:**", *lines] if lines else []


def holders(value: Json) -> Lines:
    """Who owns a company."""
    lines = [
        fact("Held by institutions", percent(value.get("institutions_percent"))),
        fact("Held by insiders", percent(value.get("insiders_percent"))),
    ]
    lines += [
        fact(str(holder.get("name") or ""), percent(holder.get("percent_of_shares")))
        for holder in items(value.get("holders"))[:5]
    ]
    for deal in items(value.get("insider_transactions"))[:3]:
        what = ", ".join(
            part for part in (str(deal.get("transaction") or ""), f"{count(deal.get('shares'))} shares") if part
        )
        lines.append(fact(f"{day(deal.get('date'))} {deal.get('insider') or ''}", what if deal.get("shares") else ""))
    return lines
