"""Figures of a text against the numbers of tool results."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workflows.figures import Facts, figures_in, unsupported

RESULT = {"price": 252.2, "change_percent": -1.33, "volume": 35_557_542, "market_cap": 3.81e12, "margin": 0.4621}


def missing(text: str, *results: object, strict: bool = False) -> list[str]:
    return unsupported(text, Facts(results or [RESULT]), strict=strict)[1]


def figures(text: str) -> list[str]:
    return [figure.text for figure in figures_in(text)]


@pytest.mark.parametrize(
    "text",
    [
        "It closed at $252.20.",
        "It closed at USD 252.2.",
        "It closed at 252,20 $.",
        "About 252 dollars.",
        "It fell by 1.33 %.",
        "It changed by -1.33%.",
        "It changed by \u22121.3 percent.",
        "35,557,542 shares changed hands.",
        "35.557.542 Aktien.",
        "35'557'542 shares.",
        "35\u202f557\u202f542 shares.",
        "35.6 million shares.",
        "35.6M shares.",
        "A market value of $3.81 trillion.",
        "A market value of 3,810 billion dollars.",
        "A market value of $3.81T.",
        "A margin of 46.2 %.",
        "A margin of 0.46.",
        "roughly 36 million shares",
    ],
)
def test_a_figure_is_supported_however_it_is_written(text: str) -> None:
    assert figures(text)
    assert missing(text) == []


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("It closed at $253.20.", "$253.20"),
        ("It closed at 252.21.", "252.21"),
        ("It rose by +1.33 %.", "+1.33 %"),
        ("35.7 million shares.", "35.7 million"),
        ("A market value of $3.81 billion.", "$3.81 billion"),
        ("A margin of 4.62 %.", "4.62 %"),
        ("A P/E of 37.5x.", "37.5x"),
        ("A target of €300.", "€300"),
    ],
)
def test_a_figure_that_no_result_shows_is_named_as_it_stands(text: str, figure: str) -> None:
    assert missing(text) == [figure]


@pytest.mark.parametrize(
    "text",
    [
        "On 30 December 2024, and on December 30, 2024.",
        "As of 2024-12-30T16:00:00-05:00 and 30.12.2024, at 16:30.",
        "In 2023 and 2024, its 3rd and 21st year.",
        "The 50-day average and the 52-week range, over 5 years.",
        "Its 10-K and Q3 report for FY2024, Form 8.",
        "The S&P 500 and the Nasdaq 100.",
        "A 4-for-1 split, a 2:1 split.",
        "1. First\n2. Second\n12) Twelfth",
        "See https://example.com/252/999.99 and [a 999.99](https://example.com/1).",
        "The code `x = 999.99`, and a@b999.com.",
        "7203.T and 600519.SS",
        "[1] and [23].",
    ],
)
def test_dates_ordinals_windows_lists_codes_and_addresses_are_no_figures(text: str) -> None:
    assert figures(text) == []


def test_small_whole_numbers_only_count_things_unless_they_stand_in_a_table() -> None:
    assert missing("It has 3 segments and 12 factories.") == []
    assert missing("3", strict=True) == ["3"]


def test_a_sentence_that_links_to_a_known_source_may_state_figures_of_its_own() -> None:
    facts = Facts([RESULT], ["https://example.com/a"])
    known = "Sales rose to $94.9 billion ([Apple](https://example.com/a))."
    assert unsupported(known, facts) == (1, [])
    assert unsupported(known.replace("/a)", "/b)"), facts)[1] == ["$94.9 billion"]
    assert unsupported(f"{known} Profit was $23.6 billion.", facts)[1] == ["$23.6 billion"]


def test_numbers_inside_texts_of_results_count_too() -> None:
    assert missing("It employs 164,000 people.", {"note": "164000 employees (2024)"}) == []


def test_an_error_shows_nothing() -> None:
    assert missing("It closed at 252.20.", {}) == ["252.20"]


NUMBERS = st.decimals(min_value="0.01", max_value="9999999", places=2, allow_nan=False, allow_infinity=False)


@given(NUMBERS, st.sampled_from(["{:,.2f}", "${:,.2f}", "{:.2f} EUR", "USD {:,.2f}", "{:,.2f} %"]))
def test_a_number_is_found_again_in_any_form(number: object, form: str) -> None:
    text = form.format(number)
    assume(not text.startswith(("19", "20")) or "." in text)
    assert missing(f"It was {text} then.", {"value": float(str(number))}, strict=True) == []


@given(NUMBERS)
def test_a_number_is_found_again_the_way_continental_europe_writes_it(number: object) -> None:
    text = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))
    assert missing(f"Es waren {text} Euro.", {"value": float(str(number))}) == []


@given(st.integers(1, 8), st.decimals(min_value=1, max_value=99999, places=4))
def test_rounding_as_the_text_rounds_is_no_difference(places: int, number: object) -> None:
    value = float(str(number))
    text = f"{value:.{min(places, 4)}f}"
    assert missing(f"It was {text} USD.", {"value": value}) == []


@given(NUMBERS, st.integers(2, 50))
def test_a_number_that_is_off_by_more_than_its_last_place_is_not_supported(number: object, steps: int) -> None:
    value = float(str(number))
    text = f"${value + steps * 0.01:,.2f}"
    shown = {"value": value * 1.0}
    # One that a fraction of a percent could be mistaken for is no counterexample.
    assume(value > 200)
    assert missing(f"It was {text}.", shown) == [text]


@given(st.text(max_size=300))
def test_any_text_can_be_checked(text: str) -> None:
    checked, found = unsupported(text, Facts([RESULT]), strict=True)
    assert checked >= len(found)
    assert all(figure for figure in found)


@pytest.mark.parametrize("text", ["9" * 100_000, "1,1." * 50_000, "-" * 100_000 + "1", "$ " * 50_000, "[1](" * 30_000])
def test_a_text_that_means_harm_is_checked_in_no_more_time_than_it_deserves(text: str) -> None:
    unsupported(text, Facts([RESULT]))
