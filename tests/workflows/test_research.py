"""Reports: a team of which anybody may fail, and whose work is kept."""

from __future__ import annotations

import pytest

from mcp_server.market_data import Outage
from tests.support.sandbox import until
from tests.support.stack import Stack, eventually
from tests.workflows.people import BOND, asked, send
from tests.workflows.team import QUOTE, enlist, report, told, written
from workflows.contracts import AnswerState, Research
from workflows.sentences import CHART_MISSING, sentence, specialist_failed

FINAL, FAILED, STOPPED = AnswerState.FINAL, AnswerState.FAILED, AnswerState.STOPPED


# --- Which company ---------------------------------------------------------------------------------------------------


async def test_an_unknown_ticker_is_one_plain_sentence_and_no_model_is_asked(stack: Stack) -> None:
    hints = {"APPL": "Did you mean AAPL (Apple Inc.), ", "ZZQQ": "Check the spelling, or ask by company name."}
    for symbol, hint in hints.items():
        thread, key = await stack.research(symbol)
        answer = await stack.outcome(thread, key)
        assert answer.state is FAILED
        assert answer.text.startswith(f"I know no listed company with the symbol {symbol}. {hint}")
        assert "\n" not in answer.text
        assert not answer.retriable
        assert stack.posts(key) == 1
    assert stack.sandbox.steps() == []


@pytest.mark.campaign
async def test_a_ticker_is_known_however_it_is_typed(stack: Stack) -> None:
    enlist(stack)
    thread, key = await stack.research("$brk.b")
    assert (await stack.outcome(thread, key)).state is FINAL
    assert "Symbol: BRK-B" in told(written(stack.sandbox, "Plan"))


# --- Who fails -------------------------------------------------------------------------------------------------------


async def test_a_specialist_that_is_refused_is_named_and_the_work_of_the_others_is_kept(stack: Stack) -> None:
    enlist(stack, queries=("Apple news",))
    await stack.sandbox.fault(kind="status", status=422, agent="clew-risk", times=0)
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert answer.state is FINAL
    assert specialist_failed("risk") in answer.gaps
    assert len(stack.sandbox.steps(agent="clew-risk")) == 1
    task = told(written(stack.sandbox, "Report"))
    assert all(f"Findings of {role}." in task for role in ("search", "prices", "fundamentals"))
    assert "Findings of risk." not in task


@pytest.mark.campaign
async def test_a_specialist_whose_agent_is_gone_and_cannot_be_made_again_is_only_named(stack: Stack) -> None:
    enlist(stack)
    thread, key = await stack.research("AAPL")
    await stack.outcome(thread, key)
    [agent] = [key for key, found in stack.sandbox.store.agents.items() if found.config()["name"] == "clew-risk"]
    stack.sandbox.store.delete_agent(agent)
    await stack.sandbox.fault(kind="status", status=422, on="agents", times=0)
    again = await send(stack, thread, "/research AAPL", research=Research(symbol="AAPL"))
    answer = await stack.outcome(thread, again)
    assert answer.state is FINAL
    assert specialist_failed("risk") in answer.gaps


async def test_a_tool_that_stays_away_is_gone_without_after_its_share_of_the_time(idle_stack: Stack) -> None:
    enlist(idle_stack, calls={"prices": (QUOTE,)})
    idle_stack.market.fail(Outage("away"), "quote", "history")
    async with idle_stack.worker(clew_turn_deadline=9.0):
        thread, key = await idle_stack.research("AAPL")
        answer = await idle_stack.outcome(thread, key)
    assert answer.state is FINAL
    assert "cannot be reached" in told(idle_stack.sandbox.steps(agent="clew-prices"))
    assert "Findings of prices." in told(written(idle_stack.sandbox, "Report"))
    assert (answer.chart, CHART_MISSING in answer.gaps) == (None, True)


async def test_a_team_of_which_nobody_can_work_is_one_plain_sentence(stack: Stack) -> None:
    enlist(stack)
    for role in ("prices", "fundamentals", "risk"):
        await stack.sandbox.fault(kind="status", status=422, agent=f"clew-{role}", times=0)
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.text) == (FAILED, sentence("mistral_refused"))
    assert written(stack.sandbox, "Report") == []


# --- The model's server ----------------------------------------------------------------------------------------------


async def test_a_planner_whose_step_ended_in_a_5xx_is_asked_anew_on_another_branch(stack: Stack) -> None:
    enlist(stack)
    await stack.sandbox.fault(kind="status", status=503, when="after", schema="Plan")
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.notices) == (FINAL, ())
    assert [step.kind for step in written(stack.sandbox, "Plan")] == ["start", "start"]
    await until(lambda: stack.sandbox.branches(agent="clew-planner") == [])


async def test_a_refused_key_ends_the_report_at_its_first_step(stack: Stack) -> None:
    enlist(stack)
    await stack.sandbox.fault(kind="status", status=401, times=0)
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.text) == (FAILED, sentence("mistral_auth"))
    assert len(stack.sandbox.steps()) == 1


# --- A stop ----------------------------------------------------------------------------------------------------------


async def test_a_stop_while_specialists_work_asks_nobody_else(stack: Stack) -> None:
    enlist(stack)
    await stack.sandbox.fault(kind="hold", agent="clew-prices", times=0)
    await stack.sandbox.fault(kind="hold", agent="clew-risk", times=0)
    thread, key = await stack.research("AAPL")
    await until(lambda: stack.sandbox.board.waiting == 2)
    await stack.stop(thread)
    assert (await stack.outcome(thread, key)).state is STOPPED
    await stack.sandbox.clear()
    _, answer = await stack.ask(BOND, thread)
    assert answer.state is FINAL
    assert asked(stack) == [BOND]
    assert written(stack.sandbox, "Report") == written(stack.sandbox, "Verdict") == []


@pytest.mark.campaign
async def test_a_stop_while_the_report_is_written_keeps_its_text_as_people_read_it(stack: Stack) -> None:
    enlist(stack, reports=[report("Apple makes phones. " * 40)])
    await stack.sandbox.fault(kind="slow", schema="Report", token_delay=0.05)
    thread, key = await stack.research("AAPL")
    await eventually(lambda: (shown := stack.answer(thread, key)) and "phones" in shown.text, "the report streams")
    await stack.stop(thread)
    stopped = await stack.outcome(thread, key)
    assert stopped.state is STOPPED
    assert stopped.text.startswith("**Apple**\n\nApple makes phones.")
    assert "{" not in stopped.text
    assert written(stack.sandbox, "Verdict") == []


# --- Afterwards ------------------------------------------------------------------------------------------------------


@pytest.mark.campaign
async def test_a_report_that_is_tried_again_stands_once_and_is_what_follow_ups_know(stack: Stack) -> None:
    enlist(stack, reports=[report("A first report."), report("A second report.")])
    thread, key = await stack.research("AAPL")
    await stack.outcome(thread, key)
    await stack.retry(thread)
    again = await stack.outcome(thread, key, attempt=2)
    assert (again.state, again.text) == (FINAL, "A second report.")
    assert stack.posts(key) == 1
    await stack.ask(BOND, thread)
    branch = stack.sandbox.branches(agent="clew-analyst")[-1].id
    said = [entry["content"] for entry in stack.sandbox.entries(branch, "message.output")]
    assert ["A second report." in text for text in said] == [True, False]
    assert "A first report." not in "".join(said)
