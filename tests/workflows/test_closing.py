"""What becomes of a thread whose workflow an operator cancels or terminates, and of one that meets a bug of ours."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import CancelledError

from tests.support.stack import Stack
from tests.workflows.people import BETA, BOND, DIVIDEND, ask_and_hold, outcomes, placeholder, send
from workflows.contracts import AnswerState, Research

STOPPED = AnswerState.STOPPED


async def test_a_cancelled_conversation_tells_everybody_who_waits_and_ends(stack: Stack) -> None:
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    waiting = await send(stack, thread, DIVIDEND)
    await placeholder(stack, thread, waiting)
    handle = stack.conversation(thread)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError) as ended:
        await handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert outcomes(stack, thread) == [(running, STOPPED), (waiting, STOPPED)]


async def test_an_idle_conversation_that_is_cancelled_ends_and_says_nothing(stack: Stack) -> None:
    thread, answer = await stack.ask(BOND)
    handle = stack.conversation(thread)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert outcomes(stack, thread) == [(answer.key, AnswerState.FINAL)]


async def test_a_cancellation_during_delivery_does_not_lose_the_answer(stack: Stack) -> None:
    thread = stack.thread()
    stack.store.set_fault(operation="edit", kind="delay", seconds=0.7)
    key = await send(stack, thread, BOND)
    handle = stack.conversation(thread)
    while not any(
        pending.activity_type.name == "finish_answer"
        for pending in (await handle.describe()).raw_description.pending_activities
    ):
        pass
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert outcomes(stack, thread) == [(key, AnswerState.FINAL)]


@pytest.mark.parametrize("end", ["cancel", "terminate"])
async def test_a_question_after_the_end_starts_the_conversation_anew(stack: Stack, end: str) -> None:
    thread, _ = await stack.ask(BOND)
    handle = stack.conversation(thread)
    await (handle.cancel() if end == "cancel" else handle.terminate("stuck"))
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    _, answer = await stack.ask(BETA, thread)
    assert answer.state is AnswerState.FINAL
    assert (await stack.conversation(thread).describe()).status is WorkflowExecutionStatus.RUNNING


async def test_research_that_is_terminated_ends_its_turn_in_a_sentence(stack: Stack) -> None:
    thread = stack.thread()
    await stack.sandbox.fault(kind="hold", agent="clew-planner")
    key = await send(stack, thread, "/research AAPL", research=Research(symbol="AAPL"))
    await placeholder(stack, thread, key)
    await stack.working(thread, key)
    conversation = stack.conversation(thread).id
    await stack.client.get_workflow_handle(f"{conversation}:research:{key}:1").terminate("stuck")
    failed = await stack.outcome(thread, key)
    assert (failed.state, failed.text) == (
        AnswerState.FAILED,
        "Something broke on our side, and it has been recorded.",
    )
    await stack.sandbox.clear()
    _, answer = await stack.ask(BOND, thread)
    assert answer.state is AnswerState.FINAL
