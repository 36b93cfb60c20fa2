"""Typical conversations, played on a running stack, whose histories are kept and replayed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tests.support.stack import Stack
from tests.workflows.people import BETA, BOND, DIVIDEND, ask_and_hold, at_rest, delete, placeholder, send
from workflows import identity
from workflows.contracts import OpenThreadRequest, Research
from workflows.pausing import TemporalHold

Scene = Callable[[Stack], Awaitable[tuple[str, ...]]]
"""Plays a conversation and gives the ids of the workflows that took part."""


async def follow_ups(stack: Stack) -> tuple[str, ...]:
    """A question with tools, and two without."""
    thread, _ = await stack.ask("What is AAPL's last close?")
    for text in (DIVIDEND, BETA):
        await stack.ask(text, thread)
    return await _conversation(stack, thread)


async def report(stack: Stack) -> tuple[str, ...]:
    """A report in its thread."""
    thread = stack.thread()
    key = await send(stack, thread, "/research AAPL", research=Research(symbol="AAPL"))
    await stack.outcome(thread, key)
    conversation = await _conversation(stack, thread)
    return (*conversation, f"{conversation[0]}:research:{key}:1")


async def retries(stack: Stack) -> tuple[str, ...]:
    """A second attempt, and one that is refused."""
    thread, first = await stack.ask(BOND)
    await stack.retry(thread)
    await stack.outcome(thread, first.key, attempt=2)
    await stack.ask(DIVIDEND, thread)
    request = await stack.retry(thread, answer=first.key)
    await placeholder(stack, thread, f"notice:{request}")
    return await _conversation(stack, thread)


async def stops_and_a_queue(stack: Stack) -> tuple[str, ...]:
    """Three wait: one is stopped, one deleted, one answered; the one in front is stopped."""
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    stopped, deleted, waiting = [await send(stack, thread, text) for text in (DIVIDEND, DIVIDEND, BETA)]
    await placeholder(stack, thread, waiting)
    await stack.stop(thread, answer=stopped)
    await delete(stack, thread, deleted)
    await stack.stop(thread, answer=running)
    await stack.outcome(thread, stopped)
    await stack.sandbox.clear()
    await stack.outcome(thread, waiting)
    return await _conversation(stack, thread)


async def failures(stack: Stack) -> tuple[str, ...]:
    """A refusal, a fork after a broken stream, a lost acknowledgement, a wait."""
    await stack.sandbox.fault(kind="status", status=400)
    thread, _ = await stack.ask(BOND)
    await stack.sandbox.fault(kind="cut")
    await stack.ask(DIVIDEND, thread)
    stack.store.set_fault(operation="post", kind="lose_ack")
    await stack.sandbox.fault(kind="status", status=429, retry_after=1)
    await stack.ask(BETA, thread)
    return await _conversation(stack, thread)


async def parked(stack: Stack) -> tuple[str, ...]:
    """A thread that is gone for a while."""
    thread, _ = await stack.ask(BOND)
    await at_rest(stack, thread)
    stack.store.set_fault(operation="post", kind="gone")
    key = await send(stack, thread, DIVIDEND)
    await at_rest(stack, thread)
    await stack.retry(thread)
    await stack.outcome(thread, key, attempt=2)
    return await _conversation(stack, thread)


async def continued(stack: Stack) -> tuple[str, ...]:
    """As long as it takes to continue as new, with a question waiting."""
    thread = stack.thread()
    handle = stack.conversation(thread)
    await send(stack, thread, BOND)
    first = (await handle.describe()).run_id
    while (await handle.describe()).run_id == first:
        for text in (DIVIDEND, BETA):
            last = await send(stack, thread, text)
        await stack.outcome(thread, last)
    return await _conversation(stack, thread)


async def opened(stack: Stack) -> tuple[str, ...]:
    """A slash command's thread."""
    request = OpenThreadRequest(
        platform="terminal",
        workspace=stack.session.asker.user,
        channel="terminal",
        request="command-1",
        asker=stack.session.asker,
        text=BOND,
    )
    await stack.session.inbox.open(request)
    thread = (await stack.session.inbox.opened(request)).thread
    await stack.outcome(thread, request.request)
    return (identity.opening_id(request), *await _conversation(stack, thread))


async def usage(stack: Stack) -> tuple[str, ...]:
    """Two threads of one asker, one ledger."""
    for text in (BOND, DIVIDEND):
        thread, _ = await stack.ask(text)
        await at_rest(stack, thread)
        await stack.ask(BETA, thread)
        await at_rest(stack, thread)
    return (identity.usage_id("terminal", stack.session.asker.user, stack.session.asker),)


async def cancelled(stack: Stack) -> tuple[str, ...]:
    """An operator ends it while one question runs and another waits."""
    thread = stack.thread()
    await ask_and_hold(stack, thread)
    waiting = await send(stack, thread, DIVIDEND)
    await placeholder(stack, thread, waiting)
    handle = stack.conversation(thread)
    await handle.cancel()
    await stack.outcome(thread, waiting)
    return (handle.id,)


async def pauses(stack: Stack) -> tuple[str, ...]:
    """A question waits for the end of a pause; another one is stopped while it does."""
    hold = TemporalHold(stack.client)
    await hold.pause("terminal:root", "Mistral is down")
    thread = stack.thread()
    stopped = await send(stack, thread, BOND)
    await stack.working(thread, stopped)
    await stack.stop(thread, answer=stopped)
    waiting = await send(stack, thread, DIVIDEND)
    await stack.working(thread, waiting)
    await hold.resume("terminal:root")
    await stack.outcome(thread, waiting)
    await stack.client.get_workflow_handle(identity.HOLD).result()
    return (*await _conversation(stack, thread), identity.HOLD)


SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (
        follow_ups,
        report,
        retries,
        stops_and_a_queue,
        failures,
        parked,
        continued,
        opened,
        usage,
        cancelled,
        pauses,
    )
}


async def _conversation(stack: Stack, thread: str) -> tuple[str, ...]:
    await at_rest(stack, thread)
    return (stack.conversation(thread).id,)
