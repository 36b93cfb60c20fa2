"""Company data from Yahoo: statements, multiples, expectations, owners and headlines, each part on its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.mcp_server.yahoo_fake import REFUSED_CRUMB
from tests.mcp_server.yahoo_payloads import Json, Listing, raw, stamp_of
from tests.mcp_server.yahoo_rig import Rig

YEARS = ("2025-09-30", "2024-09-30", "2023-09-30", "2022-09-30")


def yearly(*amounts: float) -> dict[str, float]:
    return dict(zip(YEARS, amounts, strict=True))


def test_a_profile_has_the_company_on_one_line_and_without_control_characters(rig: Rig) -> None:
    profile = {
        "sector": "Technology",
        "industry": "Software",
        "country": "Germany",
        "city": "Walldorf",
        "website": "https://www.example.com",
        "fullTimeEmployees": 107_000,
        "longBusinessSummary": "It sells\nsoftware.\x1b[31m  Ignore\tnothing.",
    }
    rig.yahoo.add(Listing(symbol="SAP.DE", name="SAP SE", currency="EUR", modules={"assetProfile": profile}))

    found = rig.market.profile("SAP.DE")

    assert (found.name, found.sector, found.country, found.employees) == ("SAP SE", "Technology", "Germany", 107_000)
    assert found.summary == "It sells software. [31m Ignore nothing."
    assert (found.as_of, found.currency) == ("2026-11-20", None)


def test_a_valuation_gives_fractions_as_percent_and_says_both_currencies(rig: Rig) -> None:
    modules: Json = {
        "financialData": {
            "grossMargins": 0.7123,
            "profitMargins": -0.05,
            "revenueGrowth": 0.081,
            "debtToEquity": 31.5,
            "totalRevenue": 35_000_000_000,
        },
        "defaultKeyStatistics": {"forwardPE": 21.456, "beta": "Infinity", "trailingEps": 5.1},
        "summaryDetail": {"trailingPE": float("inf"), "payoutRatio": 0.4},
        "quote": {"dividendYield": 1.25, "marketCap": 200_000_000_000},
    }
    rig.yahoo.add(Listing(symbol="SAP", name="SAP SE", financial_currency="EUR", modules=modules))

    found = rig.market.valuation("SAP")

    assert (found.currency, found.financial_currency) == ("USD", "EUR")
    assert (found.gross_margin_percent, found.profit_margin_percent) == (71.23, -5.0)
    assert (found.revenue_growth_percent, found.payout_ratio_percent) == (8.1, 40.0)
    assert (found.debt_to_equity_percent, found.dividend_yield_percent) == (31.5, 1.25)
    assert (found.forward_pe, found.trailing_pe, found.beta) == (21.46, None, None)
    assert found.market_cap == 200_000_000_000
    assert found.as_of == "2026-11-20T15:00:00-05:00"


def test_a_statement_begins_with_what_is_looked_for_first_and_has_its_ratios(rig: Rig) -> None:
    rig.yahoo.add(
        Listing(
            symbol="XYZ",
            name="X",
            financial_currency="EUR",
            statements={
                "annualTaxProvision": yearly(9, 8, 7, 6),
                "annualNetIncome": yearly(30, 25, -5, 10),
                "annualTotalRevenue": yearly(121, 110, 100, 80),
                "annualGrossProfit": yearly(60.5, 50, 40, 30),
            },
        )
    )

    found = rig.market.financials("XYZ", statement="income", frequency="annual")

    assert (found.periods, found.as_of, found.currency) == ([*YEARS], "2025-09-30", "EUR")
    assert [item.item for item in found.items] == ["Total Revenue", "Gross Profit", "Tax Provision", "Net Income"]
    assert found.items[0].values == yearly(121, 110, 100, 80)
    ratios = {ratio.item: ratio.values for ratio in found.ratios_percent}
    assert ratios["Gross margin"]["2025-09-30"] == 50.0
    assert ratios["Revenue growth on the year"] == {"2025-09-30": 10.0, "2024-09-30": 10.0, "2023-09-30": 25.0}
    assert ratios["Net income growth on the year"]["2024-09-30"] is None, "growth out of a loss is no percentage"


def test_quarters_grow_against_the_same_quarter_a_year_before(rig: Rig) -> None:
    quarters = {"2025-09-30": 120.0, "2025-06-30": 90.0, "2025-03-31": 80.0, "2024-12-31": 150.0, "2024-09-30": 100.0}
    rig.yahoo.add(Listing(symbol="XYZ", name="X", statements={"quarterlyTotalRevenue": quarters}))

    found = rig.market.financials("XYZ", statement="income", frequency="quarterly")

    (growth,) = [ratio for ratio in found.ratios_percent if ratio.item == "Revenue growth on the year"]
    assert growth.values == {"2025-09-30": 20.0}


def expectations(next_report: date) -> Json:
    history = [
        {"quarter": {"fmt": day}, **raw(epsEstimate=1.0, epsActual=actual, surprisePercent=actual - 1)}
        for day, actual in (("2025-12-31", 1.1), ("2026-03-31", 0.9))
    ]
    earnings = raw(avg=1.2, low=1.0, high=1.4, yearAgoEps=1.1, numberOfAnalysts=12)
    revenue = raw(avg=5e9, low=4e9, high=6e9, growth=0.07)
    return {
        "earningsHistory": {"history": history},
        "calendarEvents": {"earnings": {"earningsDate": [stamp_of(next_report)]}},
        "earningsTrend": {"trend": [{"period": "0q", "earningsEstimate": earnings, "revenueEstimate": revenue}]},
    }


def test_earnings_come_newest_first_with_what_is_expected_next(rig: Rig) -> None:
    coming = datetime.now(UTC).date() + timedelta(days=40)
    rig.yahoo.add(Listing(symbol="XYZ", name="X", financial_currency="EUR", modules=expectations(coming)))

    found = rig.market.earnings("XYZ")

    assert [(one.quarter_end, one.eps_actual, one.surprise_percent) for one in found.reports] == [
        ("2026-03-31", 0.9, -10.0),
        ("2025-12-31", 1.1, 10.0),
    ]
    assert found.currency == "EUR"
    assert found.next_earnings_date == coming.isoformat()
    (estimate,) = found.estimates
    assert (estimate.period, estimate.eps_average, estimate.analysts) == ("current quarter", 1.2, 12)
    assert (estimate.revenue_average, estimate.revenue_growth_percent) == (5e9, 7.0)


def test_a_report_of_the_past_is_not_the_next_one(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="XYZ", name="X", modules=expectations(date(2020, 1, 30))))

    assert rig.market.earnings("XYZ").next_earnings_date is None


def test_analysts_views_are_told_as_theirs(rig: Rig) -> None:
    modules: Json = {
        "financialData": {"targetMeanPrice": 130.0, "targetLowPrice": 90.0},
        "recommendationTrend": {
            "trend": [{"period": "0m", "strongBuy": 3, "buy": 9, "hold": 4, "sell": 1, "strongSell": 0}]
        },
        "upgradeDowngradeHistory": {
            "history": [
                {"epochGradeDate": stamp_of(day), "firm": firm, "toGrade": "Hold", "fromGrade": "Buy", "action": "down"}
                for day, firm in ((date(2026, 1, 5), "Old & Co"), (date(2026, 9, 5), "New & Co"))
            ]
        },
    }
    rig.yahoo.add(Listing(symbol="XYZ", name="X", modules=modules))

    found = rig.market.analyst_views("XYZ")

    assert found.targets is not None
    assert (found.targets.mean, found.targets.low, found.targets.high) == (130.0, 90.0, None)
    assert (found.ratings[0].strong_buy, found.ratings[0].strong_sell) == (3, 0)
    assert [(change.firm, change.action) for change in found.changes] == [
        ("New & Co", "downgraded"),
        ("Old & Co", "downgraded"),
    ]
    assert "Opinions of brokers' analysts" in (found.note or "")


def test_one_part_that_is_missing_takes_no_other_with_it(rig: Rig) -> None:
    modules: Json = {"recommendationTrend": {"trend": [{"period": "0m", "buy": 2}]}}
    rig.yahoo.add(Listing(symbol="XYZ", name="X", modules=modules))

    found = rig.market.analyst_views("XYZ")

    assert found.ratings[0].buy == 2
    assert found.changes == []


def test_owners_come_largest_first_with_shares_in_percent(rig: Rig) -> None:
    def owner(name: str, shares: float) -> Json:
        return {
            "maxAge": 1,
            "organization": name,
            "position": shares,
            "pctHeld": shares / 1000,
            "value": shares * 10,
            "reportDate": stamp_of(date(2026, 6, 30)),
        }

    modules: Json = {
        "institutionOwnership": {"ownershipList": [owner("Small", 10.0), owner("Large", 90.0)]},
        "fundOwnership": {"ownershipList": [owner("Fund", 50.0)]},
        "majorHoldersBreakdown": {"maxAge": 1, "insidersPercentHeld": 0.02, "institutionsPercentHeld": 0.61},
        "insiderTransactions": {"transactions": []},
    }
    rig.yahoo.add(Listing(symbol="XYZ", name="X", modules=modules))

    found = rig.market.holders("XYZ")

    assert [(one.name, one.kind, one.percent_of_shares) for one in found.holders] == [
        ("Large", "institution", 9.0),
        ("Fund", "fund", 5.0),
        ("Small", "institution", 1.0),
    ]
    assert (found.insiders_percent, found.institutions_percent) == (2.0, 61.0)
    assert (found.as_of, found.currency) == ("2026-06-30", "USD")


def article(title: str, published: str, **more: Any) -> Json:
    return {"content": {"title": title, "pubDate": published, "provider": {"displayName": "Paper"}, **more}}


def test_headlines_come_newest_first_and_link_to_web_pages_only(rig: Rig) -> None:
    rig.yahoo.listings["AAPL"].headlines = [
        article("Older", "2026-11-18T10:00:00Z", canonicalUrl={"url": "javascript:alert(1)"}),
        article("Newer", "2026-11-19T10:00:00Z", clickThroughUrl={"url": "https://news.example/1"}),
        {"content": {"summary": "no title"}},
        {"content": None},
    ]

    found = rig.market.news("AAPL", limit=5)

    assert [(item.title, item.url) for item in found.items] == [("Newer", "https://news.example/1"), ("Older", None)]
    assert found.items[0].publisher == "Paper"
    assert not found.truncated


def test_more_headlines_than_asked_for_are_left_out_and_said_to_be(rig: Rig) -> None:
    rig.yahoo.listings["AAPL"].headlines = [article(f"T{n}", f"2026-11-0{n}T10:00:00Z") for n in range(1, 6)]

    found = rig.market.news("AAPL", limit=2)

    assert [item.title for item in found.items] == ["T5", "T4"]
    assert found.truncated


def test_no_headlines_are_an_empty_list_but_a_refused_session_is_an_outage(rig: Rig) -> None:
    assert rig.market.news("AAPL", limit=5).items == []
    rig.clock.now += 601
    rig.yahoo.fail(REFUSED_CRUMB, kinds=("news",), times=1)

    assert rig.market.news("AAPL", limit=5).items == []
    assert len(rig.yahoo.asked("news")) == 3, "refused once, then asked again with a new crumb"


def test_a_search_keeps_names_exchanges_and_kinds(rig: Rig) -> None:
    rig.yahoo.search_results = [
        {"symbol": "GC=F", "shortname": "Gold Dec 26", "quoteType": "FUTURE", "exchDisp": "New York Commodity"},
        {"symbol": "GOLD", "longname": "Gold Mines Inc.", "quoteType": "EQUITY", "industry": "Gold"},
        {"index": "no symbol"},
    ]

    found = rig.market.search("gold", limit=1)

    assert [(one.symbol, one.name, one.kind) for one in found.matches] == [("GC=F", "Gold Dec 26", "future")]
    assert found.truncated
    assert (found.currency, found.source) == (None, "Yahoo Finance")
