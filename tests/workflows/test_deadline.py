"""A question may take only so long; then it says so, and the next one works."""

from __future__ import annotations

import pytest

from tests.support.stack import Stack
from tests.workflows.people import BOND, DIVIDEND, ask_and_hold, asked, send
from workflows.contracts import AnswerState, Research
from workflows.sentences import sentence


async def test_a_question_that_takes_too_long_ends_in_its_sentence_and_the_next_one_works(idle_stack: Stack) -> None:
    thread = idle_stack.thread()
    async with idle_stack.worker(clew_turn_deadline=1.0):
        late = await idle_stack.outcome(thread, await ask_and_hold(idle_stack, thread))
        assert (late.state, late.text) == (AnswerState.FAILED, sentence("deadline"))
        await idle_stack.sandbox.clear()
    async with idle_stack.worker():
        _, answer = await idle_stack.ask(DIVIDEND, thread)
    assert answer.state is AnswerState.FINAL
    assert asked(idle_stack) == [DIVIDEND]


async def test_an_outage_is_waited_out_until_the_deadline(idle_stack: Stack) -> None:
    thread = idle_stack.thread()
    await idle_stack.sandbox.fault(kind="status", status=429, retry_after=600, times=0)
    async with idle_stack.worker(clew_turn_deadline=1.0):
        late = await idle_stack.outcome(thread, await send(idle_stack, thread, BOND))
    assert (late.state, late.text) == (AnswerState.FAILED, sentence("deadline"))


@pytest.mark.campaign
async def test_research_that_takes_too_long_lets_go_of_what_it_runs(idle_stack: Stack) -> None:
    thread = idle_stack.thread()
    await idle_stack.sandbox.fault(kind="hold", agent="clew-planner")
    async with idle_stack.worker(clew_turn_deadline=3.0):
        key = await send(idle_stack, thread, "/research AAPL", research=Research(symbol="AAPL"))
        late = await idle_stack.outcome(thread, key)
        assert (late.state, late.text) == (AnswerState.FAILED, sentence("deadline"))
        child = f"{idle_stack.conversation(thread).id}:research:{key}:1"
        result = await idle_stack.client.get_workflow_handle(child).result()
    assert result["failure"] == "stopped"
