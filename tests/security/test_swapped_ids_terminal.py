"""Ids never authorise (S8), at a terminal: a thread's id opens nothing to another person of the machine."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable

import pytest
from rich.console import Console

from bot.chat import NoConversation, open_inbox
from bot.terminal.desk import TerminalSession
from tests.support.stack import Stack
from workflows.contracts import AnswerState, IncomingMessage, RetryRequest, StopRequest, ThreadRef


@pytest.mark.campaign
async def test_another_persons_thread_is_as_good_as_none(idle_stack: Stack) -> None:
    stack = idle_stack
    async with stack.worker():
        thread, answer = await stack.ask("What is AAPL's last close? (ref. 482913570246)")
        inbox = await open_inbox(stack.client)
        bob = TerminalSession(
            stack.store, inbox, Console(file=io.StringIO()), blobs_dir=stack.settings.data_dir / "blobs", user="bob"
        )
        asked = len(stack.sandbox.steps())

        def gestures(ref: ThreadRef) -> list[Callable[[], Awaitable[object]]]:
            said = IncomingMessage(thread=ref, message="m1", asker=bob.asker, text="And what else did I ask?")
            return [
                lambda: inbox.follow(said),
                lambda: inbox.retry(ref, RetryRequest(request="r1", asker=bob.asker)),
                lambda: inbox.stop(ref, StopRequest(request="s1", asker=bob.asker)),
                lambda: inbox.view(ref),
            ]

        for gesture in (*gestures(bob.ref(thread)), *gestures(bob.ref("never-was"))):
            with pytest.raises(NoConversation):
                await gesture()

        assert len(stack.sandbox.steps()) == asked
        assert answer.state is AnswerState.FINAL
        assert (await inbox.view(stack.ref(thread))).turns == 1
