"""The research team by rules: plan, findings, report, verdict, revision."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from bot.sandbox.brain.checking import known, unsupported
from bot.sandbox.brain.wording import NO_MODEL, folded
from tests.bot.sandbox.market import everything, sample
from tests.bot.sandbox.thread import Thread, Tool

Json = dict[str, Any]

PLAN = "Symbol: {symbol}\nCompany: {company}\nQuestion: {question}\nToday: 2026-11-24"
TASK = "Symbol: {symbol}\nCompany: {company}\nObjective: overview\nPeers: {peers}\nToday: 2026-11-24"


def researched(
    tools: dict[str, Tool], *, symbol: str = "AAPL", company: str = "Apple Inc.", peers: str = "MSFT"
) -> tuple[str, list[Json]]:
    """The writer's task and the evidence in it, gathered by the three specialists."""
    findings: list[str] = []
    evidence: list[Json] = []
    for role in ("prices", "fundamentals", "risk"):
        thread = Thread(agent=f"clew-{role}", tools=tools)
        text = thread.ask(TASK.format(symbol=symbol, company=company, peers=peers))
        findings.append(f"### {role}\n\n{text}")
        evidence += thread.evidence
    question = f"Symbol: {symbol}\nCompany: {company}\nQuestion: A report.\nToday: 2026-11-24"
    joined = "\n\n".join(findings)
    return f"{question}\n\n## Findings\n\n{joined}\n\n## Tool results\n\n{fenced(evidence)}", evidence


def fenced(value: object) -> str:
    return f"```json\n{json.dumps(value)}\n```"


def verdict(report: Json, evidence: list[Json]) -> Json:
    text = f"Symbol: AAPL\n\n## Report\n\n{fenced(report)}\n\n## Tool results\n\n{fenced(evidence)}"
    return cast("Json", json.loads(Thread(agent="clew-verifier").ask(text, "Verdict")))


@pytest.fixture(scope="module")
def rich() -> tuple[Json, list[Json]]:
    task, evidence = researched(everything())
    return json.loads(Thread().ask(task, "Report")), evidence


@pytest.fixture(scope="module")
def sparse() -> tuple[Json, list[Json]]:
    task, evidence = researched(sample())
    return json.loads(Thread().ask(task, "Report")), evidence


def body(report: Json, title: str) -> str:
    return next((str(part["body"]) for part in report["sections"] if part["title"] == title), "")


def test_a_plan_takes_its_peers_from_the_question_and_makes_up_none() -> None:
    asked = PLAN.format(symbol="AAPL", company="Apple Inc.", question="How risky is it against MSFT and IBM?")
    plan = json.loads(Thread(agent="clew-planner").ask(asked, "Plan"))
    assert (plan["symbol"], plan["company"], plan["peers"]) == ("AAPL", "Apple Inc.", ["MSFT", "IBM"])
    assert plan["queries"] == ["Apple Inc. news 2026"]
    assert "price development" in plan["focus"]
    bare = json.loads(Thread().ask(PLAN.format(symbol="AAPL", company="-", question=""), "Plan"))
    assert (bare["company"], bare["peers"]) == ("AAPL", [])
    assert len(bare["focus"]) == 4


def test_a_search_says_that_there_is_no_web_and_cites_nothing() -> None:
    thread = Thread(agent="clew-search", built_in=frozenset({"web_search"}), offered=())
    text = thread.ask("Symbol: AAPL\nCompany: Apple\nQuery: Apple lawsuits 2026\nToday: 2026-11-24")
    assert [(run.name, run.arguments) for run in thread.executions] == [
        ("web_search", {"query": "Apple lawsuits 2026"})
    ]
    assert "no web access" in text
    assert 'Not found: web sources on "Apple lawsuits 2026".' in text
    assert "http" not in text


@pytest.mark.parametrize(
    ("role", "tools"),
    [
        ("prices", {"get_quote", "get_price_history", "draw_price_chart", "compare_symbols"}),
        ("fundamentals", {"get_company_profile", "get_financials", "get_valuation", "get_earnings"}),
        ("risk", {"get_price_history", "compare_symbols", "get_options_summary", "get_analyst_views"}),
    ],
)
def test_a_specialist_asks_its_tools_in_one_step_and_names_what_is_missing(role: str, tools: set[str]) -> None:
    thread = Thread(agent=f"clew-{role}", tools=sample())
    text = thread.ask(TASK.format(symbol="AAPL", company="Apple Inc.", peers="MSFT, IBM"))
    assert len(thread.steps) == 1
    assert tools <= {name for name, _ in thread.called}
    assert "Historical sample" in text
    assert text.splitlines()[-1].startswith("Not available: ")
    none = Thread(agent=f"clew-{role}", offered=()).ask(TASK.format(symbol="AAPL", company="A", peers="none"))
    assert none == "Not available: No tool for this was on offer."


def test_a_report_has_a_headline_a_summary_sections_metrics_follow_ups_and_gaps(rich: tuple[Json, list[Json]]) -> None:
    report, _ = rich
    assert report["headline"] == "Apple Inc. (AAPL): +31.0 % from 2023-12-29 to 2024-12-30, last close 252.20 USD"
    summary = report["summary"]
    assert summary.startswith("Historical sample, not live data")
    assert "; companies as listed" in summary
    assert "above both its 50-day and its 200-day average" in summary
    assert "moderate for a share" in summary
    assert summary.endswith(NO_MODEL)
    titles = [part["title"] for part in report["sections"]]
    assert titles[:3] == ["Price", "Risk", "Business"]
    assert {"Results", "Valuation", "Expectations", "Comparison", "Ownership", "Options", "News"} <= set(titles)
    assert 4 <= len(report["key_metrics"]) <= 8
    assert all(metric["as_of"] and metric["source"] for metric in report["key_metrics"])
    assert len(report["follow_ups"]) == 3
    assert all(len(text) <= 70 for text in report["follow_ups"])


def test_every_kind_of_result_is_told_with_its_figures(rich: tuple[Json, list[Json]]) -> None:
    report, _ = rich
    assert "| Total revenue | 430.5 billion USD | 416.2 billion USD |" in body(report, "Results")
    assert "| Net income | 115.3 billion USD | not known |" in body(report, "Results")
    assert "- **Price-earnings, trailing:** 31.23" in body(report, "Valuation")
    assert "1.85 USD (1.76 USD expected, +5.1 %)" in body(report, "Expectations")
    assert "their opinion:** 5 strong buy, 20 buy" in body(report, "Expectations")
    assert "27.5 %" in body(report, "Options")
    assert "Big Fund:** 8.9 %" in body(report, "Ownership")
    assert "[Apple (sues) somebody](https://paper.example/a)" in body(report, "News")
    metric = next(metric for metric in report["key_metrics"] if metric["label"] == "Market value")
    assert metric == {
        "label": "Market value",
        "value": "3812.7 billion",
        "as_of": "2026-11-23",
        "currency": "USD",
        "source": "Test exchange",
    }


def test_returns_over_different_windows_are_not_put_into_one_table(sparse: tuple[Json, list[Json]]) -> None:
    table = body(sparse[0], "Comparison")
    assert "| AAPL | 252.20 USD | 2024-12-30 |" in table
    assert "Return" not in table


def test_what_is_missing_is_named_with_its_reason(sparse: tuple[Json, list[Json]]) -> None:
    report, _ = sparse
    [refused] = [gap for gap in report["gaps"] if gap.startswith("Not available in sample mode: ")]
    assert {"AAPL's income statement", "news about AAPL"} <= set(refused.partition(": ")[2].rstrip(".").split("; "))
    assert not any("get_" in gap for gap in report["gaps"])
    assert "Valuation" not in [part["title"] for part in report["sections"]]


def test_what_is_missing_is_folded_by_its_reason() -> None:
    told = ["Not available here: a.", "It rained.", "Not available here: b; c.", "It rained.", "Not available here: a."]
    assert folded(told) == ["Not available here: a; b; c.", "It rained."]
    long = folded(f"Not available here: {number} {'x' * 90}." for number in range(9))
    assert len(long) > 1
    assert all(len(line) <= 400 and line.startswith("Not available here: ") for line in long)


@pytest.mark.parametrize(("symbol", "peer"), [("AAPL", None), ("MSFT", "IBM"), ("IBM", "MSFT"), ("GOOG", "MSFT")])
def test_a_comparison_is_suggested_only_with_a_company_of_the_same_sample(symbol: str, peer: str | None) -> None:
    task, _ = researched(sample(), symbol=symbol, company=symbol, peers="none")
    report = json.loads(Thread().ask(task, "Report"))
    compared = [text for text in report["follow_ups"] if text.startswith("Compare")]
    assert compared == ([] if peer is None else [f"Compare {symbol} with {peer}"])
    assert len(report["follow_ups"]) == 3


def test_a_company_without_prices_still_gets_a_report() -> None:
    task, _ = researched(sample(), symbol="NVDA", company="NVIDIA")
    report = json.loads(Thread().ask(task, "Report"))
    assert report["headline"] == "NVIDIA (NVDA): what is known without price data"
    assert "semiconductors" in body(report, "Business").lower()
    assert any("Prices of NVDA" in gap for gap in report["gaps"])
    assert report["key_metrics"] == []


def test_a_report_without_any_evidence_says_so() -> None:
    head = "Symbol: AAPL\nCompany: Apple\nQuestion: x\nToday: y"
    task = f"{head}\n\n## Findings\n\nnone\n\n## Tool results\n\n{fenced([])}"
    report = json.loads(Thread().ask(task, "Report"))
    assert report["headline"] == "Apple (AAPL): no data was found"
    assert "nothing to report on" in report["summary"]
    assert report["sections"] == []


@pytest.mark.parametrize("which", ["rich", "sparse"])
def test_every_figure_of_a_report_stands_in_its_evidence(which: str, request: pytest.FixtureRequest) -> None:
    report, evidence = cast("tuple[Json, list[Json]]", request.getfixturevalue(which))
    said = verdict(report, evidence)
    assert said["problems"] == []
    assert said["supported"] is True
    assert NO_MODEL in said["note"]


@pytest.mark.parametrize(
    ("old", "new", "claim"),
    [
        ("252.20 USD", "262.20 USD", "262.20"),
        ("+31.0 %", "+41.0 %", "+41.0 %"),
        ("2023-12-29", "2022-12-29", "2022-12-29"),
        ("430.5 billion", "530.5 billion", "530.5 billion"),
        ("moderate for a share", "moderate; you should buy", "you should buy"),
    ],
)
def test_a_changed_figure_date_or_a_piece_of_advice_is_a_problem(
    rich: tuple[Json, list[Json]], old: str, new: str, claim: str
) -> None:
    report, evidence = rich
    wrong = json.loads(json.dumps(report).replace(old, new))
    said = verdict(wrong, evidence)
    assert said["supported"] is False
    assert claim in [problem["claim"] for problem in said["problems"]]


def test_a_note_that_is_not_told_is_a_problem(sparse: tuple[Json, list[Json]]) -> None:
    report, evidence = sparse
    said = verdict({**report, "summary": "All is well."}, evidence)
    assert [problem["claim"] for problem in said["problems"]] == ["the summary"]


def test_a_revision_takes_the_claims_out_and_keeps_the_rest() -> None:
    task, evidence = researched(everything())
    thread = Thread()
    report = json.loads(thread.ask(task, "Report"))
    wrong = json.loads(json.dumps(report).replace("+31.0 %", "+41.0 %"))
    thread.entries[-1]["content"] = json.dumps(wrong)
    problems = "- +41.0 %: no tool result shows this figure\n- 24.3 %: no tool result shows this figure"
    text = f"The report has problems. Write it again, whole, without them.\n\n## Problems\n\n{problems}"
    revised = json.loads(thread.ask(text, "Report"))
    assert "+41.0 %" not in json.dumps(revised)
    assert revised["headline"] == "Apple Inc. (AAPL)"
    assert NO_MODEL in revised["summary"]
    assert "Volatility was" in revised["summary"]
    assert body(revised, "Business") == body(report, "Business")
    assert "taken out" in revised["gaps"][-1]
    assert verdict(revised, evidence)["supported"] is True


def test_a_follow_up_is_answered_from_the_report() -> None:
    task, _ = researched(everything())
    thread = Thread(tools=everything())
    thread.ask(task, "Report")
    answer = thread.ask("Why is the drawdown so deep?")
    assert thread.called == []
    assert "deepest fall was -15.5 %" in answer
    assert "`get_price_history`: as of 2024-12-30" in answer
    assert "not why" in answer
    thread.ask("What dividends has it paid?")
    assert thread.called == [("get_dividends_and_splits", {"symbol": "AAPL"})]


def test_figures_are_found_up_to_rounding_and_scale() -> None:
    facts = known(
        [{"price": 252.196, "cap": 3.8127e12, "fall": -15.46, "as_of": "2024-12-30", "text": "166,000 (2025)"}]
    )
    fine = (
        "252.20 USD, 252.2, 3812.7 billion, 3.8 trillion, -15.5 %, 15 %, 2024-12-30, 2024, 166,000, 50-day, 5 years, 3"
    )
    assert unsupported(fine, facts) == []
    assert unsupported("252.30, 3.9 trillion, 16.5 %, 2024-12-31", facts) == [
        "2024-12-31",
        "252.30",
        "3.9 trillion",
        "16.5 %",
    ]


def test_an_unknown_schema_gets_an_empty_object() -> None:
    assert Thread().ask("anything", "Poem") == "{}"
