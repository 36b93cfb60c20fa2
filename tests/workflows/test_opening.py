"""A slash command becomes a thread, once, and its conversation starts in it."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat import NotOpened
from tests.support.stack import Stack, eventually
from tests.workflows.people import at_rest, outcomes, writes
from workflows.contracts import AnswerState, OpenThreadRequest


def command(stack: Stack, text: str = "What is a bond?") -> OpenThreadRequest:
    """A command that asks a plain question: what opens is what matters here."""
    return OpenThreadRequest(
        platform="terminal",
        workspace=stack.session.asker.user,
        channel="terminal",
        request="command-1",
        asker=stack.session.asker,
        text=text,
    )


async def test_a_command_delivered_many_times_opens_one_thread_with_one_answer(stack: Stack) -> None:
    request = command(stack)
    await asyncio.gather(*(stack.session.inbox.open(request) for _ in range(5)))
    thread = await stack.session.inbox.opened(request)
    await stack.outcome(thread.thread, request.request)
    await stack.session.inbox.open(request)
    assert await stack.session.inbox.opened(request) == thread
    assert (await at_rest(stack, thread.thread)).turns == 1
    assert len(stack.store.threads()) == 1
    assert outcomes(stack, thread.thread) == [(request.request, AnswerState.FINAL)]


async def test_an_opening_whose_acknowledgement_was_lost_is_found_again(stack: Stack) -> None:
    stack.store.set_fault(operation="open", kind="lose_ack")
    request = command(stack)
    await stack.session.inbox.open(request)
    thread = await stack.session.inbox.opened(request)
    assert (await stack.outcome(thread.thread, request.request)).state is AnswerState.FINAL
    assert len(stack.store.threads()) == 1
    assert len(writes(stack, "open")) == 1


async def test_a_command_is_kept_until_a_worker_is_there(idle_stack: Stack) -> None:
    request = command(idle_stack)
    await idle_stack.session.inbox.open(request)
    assert idle_stack.store.threads() == []
    async with idle_stack.worker():
        thread = await idle_stack.session.inbox.opened(request)
        assert (await idle_stack.outcome(thread.thread, request.request)).state is AnswerState.FINAL


async def test_a_command_whose_thread_cannot_be_opened_says_so_to_who_waits(stack: Stack) -> None:
    stack.store.set_fault(operation="open", kind="gone")
    request = command(stack)
    await stack.session.inbox.open(request)
    with pytest.raises(NotOpened):
        await stack.session.inbox.opened(request)
    assert stack.store.threads() == []


async def test_the_retry_of_an_opened_threads_first_question_stays_in_its_thread(stack: Stack) -> None:
    request = command(stack)
    await stack.session.inbox.open(request)
    thread = (await stack.session.inbox.opened(request)).thread
    await stack.outcome(thread, request.request)
    await stack.retry(thread)
    assert (await stack.outcome(thread, request.request, attempt=2)).state is AnswerState.FINAL
    await eventually(lambda: stack.posts(request.request) == 1, "one post")
