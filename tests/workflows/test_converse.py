"""Whole questions, and what goes wrong between a turn, the model and the tools: one plain answer, nothing twice."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from bot.sandbox.brain.protocol import Call, Prompted, Reply
from mcp_server.market_data import Outage, RateLimited
from tests.support.market import RunningMarket
from tests.support.sandbox import until
from tests.support.stack import Stack
from tests.workflows.histories import attempts, scheduled
from workflows.contracts import Answer, AnswerState
from workflows.mcp_client import ToolTimeouts
from workflows.mistral import Timeouts
from workflows.sentences import NO_ANSWER, REBUILT, sentence, stopped_after_steps

PRICE = "What is AAPL's last close?"
CLOSE = "252.2"
"""Of the sample data's last day."""


def branch_of(stack: Stack) -> str:
    """The one branch that is left of the thread's conversation."""
    [branch] = stack.sandbox.branches(agent="clew-analyst")
    return branch.id


def results(stack: Stack) -> list[str]:
    """What the model was told by tools."""
    return [str(entry["result"]) for entry in stack.sandbox.entries(branch_of(stack), "function.result")]


async def settled(stack: Stack, *, branches: int = 1) -> None:
    """Wait until a turn's books are closed and the branches that nobody refers to are gone."""
    await until(lambda: len(stack.sandbox.branches(agent="clew-analyst")) == branches)


def assert_answered_once(stack: Stack, answer: Answer, question: str = PRICE) -> None:
    assert answer.state is AnswerState.FINAL
    assert stack.posts(answer.key) == 1
    assert stack.sandbox.questions(branch_of(stack)) == [question]
    assert stack.sandbox.open_calls(branch_of(stack)) == []


# --- What people and models send -------------------------------------------------------------------------------------


async def test_a_question_of_ten_thousand_characters_is_one_question(stack: Stack) -> None:
    question = f"{PRICE} {'I really want to know. ' * 430}".strip()
    _, answer = await stack.ask(question)
    assert len(question) > 9_800
    assert_answered_once(stack, answer, question)


async def test_malformed_arguments_are_told_to_the_model_and_the_turn_goes_on(stack: Stack) -> None:
    await stack.sandbox.fault(kind="bad_arguments")
    _, answer = await stack.ask(PRICE)
    assert_answered_once(stack, answer)
    assert "not a JSON object" in results(stack)[0]


async def test_a_tools_refusal_is_told_to_the_model_in_the_tools_words(stack: Stack) -> None:
    _, answer = await stack.ask("What is the price of $ZZQQ?")
    assert answer.state is AnswerState.FINAL
    assert all("error" in json.loads(result) for result in results(stack))
    assert "pydantic" not in "".join(results(stack))


async def test_an_empty_reply_is_asked_for_again_on_a_fork_that_does_not_hold_it(stack: Stack) -> None:
    await stack.sandbox.fault(kind="empty", holding="get_quote")
    await stack.sandbox.fault(kind="nothing", on="append")
    _, answer = await stack.ask(PRICE)
    await settled(stack)
    assert_answered_once(stack, answer)


async def test_a_model_that_says_nothing_thrice_is_a_plain_failure(stack: Stack) -> None:
    await stack.sandbox.fault(kind="empty", times=0)
    thread, answer = await stack.ask(PRICE)
    assert (answer.state, answer.text) == (AnswerState.FAILED, sentence("empty_output"))
    assert len(stack.sandbox.steps()) == 3
    await stack.sandbox.clear()
    _, later = await stack.ask(PRICE, thread)
    await settled(stack)
    assert_answered_once(stack, later)


async def test_an_endless_tool_loop_stops_at_the_limit_says_so_and_leaves_the_branch(idle_stack: Stack) -> None:
    await idle_stack.sandbox.fault(kind="endless_tools")
    async with idle_stack.worker(clew_max_tool_steps=2):
        thread, answer = await idle_stack.ask(PRICE)
        assert (answer.state, answer.text) == (AnswerState.FINAL, NO_ANSWER)
        assert answer.notices == (stopped_after_steps(2),)
        # The question, two rounds of results, and once more to say that there are no more.
        assert len(idle_stack.sandbox.steps()) == 4
        await idle_stack.sandbox.clear()
        _, later = await idle_stack.ask(PRICE, thread)
    assert_answered_once(idle_stack, later)


class Greedy:
    """A model that calls many tools at once, then the same one again, then answers."""

    def reply(self, prompted: Prompted) -> Reply:
        """Calls, by the number of results so far."""
        told = sum(entry["type"] == "function.result" for entry in prompted.entries)
        if told == 0:
            periods = ("5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "max", "ytd")
            several = [{"symbol": symbol, "period": period} for symbol in ("AAPL", "MSFT") for period in periods]
            return Reply(calls=tuple(Call(name="get_price_history", arguments=dict(one)) for one in several))
        if told == 20:
            again: dict[str, object] = {"period": "5d", "symbol": "AAPL"}
            return Reply(calls=(Call(name="get_price_history", arguments=again), Call(name="n" * 500, arguments={})))
        return Reply(text="That was enough.")


@pytest.mark.campaign
async def test_too_many_calls_are_refused_and_the_same_call_twice_is_made_once(stack: Stack) -> None:
    stack.sandbox.engine._brain = Greedy()  # pyright: ignore[reportPrivateUsage] - a model of this test's own
    thread, answer = await stack.ask(PRICE)
    assert_answered_once(stack, answer)
    told = results(stack)
    assert sum("Too many calls at once" in result for result in told) == 4
    assert told[20] == told[0]
    # Sixteen of the first twenty, and the one that has no such tool: a tool that is slow may be asked twice for one.
    assert await scheduled(stack.client, stack.conversation(thread).id, "call_tool") == 17
    assert "You have no such tool" in told[21]


# --- Tools -----------------------------------------------------------------------------------------------------------


async def test_a_rate_limit_of_the_provider_is_waited_out_and_nothing_is_asked_meanwhile(stack: Stack) -> None:
    stack.market.fail(RateLimited("slow down", retry_after=0.6), "quote", times=1)
    _, answer = await stack.ask(PRICE)
    assert_answered_once(stack, answer)
    assert CLOSE in answer.text
    asked = [at for (name, _), at in zip(stack.market.calls, stack.market.times, strict=True) if name == "quote"]
    assert len(asked) == 2
    assert all(later - earlier >= 0.6 for earlier, later in pairwise(asked))


async def test_an_outage_of_the_provider_is_waited_out(stack: Stack) -> None:
    stack.market.fail(Outage("away"), "quote", times=2)
    _, answer = await stack.ask(PRICE)
    assert_answered_once(stack, answer)
    assert CLOSE in answer.text


async def test_after_its_share_of_the_deadline_the_answer_says_what_is_missing(idle_stack: Stack) -> None:
    idle_stack.market.fail(Outage("away"), "quote")
    async with idle_stack.worker(clew_turn_deadline=4.0):
        _, answer = await idle_stack.ask(PRICE)
    assert_answered_once(idle_stack, answer)
    assert "cannot be reached" in results(idle_stack)[0]
    assert CLOSE not in answer.text


async def test_a_call_that_hangs_is_made_again(idle_stack: Stack) -> None:
    idle_stack.market.hang("quote")
    async with idle_stack.worker(tool_timeouts=ToolTimeouts(call=0.8)):
        _, answer = await idle_stack.ask(PRICE)
    assert_answered_once(idle_stack, answer)
    assert CLOSE in answer.text


async def test_a_tool_server_that_is_down_when_a_turn_begins_is_waited_for(stack: Stack) -> None:
    await stack.tools.down()
    thread = stack.thread()
    key = await stack.say(thread, PRICE)
    workflow = stack.conversation(thread).id
    await until(lambda: stack.answer(thread, key) is not None)
    while await attempts(stack.client, workflow, "begin_turn") < 2:
        pass
    await stack.tools.up()
    assert_answered_once(stack, await stack.outcome(thread, key))


async def test_a_tool_server_that_stays_down_is_named_when_the_time_is_up(idle_stack: Stack) -> None:
    await idle_stack.tools.down()
    async with idle_stack.worker(clew_turn_deadline=1.0):
        _, answer = await idle_stack.ask(PRICE)
        assert (answer.state, answer.text) == (AnswerState.FAILED, sentence("tools_down"))
        thread, key = await idle_stack.research("AAPL")
        assert (await idle_stack.outcome(thread, key)).text == sentence("tools_down")
    assert idle_stack.sandbox.steps() == []


async def test_a_tool_server_that_goes_down_in_the_middle_of_a_turn_is_waited_for(stack: Stack) -> None:
    await stack.sandbox.fault(kind="hold")
    thread = stack.thread()
    key = await stack.say(thread, PRICE)
    await until(lambda: stack.sandbox.board.waiting == 1)
    await stack.tools.down()
    stack.sandbox.board.release()
    while await attempts(stack.client, stack.conversation(thread).id, "call_tool") < 2:
        pass
    await stack.tools.up()
    answer = await stack.outcome(thread, key)
    assert_answered_once(stack, answer)
    assert CLOSE in answer.text


async def test_a_tool_list_that_changes_in_the_middle_of_a_turn_is_refused(
    idle_stack: Stack, market_server: RunningMarket
) -> None:
    def get_quote_cheaper(symbol: str) -> str:
        """A tool that was not there when the question was asked."""
        return symbol

    await idle_stack.sandbox.fault(kind="hold")
    async with idle_stack.worker(tool_timeouts=ToolTimeouts(fresh=0.0)):
        thread = idle_stack.thread()
        key = await idle_stack.say(thread, PRICE)
        await until(lambda: idle_stack.sandbox.board.waiting == 1)
        market_server.server.add_tool(get_quote_cheaper)
        try:
            idle_stack.sandbox.board.release()
            answer = await idle_stack.outcome(thread, key)
        finally:
            market_server.server.remove_tool("get_quote_cheaper")
        assert_answered_once(idle_stack, answer)
        assert all("tools have changed" in result for result in results(idle_stack))
        assert not idle_stack.market.calls


# --- The model's server ----------------------------------------------------------------------------------------------


async def test_a_refused_key_is_a_sentence_and_one_request(stack: Stack) -> None:
    await stack.sandbox.fault(kind="status", status=401, times=0)
    _, answer = await stack.ask(PRICE)
    assert (answer.state, answer.text) == (AnswerState.FAILED, sentence("mistral_auth"))
    assert len(stack.sandbox.steps()) == 1


async def test_a_key_that_is_refused_while_agents_are_registered_is_the_same_sentence(stack: Stack) -> None:
    await stack.sandbox.fault(kind="status", status=403, on="agents", times=0)
    _, answer = await stack.ask(PRICE)
    assert (answer.state, answer.text) == (AnswerState.FAILED, sentence("mistral_auth"))


async def test_an_agent_that_was_deleted_is_made_again_within_the_turn(stack: Stack) -> None:
    await stack.ask("What is a bond?")
    for agent in list(stack.sandbox.store.agents):
        stack.sandbox.store.delete_agent(agent)
    thread, answer = await stack.ask(PRICE)
    assert answer.state is AnswerState.FINAL
    assert CLOSE in answer.text
    _, later = await stack.ask("And its 52-week range?", thread)
    assert later.state is AnswerState.FINAL
    assert len(stack.sandbox.store.agents) == 1


async def test_a_branch_that_is_gone_is_rebuilt_from_the_thread_and_the_answer_says_so(stack: Stack) -> None:
    thread, first = await stack.ask(PRICE)
    stack.sandbox.store.delete_conversation(branch_of(stack))
    question = "And its 52-week range?"
    _, answer = await stack.ask(question, thread)
    assert answer.state is AnswerState.FINAL
    assert REBUILT in answer.notices
    said = [(entry["role"], entry["content"]) for entry in stack.sandbox.entries(branch_of(stack), "message.input")]
    assert said == [("user", PRICE), ("assistant", first.text), ("user", question)]
    _, last = await stack.ask("And its volume?", thread)
    assert REBUILT not in last.notices


@pytest.mark.campaign
async def test_branches_that_nobody_refers_to_are_deleted_after_the_turn(idle_stack: Stack) -> None:
    faults: list[dict[str, Any]] = [
        {"kind": "cut", "on": "start"},
        {"kind": "stall", "on": "append", "keep": "inputs"},
    ]
    for fault in faults:
        await idle_stack.sandbox.fault(**fault)
    async with idle_stack.worker(timeouts=Timeouts(idle=1.0)):
        thread, answer = await idle_stack.ask(PRICE)
        await settled(idle_stack)
        assert_answered_once(idle_stack, answer)
        await idle_stack.sandbox.fault(kind="reset", when="after", on="append")
        _, later = await idle_stack.ask("And its volume?", thread)
        assert later.state is AnswerState.FINAL
        # The branch before the fork is where a retry would begin from.
        await settled(idle_stack, branches=2)
        await idle_stack.ask("And its 52-week range?", thread)
        await settled(idle_stack)
    assert len(idle_stack.sandbox.questions(branch_of(idle_stack))) == 3


async def test_the_tokens_of_all_steps_are_summed(stack: Stack) -> None:
    _, answer = await stack.ask(PRICE)
    assert answer.usage.calls == len(stack.sandbox.steps()) == 2
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.completion_tokens > 0
