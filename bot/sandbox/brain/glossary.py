"""What a few words of the trade mean, for people who ask."""

from __future__ import annotations

import re

_MEANINGS: dict[str, str] = {
    r"drawdown|deepest fall": "A drawdown is the fall of a price from a peak to a later low, in percent of the peak.",
    r"volatil": (
        "Volatility is how much a price moves from day to day, scaled to a year: the standard deviation of daily "
        "returns. It counts rises and falls alike."
    ),
    r"moving average|50-day|200-day|\bsma\b": (
        "A moving average is the mean close of the last sessions, here 50 or 200. It describes the past and predicts "
        "nothing."
    ),
    r"\bp/?e\b|price[- ]earnings": (
        "The price-earnings ratio is the share's price divided by its earnings per share: how many years of today's "
        "earnings the price equals."
    ),
    r"market (cap|value)": "Market value is the price of one share times the number of shares.",
    r"dividend yield|\byield": "The dividend yield is a year's dividends per share in percent of the share's price.",
    r"\beps\b|earnings per share": "Earnings per share is the net income divided by the number of shares.",
    r"\bbeta\b": "Beta tells how much a share has moved with its market: at 1 it moved as much, above 1 more.",
    r"implied volatility": (
        "Implied volatility is the volatility that option prices would need to be fair: what the market expects."
    ),
    r"\bebitda\b": "EBITDA is earnings before interest, taxes, depreciation and amortisation.",
    r"\bsplit": (
        "A share split divides each share into several; the price falls in the same proportion, the value does not."
    ),
    r"\bas[_ ]of\b": "“As of” is the time at which a figure was true.",
    r"total return|with dividends": (
        "Total return counts dividends as if they had been reinvested; price return leaves them out."
    ),
}


def meanings(text: str) -> list[str]:
    """What the words in the text mean that are known here."""
    return [meaning for pattern, meaning in _MEANINGS.items() if re.search(pattern, text, re.IGNORECASE)]
