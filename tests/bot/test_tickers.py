"""Symbols that are suggested while somebody types one."""

from __future__ import annotations

import pytest

from bot.tickers import MOST, suggest


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("nvd", ("NVD", "NVD")),
        ("NVDA", ("NVDA", "NVDA · NVIDIA")),
        (" $tsla", ("TSLA", "TSLA · Tesla")),
        ("brk.b", ("BRK.B", "BRK.B")),
    ],
)
def test_what_was_typed_comes_first_and_by_its_name_where_it_is_known(typed: str, first: tuple[str, str]) -> None:
    assert suggest(typed)[0] == first


@pytest.mark.parametrize(
    ("typed", "symbol"), [("apple", "AAPL"), ("harley", "HARLEY"), ("morgan", "MS"), ("7", "7203.T")]
)
def test_a_company_is_found_by_any_word_of_its_name(typed: str, symbol: str) -> None:
    assert symbol in dict(suggest(typed))


def test_nothing_typed_shows_what_was_asked_lately_and_then_what_is_well_known() -> None:
    found = [symbol for symbol, _ in suggest("", recent=("SAP.DE", "ZZTOP"))]
    assert found[:3] == ["SAP.DE", "ZZTOP", "AAPL"]
    assert len(found) == MOST == len(set(found))


def test_what_was_asked_lately_is_only_suggested_where_it_begins_so() -> None:
    assert [symbol for symbol, _ in suggest("zz", recent=("SAP.DE", "ZZTOP"))] == ["ZZ", "ZZTOP"]
