"""What holds for every role: the fixed shapes, only tools on offer, the same answer to the same conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.brain.rules import RuleBrain
from bot.sandbox.brain.thought import Call, Situation
from tests.bot.sandbox.market import always, everything
from tests.bot.sandbox.test_report import PLAN, TASK, researched, verdict
from tests.bot.sandbox.thread import ALL, Thread

pytestmark = pytest.mark.campaign

Json = dict[str, Any]
SPECIALISTS = ("prices", "fundamentals", "risk")
QUESTIONS = (
    "What is AAPL's price?",
    "How did AAPL do over five years?",
    "compare AAPL and MSFT",
    "price, dividends and news of AAPL please",
    "What is the price of Apple?",
    "Why did AAPL fall last year?",
)
SOME = [*QUESTIONS[:2], *(pytest.param(question, marks=pytest.mark.campaign) for question in QUESTIONS[2:])]


class Shape(BaseModel):
    """An object of the research protocol: these fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Plan(Shape):
    symbol: str
    company: str
    objective: str
    queries: list[str] = Field(max_length=3)
    peers: list[str] = Field(max_length=3)
    focus: list[str] = Field(max_length=4)


class Section(Shape):
    title: str
    body: str


class Metric(Shape):
    label: str
    value: str
    as_of: str
    currency: str | None
    source: str


class Report(Shape):
    headline: str
    summary: str
    sections: list[Section]
    key_metrics: list[Metric]
    follow_ups: list[str] = Field(max_length=3)
    gaps: list[str]


class Problem(Shape):
    claim: str
    reason: str


class Verdict(Shape):
    supported: bool
    problems: list[Problem]
    note: str


@pytest.mark.parametrize("asked", ["", "How does AAPL compare with MSFT, IBM, GOOG and FB?", "risks of AAPL in 2024"])
def test_a_plan_has_the_fixed_shape_and_leaves_its_own_symbol_out_of_the_peers(asked: str) -> None:
    text = PLAN.format(symbol="AAPL", company="Apple Inc.", question=asked)
    plan = Plan.model_validate_json(Thread(agent="clew-planner").ask(text, "Plan"))
    assert plan.symbol == "AAPL"
    assert plan.objective
    assert len(plan.queries) == 1
    assert "AAPL" not in plan.peers


def test_a_report_and_its_verdict_have_the_fixed_shapes() -> None:
    task, evidence = researched(everything())
    text = Thread().ask(task, "Report")
    assert Report.model_validate_json(text).headline.startswith("Apple Inc. (AAPL)")
    assert Verdict.model_validate(verdict(json.loads(text), evidence)).supported is True


@pytest.mark.parametrize("role", SPECIALISTS)
def test_a_specialist_asks_once_for_tools_on_offer_and_no_others(role: str) -> None:
    text = TASK.format(symbol="AAPL", company="Apple Inc.", peers="MSFT")
    whole = Thread(agent=f"clew-{role}", tools=everything())
    whole.ask(text)
    assert len(whole.steps) == 1
    first = whole.called[0][0]
    narrow = Thread(agent=f"clew-{role}", tools=everything(), offered=(first,))
    narrow.ask(text)
    assert [name for name, _ in narrow.called] == [first]
    none = Thread(agent=f"clew-{role}", tools=everything(), offered=())
    assert none.ask(text) == "Not available: No tool for this was on offer."


@pytest.mark.parametrize("asked", SOME)
def test_no_call_is_made_twice_for_one_question(asked: str) -> None:
    thread = Thread(tools=everything())
    thread.ask(asked)
    made = [json.dumps(call, sort_keys=True) for call in thread.called]
    assert made
    assert sorted(set(made)) == sorted(made)


@pytest.mark.parametrize("asked", SOME)
def test_a_limit_on_tool_calls_ends_the_questioning(asked: str) -> None:
    limit = always({"error": "The limit of tool calls is reached."})
    thread = Thread(tools=dict.fromkeys(ALL, limit))
    assert "The limit of tool calls is reached." in thread.ask(asked)
    assert len(thread.steps) == 1


@pytest.mark.parametrize("asked", QUESTIONS)
def test_the_same_conversation_gets_the_same_answer(asked: str) -> None:
    first, second = Thread(tools=everything()), Thread(tools=everything())
    assert first.ask(asked) == second.ask(asked)
    assert first.called == second.called


@pytest.mark.parametrize("result", ["", "null", "[]", "not json", '{"rows": 3}', '{"as_of": null, "statistics": []}'])
@pytest.mark.parametrize("agent", ["clew-analyst", "clew-prices", "clew-risk", "clew-fundamentals", "somebody-else"])
def test_a_result_of_any_text_is_answered_with_words(agent: str, result: str) -> None:
    entries: list[Json] = [{"type": "message.input", "content": TASK.format(symbol="AAPL", company="Apple", peers="-")}]
    for name in ALL:
        entries.append({"type": "function.call", "tool_call_id": name, "name": name, "arguments": '{"symbol": "AAPL"}'})
        entries.append({"type": "function.result", "tool_call_id": name, "result": result})
    outputs = RuleBrain().think(Situation(agent=agent, functions={name: {} for name in ALL}, entries=entries))
    assert outputs
    assert not [output for output in outputs if isinstance(output, Call)]
