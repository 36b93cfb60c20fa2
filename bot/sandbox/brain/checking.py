"""Checking figures: whether what a text states stands in tool results, up to rounding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_CODE = re.compile(r"`[^`]*`|https?://\S+")
_WINDOW = re.compile(r"\b\d+[- ](?:days?|weeks?|months?|years?|quarters?)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.])[-+\u2212]?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)(?P<unit>\s?%|\s(?:trillion|billion|million|thousand)\b)?"
)
_SCALE = {"trillion": 1e12, "billion": 1e9, "million": 1e6, "thousand": 1e3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """All numbers and dates of some tool results."""

    numbers: Sequence[float]
    dates: frozenset[str]

    def has(self, shown: float, decimals: int, scale: float) -> bool:
        """Whether a number of the results, rounded like the one shown, is the same; signs do not count."""
        slack = 0.5000001 * 10.0**-decimals * scale
        return any(abs(abs(number) - abs(shown) * scale) <= slack for number in self.numbers)


def known(values: Iterable[object]) -> Known:
    """Everything that stands in `values`, numbers and dates in their texts included."""
    numbers: list[float] = []
    dates: set[str] = set()
    for leaf in _leaves(list(values)):
        if isinstance(leaf, bool):
            continue
        if isinstance(leaf, int | float):
            numbers.append(float(leaf))
        elif isinstance(leaf, str):
            dates.update(_DATE.findall(leaf))
            numbers.extend(
                _plain(match) * _SCALE.get((match["unit"] or "").strip(), 1.0)
                for match in _NUMBER.finditer(_DATE.sub(" ", leaf))
            )
    return Known(numbers=numbers, dates=frozenset(dates))


def unsupported(text: str, facts: Known) -> list[str]:
    """The figures and dates in a text that no result shows, each as it is written there."""
    found = [date for date in _DATE.findall(text) if date not in facts.dates]
    years = {date[:4] for date in facts.dates}
    rest = _WINDOW.sub(" ", _DATE.sub(" ", _CODE.sub(" ", text)))
    for match in _NUMBER.finditer(rest):
        written = match[0].strip()
        unit = (match["unit"] or "").strip()
        digits = match[0][: match.start("unit") - match.start()] if match["unit"] else match[0]
        decimals = len(digits.partition(".")[2])
        if not unit and not decimals and (written in years or abs(_plain(match)) <= 12):
            continue
        if not facts.has(_plain(match), decimals, _SCALE.get(unit, 1.0)):
            found.append(written)
    return list(dict.fromkeys(found))


def _plain(match: re.Match[str]) -> float:
    digits = match[0][: match.start("unit") - match.start()] if match["unit"] else match[0]
    return float(digits.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _leaves(item)
    else:
        yield value
