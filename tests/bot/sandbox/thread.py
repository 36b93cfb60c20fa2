"""A conversation with the rules, without a server: tools are answered by what the test gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.brain.rules import RuleBrain
from bot.sandbox.brain.thought import Brain, Call, Execution, Say, Situation

Json = dict[str, Any]
Tool = Callable[[Json], Json]

ALL = (
    "search_symbols",
    "get_quote",
    "get_price_history",
    "get_company_profile",
    "get_financials",
    "get_valuation",
    "get_earnings",
    "get_analyst_views",
    "get_news",
    "get_holders",
    "get_dividends_and_splits",
    "get_options_summary",
    "compare_symbols",
    "get_market_status",
    "draw_price_chart",
)


def unavailable(_: Json) -> Json:
    """A tool that has nothing."""
    return {"error": "Not available in this test."}


@dataclass(kw_only=True, slots=True)
class Thread:
    """A conversation. `calls` are all calls made so far, `evidence` the results that were values."""

    agent: str = "clew-analyst"
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    offered: Sequence[str] = ALL
    built_in: frozenset[str] = frozenset()
    brain: Brain = field(default_factory=RuleBrain)
    entries: list[Json] = field(default_factory=list[Json])
    steps: list[list[Call]] = field(default_factory=list[list[Call]])
    evidence: list[Json] = field(default_factory=list[Json])
    executions: list[Execution] = field(default_factory=list[Execution])

    def ask(self, text: str, schema: str = "") -> str:
        """Say something, answer the calls, and return the message that comes of it."""
        self.entries.append({"type": "message.input", "id": "in", "content": text})
        self.steps = []
        for _ in range(6):
            situation = Situation(
                agent=self.agent,
                functions={name: {"properties": {"symbol": {}}} for name in self.offered},
                built_in=self.built_in,
                schema=schema,
                entries=list(self.entries),
            )
            outputs = self.brain.think(situation)
            self.executions += [output for output in outputs if isinstance(output, Execution)]
            calls = [output for output in outputs if isinstance(output, Call)]
            if not calls:
                said = "".join(output.text for output in outputs if isinstance(output, Say))
                self.entries.append({"type": "message.output", "id": "out", "content": said})
                return said
            self.steps.append(calls)
            self._answer(calls)
        raise AssertionError("the rules never came to an end")

    @property
    def called(self) -> list[tuple[str, Json]]:
        """The calls since the last question."""
        return [(call.name, dict(call.arguments)) for step in self.steps for call in step]

    def _answer(self, calls: Sequence[Call]) -> None:
        for call in calls:
            key = f"call{len(self.entries)}"
            value = self.tools.get(call.name, unavailable)(call.arguments)
            if "error" not in value:
                self.evidence.append({"tool": call.name, "arguments": call.arguments, "result": value})
            self.entries.append(
                {
                    "type": "function.call",
                    "id": key,
                    "tool_call_id": key,
                    "name": call.name,
                    "arguments": json.dumps(call.arguments),
                }
            )
            self.entries.append({"type": "function.result", "tool_call_id": key, "result": json.dumps(value)})
