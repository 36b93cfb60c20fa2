"""The list of companies: found by symbol, by any listing, by part of a name, and by a slip of the pen."""

from __future__ import annotations

import re
from string import ascii_lowercase

import pytest

from mcp_server.companies import CompanyBook, load_companies


@pytest.fixture(scope="module")
def book() -> CompanyBook:
    return load_companies()


@pytest.mark.parametrize(
    ("query", "symbol"),
    [
        ("AAPL", "AAPL"),
        ("aapl", "AAPL"),
        ("apple", "AAPL"),
        ("Apple Inc.", "AAPL"),
        ("microsoft", "MSFT"),
        ("siemens", "SIE.DE"),
        ("SAP", "SAP.DE"),
        ("FB", "META"),
        ("berkshire", "BRK-B"),
    ],
)
def test_the_likeliest_company_comes_first(book: CompanyBook, query: str, symbol: str) -> None:
    assert book.search(query, limit=5)[0].symbol == symbol


@pytest.mark.parametrize(("slip", "meant"), [("APPL", "AAPL"), ("MSTF", "MSFT"), ("NVDIA", "NVDA"), ("GOGL", "GOOGL")])
def test_a_slip_is_understood(book: CompanyBook, slip: str, meant: str) -> None:
    assert meant in [company.symbol for company in book.near(slip)]


def test_a_search_finds_at_most_what_was_asked_for_and_nothing_twice(book: CompanyBook) -> None:
    found = book.search("bank", limit=4)

    assert len(found) == 4
    assert len({company.symbol for company in found}) == 4


def test_nothing_is_found_where_nothing_is_near(book: CompanyBook) -> None:
    assert book.search("qxqxqxqxqx", limit=5) == []


def test_a_former_symbol_leads_to_the_present_company(book: CompanyBook) -> None:
    company = book.find("FB")

    assert company is not None
    assert company.symbol == "META"


def test_a_figure_has_the_year_that_it_says_or_says_that_it_has_none(book: CompanyBook) -> None:
    companies = {company for letter in ascii_lowercase for company in book.search(letter, limit=2_000)}
    figures = [text for found in companies for name, text in found.key_figures.items() if name != "founded"]

    assert "166,000 (2025)" in figures
    assert any("(FY26)" in text for text in figures)
    dated = re.compile(r"(19|20)\d\d\b|FY ?'?\d\d|\(no date given\)$")
    assert [text for text in figures if not dated.search(text)] == []
    both = re.compile(r"\(20\d\d\).*no date given")
    assert [text for text in figures if both.search(text)] == []


def test_the_facts_on_a_company_are_tidy(book: CompanyBook) -> None:
    for company in book.search("a", limit=200):
        assert company.name.strip() == company.name
        assert company.country is None or "," not in company.country
        assert company.website is None or " " not in company.website
        for text in company.key_figures.values():
            assert "  " not in text
