"""The tool results that a report is made of, by what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.brain.lines import statistics
from bot.sandbox.brain.reading import ToolResult

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Tool results about one symbol. A value is empty if no tool gave it."""

    symbol: str
    company: str
    results: Sequence[ToolResult]

    def of(self, tool: str) -> Json:
        """The first value of a tool that is about the symbol; failing that, about anything."""
        values = [result.value for result in self.results if result.tool == tool and result.value]
        own = [value for value in values if value.get("symbol") in (self.symbol, None)]
        found = [*own, *values]
        return found[0] if found else {}

    def all_of(self, tool: str) -> list[ToolResult]:
        """Every result of a tool that has a value, those about the symbol only."""
        return [
            result
            for result in self.results
            if result.tool == tool and result.value and result.value.get("symbol") in (self.symbol, None)
        ]

    @property
    def history(self) -> Json:
        """The price history that the report is about: the shortest window asked for."""
        return _by_length(self.all_of("get_price_history"), longest=False)

    @property
    def long_history(self) -> Json:
        """The price history with the longest window, for risk."""
        return _by_length(self.all_of("get_price_history"), longest=True)

    @property
    def statistics(self) -> Json:
        """The statistics of `history`."""
        return statistics(self.history)

    @property
    def quote(self) -> Json:
        """The quote."""
        return self.of("get_quote")


def _by_length(found: Sequence[ToolResult], *, longest: bool) -> Json:
    ordered = sorted(found, key=lambda result: int(result.value.get("sessions") or 0), reverse=longest)
    return ordered[0].value if ordered else {}
