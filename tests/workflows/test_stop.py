"""Stopping: at once, wherever a turn stands, by its asker or an administrator; and the thread goes on."""

from __future__ import annotations

from tests.support.sandbox import until
from tests.support.stack import Stack, eventually
from tests.workflows.people import (
    BETA,
    BOND,
    DIVIDEND,
    ask_and_hold,
    asked,
    at_rest,
    other,
    outcomes,
    placeholder,
    send,
    writes,
)
from workflows.contracts import AnswerState, Research, StopRequest

FINAL, STOPPED = AnswerState.FINAL, AnswerState.STOPPED


async def test_a_stop_while_the_answer_streams_keeps_its_partial_text(stack: Stack) -> None:
    thread = stack.thread()
    await stack.sandbox.fault(kind="slow", token_delay=0.05)
    key = await send(stack, thread, BOND)
    await eventually(lambda: (shown := stack.answer(thread, key)) and bool(shown.text), "text streams")
    await stack.stop(thread)
    stopped = await stack.outcome(thread, key)
    assert stopped.state is STOPPED
    assert stopped.text
    await stack.ask(DIVIDEND, thread)
    assert asked(stack) == [DIVIDEND]


async def test_a_stopped_question_is_not_on_the_branch_that_the_next_one_goes_to(stack: Stack) -> None:
    thread, _ = await stack.ask(BOND)
    key = await ask_and_hold(stack, thread, BETA)
    await stack.stop(thread, answer=key)
    assert (await stack.outcome(thread, key)).state is STOPPED
    await stack.sandbox.clear()
    _, answer = await stack.ask(DIVIDEND, thread)
    assert answer.state is FINAL
    assert [step.kind for step in stack.sandbox.steps()] == ["start", "append", "restart"]
    assert asked(stack) == [BOND, DIVIDEND]


async def test_a_question_that_waits_is_stopped_without_waiting_for_the_one_before_it(stack: Stack) -> None:
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    waiting = await send(stack, thread, DIVIDEND)
    await placeholder(stack, thread, waiting)
    await stack.stop(thread, answer=waiting)
    assert (await stack.outcome(thread, waiting)).state is STOPPED
    await stack.sandbox.clear()
    await stack.outcome(thread, running)
    assert outcomes(stack, thread) == [(running, FINAL), (waiting, STOPPED)]
    rest = await at_rest(stack, thread)
    assert rest.last_turn is not None
    assert rest.last_turn.id == waiting
    await stack.retry(thread)
    assert (await stack.outcome(thread, waiting, attempt=2)).state is FINAL
    assert asked(stack) == [BOND, DIVIDEND]


async def test_a_stop_during_a_back_off_does_not_wait_for_its_end(stack: Stack) -> None:
    thread = stack.thread()
    await stack.sandbox.fault(kind="status", status=429, retry_after=600, times=0)
    for question in (BOND, DIVIDEND):
        key = await send(stack, thread, question)
        await eventually(
            lambda key=key: (
                (shown := stack.answer(thread, key)) and any("waiting until" in line.detail for line in shown.lines)
            ),
            "the wait is shown",
        )
        await stack.stop(thread)
        assert (await stack.outcome(thread, key)).state is STOPPED
    # The second one was held back by what the first was told.
    assert len(stack.sandbox.steps()) == 1


async def test_a_stop_before_the_placeholder_is_posted_is_kept(stack: Stack) -> None:
    thread = stack.thread()
    stack.store.set_fault(operation="post", kind="delay", seconds=0.5)
    key = await send(stack, thread, BOND)
    await stack.stop(thread)
    assert (await stack.outcome(thread, key)).state is STOPPED
    assert stack.posts(key) == 1
    _, answer = await stack.ask(DIVIDEND, thread)
    assert answer.state is FINAL


async def test_a_stop_reaches_into_running_research(stack: Stack) -> None:
    thread = stack.thread()
    await stack.sandbox.fault(kind="hold", agent="clew-planner")
    key = await send(stack, thread, "/research AAPL", research=Research(symbol="AAPL"))
    await until(lambda: stack.sandbox.board.waiting > 0)
    await stack.stop(thread)
    assert (await stack.outcome(thread, key)).state is STOPPED
    await stack.sandbox.clear()
    _, answer = await stack.ask(BOND, thread)
    assert answer.state is FINAL
    assert asked(stack) == [BOND]


async def test_only_the_asker_and_administrators_stop_an_answer(stack: Stack) -> None:
    thread = stack.thread()
    key = await ask_and_hold(stack, thread)
    stranger = other(stack.session.asker)
    await stack.stop(thread, asker=stranger)
    await stack.stop(thread, asker=stranger, answer=key)
    theirs = await send(stack, thread, DIVIDEND, asker=stranger)
    # Handled in order: once the second question waits, both stops were refused.
    assert (await placeholder(stack, thread, theirs)).state is AnswerState.WAITING
    shown = stack.answer(thread, key)
    assert shown is not None
    assert shown.state is AnswerState.WORKING
    await stack.stop(thread, asker=other(stack.session.asker, admin=True))
    assert (await stack.outcome(thread, key)).state is STOPPED
    await stack.sandbox.clear()
    assert (await stack.outcome(thread, theirs)).state is FINAL


async def test_a_stop_with_nothing_to_stop_changes_nothing(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await at_rest(stack, thread)
    await stack.stop(thread)
    await stack.stop(thread, answer="unknown")
    _, second = await stack.ask(DIVIDEND, thread)
    assert (first.state, second.state) == (FINAL, FINAL)
    assert len(writes(stack, "post")) == 2


async def test_a_stop_on_a_placeholder_that_we_are_not_yet_told_of_is_kept(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    old = stack.messages(thread)[0].id
    await at_rest(stack, thread)
    stack.store.set_fault(operation="post", kind="delay_ack", seconds=1.0)
    await stack.sandbox.fault(kind="hold")
    key = await send(stack, thread, DIVIDEND)
    await eventually(lambda: stack.answer(thread, key), "people see it")
    await stack.stop(thread, answer=old)
    await stack.stop(thread, answer=stack.messages(thread)[-1].id)
    assert (await stack.outcome(thread, key)).state is STOPPED
    assert outcomes(stack, thread) == [(first.key, FINAL), (key, STOPPED)]


async def test_a_stop_on_an_answer_from_before_stops_no_other(stack: Stack) -> None:
    thread, _ = await stack.ask(BOND)
    old = stack.messages(thread)[0].id
    await at_rest(stack, thread)
    stack.store.set_fault(operation="post", kind="delay_ack", seconds=0.5)
    key = await send(stack, thread, DIVIDEND)
    await eventually(lambda: stack.answer(thread, key), "people see it")
    await stack.stop(thread, answer=old)
    assert (await stack.outcome(thread, key)).state is FINAL


async def test_a_word_that_was_said_before_a_question_does_not_stop_it_however_late_it_comes(stack: Stack) -> None:
    thread, asker = stack.thread(), stack.session.asker
    await stack.sandbox.fault(kind="hold")
    key = await send(stack, thread, BOND, moment=20.0)
    await stack.working(thread, key)
    await stack.session.inbox.stop(stack.ref(thread), StopRequest(request="before", asker=asker, moment=10.0))
    await stack.sandbox.clear()
    assert (await stack.outcome(thread, key)).state is FINAL
    await stack.sandbox.fault(kind="hold")
    later = await send(stack, thread, DIVIDEND, moment=30.0)
    await stack.working(thread, later)
    await stack.session.inbox.stop(stack.ref(thread), StopRequest(request="after", asker=asker, moment=40.0))
    assert (await stack.outcome(thread, later)).state is STOPPED
