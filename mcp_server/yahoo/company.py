"""From yfinance's company data to profile, statements, valuation, earnings, analysts' views, news and holders."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd

from mcp_server.market_data import (
    AnalystViews,
    CompanyProfile,
    Earnings,
    EarningsReport,
    Estimate,
    Financials,
    Frequency,
    Holder,
    Holders,
    InsiderTransaction,
    NewsItem,
    PriceTargets,
    RatingChange,
    RatingCounts,
    Statement,
    StatementItem,
    Valuation,
)
from mcp_server.price_statistics import change_percent
from mcp_server.yahoo.frames import (
    SOURCE,
    day,
    instant,
    major_unit,
    mapping,
    number,
    percent,
    price,
    records,
    text,
    whole,
)
from mcp_server.yahoo.prices import is_delayed, name_of

# What a reader looks for first; Yahoo's own order begins with tax effects.
_FIRST = {
    "income": (
        "Total Revenue", "Cost Of Revenue", "Gross Profit", "Operating Expense", "Research And Development",
        "Selling General And Administration", "Operating Income", "Interest Expense", "Pretax Income", "Tax Provision",
        "Net Income", "Diluted EPS", "Basic EPS", "Diluted Average Shares", "EBITDA", "EBIT",
    ),
    "balance_sheet": (
        "Total Assets", "Current Assets", "Cash Cash Equivalents And Short Term Investments",
        "Cash And Cash Equivalents", "Receivables", "Inventory", "Goodwill", "Total Liabilities Net Minority Interest",
        "Current Liabilities", "Total Debt", "Long Term Debt", "Net Debt", "Stockholders Equity", "Retained Earnings",
        "Working Capital", "Ordinary Shares Number",
    ),
    "cash_flow": (
        "Operating Cash Flow", "Capital Expenditure", "Free Cash Flow", "Investing Cash Flow", "Financing Cash Flow",
        "Cash Dividends Paid", "Repurchase Of Capital Stock", "Issuance Of Debt", "Repayment Of Debt",
        "Stock Based Compensation", "Depreciation And Amortization", "Change In Working Capital", "End Cash Position",
    ),
}  # fmt: skip
_MARGINS = {
    "Gross margin": ("Gross Profit", "Total Revenue"),
    "Operating margin": ("Operating Income", "Total Revenue"),
    "Net margin": ("Net Income", "Total Revenue"),
    "Debt to equity": ("Total Debt", "Stockholders Equity"),
    "Current ratio": ("Current Assets", "Current Liabilities"),
}
_GROWTH = {
    "Revenue growth on the year": "Total Revenue",
    "Net income growth on the year": "Net Income",
    "Operating cash flow growth on the year": "Operating Cash Flow",
    "Free cash flow growth on the year": "Free Cash Flow",
}
_PERIODS = {"0q": "current quarter", "+1q": "next quarter", "0y": "current year", "+1y": "next year"}


def info_as_of(info: Mapping[str, Any]) -> str:
    """Return when the newest figure of `info` was true."""
    stamp = instant(info.get("regularMarketTime"), info.get("exchangeTimezoneName"))
    return stamp or datetime.now(UTC).isoformat(timespec="seconds")


def profile_of(symbol: str, info: Mapping[str, Any]) -> CompanyProfile:
    """Build a profile."""
    return CompanyProfile(
        as_of=info_as_of(info)[:10],
        currency=None,
        source=SOURCE,
        delayed=True,
        symbol=symbol,
        name=name_of(info) or symbol,
        exchange=text(info.get("fullExchangeName")) or text(info.get("exchange")),
        sector=text(info.get("sector")),
        industry=text(info.get("industry")),
        country=text(info.get("country")),
        city=text(info.get("city")),
        website=text(info.get("website")),
        employees=whole(info.get("fullTimeEmployees")),
        summary=text(info.get("longBusinessSummary"), limit=4_000),
    )


def valuation_of(symbol: str, info: Mapping[str, Any]) -> Valuation:
    """Build multiples and ratios. Yahoo gives fractions, but dividend yield and debt to equity in percent."""
    currency, factor = major_unit(info.get("currency"))
    shown = ("trailingPE", "forwardPE", "priceToBook", "beta", "currentRatio")
    trailing_pe, forward_pe, price_to_book, beta, current_ratio = (_two(info.get(key)) for key in shown)
    return Valuation(
        as_of=info_as_of(info),
        currency=currency,
        source=SOURCE,
        delayed=is_delayed(info),
        symbol=symbol,
        name=name_of(info),
        financial_currency=major_unit(info.get("financialCurrency"))[0],
        price=price(info.get("currentPrice"), factor) or price(info.get("regularMarketPrice"), factor),
        market_cap=number(info.get("marketCap")),
        enterprise_value=number(info.get("enterpriseValue")),
        trailing_pe=trailing_pe,
        forward_pe=forward_pe,
        peg_ratio=_two(info.get("trailingPegRatio")),
        price_to_sales=_two(info.get("priceToSalesTrailing12Months")),
        price_to_book=price_to_book,
        ev_to_revenue=_two(info.get("enterpriseToRevenue")),
        ev_to_ebitda=_two(info.get("enterpriseToEbitda")),
        trailing_eps=_two(info.get("trailingEps")),
        forward_eps=_two(info.get("forwardEps")),
        dividend_yield_percent=number(info.get("dividendYield")),
        payout_ratio_percent=percent(info.get("payoutRatio")),
        beta=beta,
        gross_margin_percent=percent(info.get("grossMargins")),
        operating_margin_percent=percent(info.get("operatingMargins")),
        profit_margin_percent=percent(info.get("profitMargins")),
        return_on_equity_percent=percent(info.get("returnOnEquity")),
        return_on_assets_percent=percent(info.get("returnOnAssets")),
        revenue_growth_percent=percent(info.get("revenueGrowth")),
        earnings_growth_percent=percent(info.get("earningsQuarterlyGrowth")),
        revenue_ttm=number(info.get("totalRevenue")),
        ebitda_ttm=number(info.get("ebitda")),
        free_cash_flow_ttm=number(info.get("freeCashflow")),
        total_cash=number(info.get("totalCash")),
        total_debt=number(info.get("totalDebt")),
        debt_to_equity_percent=number(info.get("debtToEquity")),
        current_ratio=current_ratio,
        shares_outstanding=number(info.get("sharesOutstanding")),
        shares_short_percent_of_float=percent(info.get("shortPercentOfFloat")),
    )


def financials_of(
    symbol: str, statement: Statement, frequency: Frequency, frame: pd.DataFrame, currency: str | None
) -> Financials:
    """Build a statement, the items a reader looks for first at its head. `frame` has one column per period."""
    columns = {day(column) or "": column for column in frame.columns}
    periods = sorted((period for period in columns if period), reverse=True)
    amounts = {
        str(item): {period: number(frame[columns[period]].get(item)) for period in periods} for item in frame.index
    }
    known = {item: values for item, values in amounts.items() if any(value is not None for value in values.values())}
    order = [*(item for item in _FIRST[statement] if item in known), *(item for item in known)]
    return Financials(
        as_of=periods[0],
        currency=currency,
        source=SOURCE,
        delayed=True,
        note=None if currency else "The reporting currency is not known.",
        symbol=symbol,
        statement=statement,
        frequency=frequency,
        periods=periods,
        items=[StatementItem(item=item, values=known[item]) for item in dict.fromkeys(order)],
        ratios_percent=_ratios(known, periods, year=1 if frequency == "annual" else 4),
    )


def _ratios(items: dict[str, dict[str, float | None]], periods: list[str], *, year: int) -> list[StatementItem]:
    found: list[StatementItem] = []
    for name, (part, base) in _MARGINS.items():
        if part in items and base in items:
            values = {period: _share(items[part][period], items[base][period]) for period in periods}
            found.append(StatementItem(item=name, values=values))
    for name, item in _GROWTH.items():
        if item in items and len(periods) > year:
            pairs = zip(periods, periods[year:], strict=False)
            values = {now: _rounded(_growth(items[item][before], items[item][now])) for now, before in pairs}
            found.append(StatementItem(item=name, values=values))
    return found


def earnings_of(
    symbol: str, currency: str | None, *, history: Any, calendar: Any, eps: Any, revenue: Any, today: str
) -> Earnings:
    """Build past reports and estimates; each part may be missing."""
    reports = [
        EarningsReport(
            quarter_end=quarter,
            eps_estimate=number(row.get("epsEstimate")),
            eps_actual=number(row.get("epsActual")),
            surprise_percent=percent(row.get("surprisePercent")),
        )
        for row in reversed(records(history))
        if (quarter := day(row["index"]))
    ]
    sales = {str(row["index"]): row for row in records(revenue)}
    estimates = [
        Estimate(
            period=_PERIODS[str(row["index"])],
            eps_average=number(row.get("avg")),
            eps_low=number(row.get("low")),
            eps_high=number(row.get("high")),
            eps_year_ago=number(row.get("yearAgoEps")),
            revenue_average=number(sales.get(str(row["index"]), {}).get("avg")),
            revenue_low=number(sales.get(str(row["index"]), {}).get("low")),
            revenue_high=number(sales.get(str(row["index"]), {}).get("high")),
            revenue_growth_percent=percent(sales.get(str(row["index"]), {}).get("growth")),
            analysts=whole(row.get("numberOfAnalysts")),
        )
        for row in records(eps)
        if str(row["index"]) in _PERIODS
    ]
    dates: Any = mapping(calendar).get("Earnings Date")
    coming = sorted(found for item in dates or () if (found := day(item)) and found >= today)
    return Earnings(
        as_of=today,
        currency=currency,
        source=SOURCE,
        delayed=True,
        symbol=symbol,
        next_earnings_date=coming[0] if coming else None,
        reports=reports,
        estimates=estimates,
    )


def views_of(symbol: str, currency: Any, *, targets: Any, ratings: Any, changes: Any, today: str) -> AnalystViews:
    """Build price targets, rating counts and rating changes; each part may be missing."""
    code, factor = major_unit(currency)
    known = mapping(targets)
    amounts = {key: price(known.get(key), factor) for key in ("current", "low", "mean", "median", "high")}
    counts = [
        RatingCounts(
            period=str(row.get("period", "")),
            strong_buy=whole(row.get("strongBuy")) or 0,
            buy=whole(row.get("buy")) or 0,
            hold=whole(row.get("hold")) or 0,
            sell=whole(row.get("sell")) or 0,
            strong_sell=whole(row.get("strongSell")) or 0,
        )
        for row in records(ratings)
    ]
    moves = [
        RatingChange(
            date=when,
            firm=text(row.get("Firm")) or "unknown",
            action=_ACTIONS.get(str(row.get("Action")), str(row.get("Action"))),
            from_grade=text(row.get("FromGrade")),
            to_grade=text(row.get("ToGrade")),
        )
        for row in records(changes)
        if (when := day(row["index"]))
    ]
    return AnalystViews(
        as_of=today,
        currency=code,
        source=SOURCE,
        delayed=True,
        note="Opinions of brokers' analysts, as collected by Yahoo Finance.",
        symbol=symbol,
        targets=PriceTargets(**amounts) if any(amounts.values()) else None,
        ratings=counts,
        changes=sorted(moves, key=lambda move: move.date, reverse=True),
    )


_ACTIONS = {"main": "maintained", "up": "upgraded", "down": "downgraded", "init": "initiated", "reit": "reiterated"}


def news_of(article: Any) -> NewsItem | None:
    """Build a headline, or None for what is none."""
    content = mapping(mapping(article).get("content"))
    title = text(content.get("title"))
    if title is None:
        return None
    link = mapping(content.get("canonicalUrl") or content.get("clickThroughUrl"))
    url = text(link.get("url"), limit=500)
    return NewsItem(
        title=title,
        publisher=text(mapping(content.get("provider")).get("displayName")),
        published_at=text(content.get("pubDate")),
        url=url if url and url.startswith(("https://", "http://")) else None,
        summary=text(content.get("summary"), limit=400),
    )


def holders_of(
    symbol: str, currency: str | None, *, major: Any, institutions: Any, funds: Any, insiders: Any, today: str
) -> Holders:
    """Build shares of ownership and insiders' transactions; each part may be missing."""
    shares = {str(row["index"]): row.get("Value") for row in records(major)}
    kinds: tuple[tuple[Literal["institution", "fund"], Any], ...] = (("institution", institutions), ("fund", funds))
    owners = [
        Holder(
            name=name,
            kind=kind,
            shares=number(row.get("Shares")),
            percent_of_shares=percent(row.get("pctHeld")),
            value=number(row.get("Value")),
            reported=day(row.get("Date Reported")),
        )
        for kind, frame in kinds
        for row in records(frame)
        if (name := text(row.get("Holder")))
    ]
    transactions = [
        InsiderTransaction(
            date=day(row.get("Start Date")),
            insider=text(row.get("Insider")) or "unknown",
            position=text(row.get("Position")),
            transaction=text(row.get("Text")) or text(row.get("Transaction")),
            shares=number(row.get("Shares")),
            value=number(row.get("Value")),
        )
        for row in records(insiders)
    ]
    return Holders(
        as_of=max((owner.reported for owner in owners if owner.reported), default=today),
        currency=currency,
        source=SOURCE,
        delayed=True,
        symbol=symbol,
        insiders_percent=percent(shares.get("insidersPercentHeld")),
        institutions_percent=percent(shares.get("institutionsPercentHeld")),
        institutions_count=whole(shares.get("institutionsCount")),
        holders=sorted(owners, key=lambda owner: owner.shares or 0.0, reverse=True),
        insider_transactions=sorted(transactions, key=lambda item: item.date or "", reverse=True),
    )


def _two(value: Any) -> float | None:
    return _rounded(number(value))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _share(part: float | None, base: float | None) -> float | None:
    return round(part / base * 100, 2) if part is not None and base else None


def _growth(before: float | None, now: float | None) -> float | None:
    """Growth from a loss has no meaningful percentage."""
    return change_percent(before, now) if before is not None and before > 0 else None
