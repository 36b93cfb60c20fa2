"""A research team that says what a test tells it to, so that a whole report takes a fraction of a second."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.brain.protocol import Call, Page, Prompted, Reply
from bot.sandbox.ledger import Record
from mcp_server.market_data import NotAvailable
from tests.support.sandbox import RunningSandbox
from tests.support.stack import Stack

Json = dict[str, Any]

QUOTE = Call(name="get_quote", arguments={"symbol": "AAPL"})
CLOSE = "252.20 USD"
"""Of the sample data's last day."""


def report(summary: str = "Apple makes phones.", **more: Any) -> Json:
    """A report that states nothing else."""
    empty: Json = {"headline": "Apple", "sections": [], "key_metrics": [], "follow_ups": [], "gaps": []}
    return {**empty, "summary": summary, **more}


def metric(value: str, label: str = "Last close") -> Json:
    """A key metric."""
    return {"label": label, "value": value, "as_of": "2024-12-30", "currency": "USD", "source": "test"}


def objection(claim: str) -> Json:
    """A verdict with one problem."""
    return {"supported": False, "problems": [{"claim": claim, "reason": "No result says so."}], "note": ""}


@dataclass(kw_only=True)
class Team:
    """Says what it is told. `calls` are made once per branch by whom they belong to; the last report is repeated."""

    queries: tuple[str, ...] = ()
    reports: list[Json] = field(default_factory=lambda: [report()])
    verdict: Json = field(default_factory=lambda: {"supported": True, "problems": [], "note": ""})
    calls: dict[str, tuple[Call, ...]] = field(default_factory=dict[str, tuple[Call, ...]])
    cited: tuple[Page, ...] = ()
    findings: str = "Findings of {role}."
    _written: int = 0

    def reply(self, prompted: Prompted) -> Reply:
        """Calls, a finding or a document."""
        role = prompted.agent_name.removeprefix("clew-")
        wanted = self.calls.get(role, ())
        if wanted and all(entry["type"] != "function.call" for entry in prompted.entries):
            return Reply(calls=wanted)
        match prompted.schema:
            case "Plan":
                plan: Json = {"symbol": "AAPL", "company": "Apple", "objective": "", "peers": [], "focus": []}
                return Reply(text=json.dumps({**plan, "queries": self.queries}))
            case "Report":
                self._written += 1
                return Reply(text=json.dumps(self.reports[min(self._written, len(self.reports)) - 1]))
            case "Verdict":
                return Reply(text=json.dumps(self.verdict))
            case _:
                return Reply(text=self.findings.format(role=role), cited=self.cited if role == "search" else ())


def enlist(stack: Stack, **changes: Any) -> Team:
    """Let a team work in this stack. No chart is drawn: that takes longer than everything else."""
    team = Team(**changes)
    stack.sandbox.engine._brain = team  # pyright: ignore[reportPrivateUsage] - a model of the test's own
    stack.market.fail(NotAvailable("no prices"), "history")
    return team


def told(steps: Iterable[Record]) -> str:
    """All that was said to a model in these steps, and all that tools told it."""
    entries = (entry for step in steps for entry in step.applied)
    return "\n".join(str(entry.get("content") or entry.get("result") or "") for entry in entries)


def written(sandbox: RunningSandbox, schema: str) -> list[Record]:
    """The steps that asked for a document, oldest first."""
    return [step for step in sandbox.steps() if step.schema == schema]
