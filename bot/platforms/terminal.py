"""The terminal as a chat platform: what the worker delivers is written to a store that the terminal shows."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ParamSpec, TypeVar

from bot.platforms.terminal_records import FaultError, MessageGoneError, StoredMessage, ThreadGoneError
from bot.platforms.terminal_store import TerminalStore
from bot.platforms.terminal_values import CAPABILITIES, NAME, answer_from_data, answer_to_data, research_to_data
from bot.rendering import split_answer
from workflows.chat import Capabilities, Found, LiveMessage, Said
from workflows.contracts import OUTCOMES, Answer, MessageRef, OpenThreadRequest, ThreadRef
from workflows.errors import Ambiguous, CallError, Retriable, Terminal

P = ParamSpec("P")
R = TypeVar("R")


class TerminalPlatform:
    """Delivery into a `TerminalStore`."""

    def __init__(self, store: TerminalStore) -> None:
        self._store = store

    @property
    def name(self) -> str:
        """`terminal`."""
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        """Long parts, quick edits, no buttons."""
        return CAPABILITIES

    async def open_thread(self, request: OpenThreadRequest) -> ThreadRef:
        """Open a thread that begins with the person's command.

        If it happened and we were not told, or we run again: the store knows the request's id, and gives that thread.
        """
        thread = await _call(
            self._store.open_thread, request.request, text=request.text, research=research_to_data(request.research)
        )
        return ThreadRef(platform=NAME, workspace=request.workspace, channel=request.channel, thread=thread)

    def split(self, answer: Answer) -> Sequence[Answer]:
        """Parts of at most 12,000 characters."""
        return split_answer(answer, CAPABILITIES)

    async def post(self, thread: ThreadRef, answer: Answer) -> MessageRef:
        """Post one part under its key.

        If it happened and we were not told: Ambiguous; the key is a column, and `find` sees it at once. If we run
        again blindly: it stands twice.
        """
        message = await _call(self._store.post, thread.thread, answer.post_key, answer_to_data(answer))
        return MessageRef(thread=thread, message=message)

    async def find(self, thread: ThreadRef, key: str) -> Sequence[Found]:
        """Messages of ours under `key`, oldest first. It only reads."""
        found = await _call(self._store.find, thread.thread, key)
        return [
            Found(message=MessageRef(thread=thread, message=message), over=state in OUTCOMES)
            for message, state in found
        ]

    async def edit(self, message: MessageRef, answer: Answer) -> None:
        """Replace a message. If it happened and we were not told, or we run again: it is the same edit."""
        await _call(self._store.edit, message.message, answer_to_data(answer))

    async def delete(self, message: MessageRef) -> None:
        """Delete a message. If it happened and we were not told, or we run again: it is gone, which is a success."""
        try:
            await _call(self._store.delete, message.message)
        except Terminal as error:
            if error.code != "message_gone":
                raise

    def live(self, message: MessageRef, *, asker: str = "") -> AbstractAsyncContextManager[LiveMessage]:
        """Progress by edits that lose to any outcome of the same attempt. Run again: the last state wins."""
        return self._live(message)

    @asynccontextmanager
    async def _live(self, message: MessageRef) -> AsyncGenerator[LiveMessage]:
        yield _Live(self._store, message.message)

    async def read(self, thread: ThreadRef, *, before: str, limit: int) -> Sequence[Said]:
        """The newest `limit` messages before message `before`, oldest first. Unfinished answers are not read."""
        messages = await _call(self._store.messages, thread.thread)
        end = next((at for at, message in enumerate(messages) if message.id == before), len(messages))
        said = [_said(message) for message in messages[:end] if _spoken(message)]
        return said[-limit:] if limit > 0 else []


class _Live:
    def __init__(self, store: TerminalStore, message: str) -> None:
        self._store = store
        self._message = message

    async def show(self, answer: Answer) -> None:
        """Write the whole state."""
        await _call(self._store.edit_progress, self._message, answer_to_data(answer))

    async def landed(self) -> None:
        """A write that is cut off lands at once, and is refused by nobody."""


def _spoken(message: StoredMessage) -> bool:
    return message.author == "person" or message.state in OUTCOMES


def _said(message: StoredMessage) -> Said:
    if message.author == "person":
        return Said(message=message.id, ours=False, text=str(message.body["text"]))
    answer = answer_from_data(message.body)
    text = f"{answer.headline}\n\n{answer.text}" if answer.headline else answer.text
    return Said(message=message.id, ours=True, text=text)


async def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except (FaultError, ThreadGoneError, MessageGoneError, sqlite3.Error) as error:
        raise classify(error) from error


def classify(error: Exception) -> CallError:  # noqa: PLR0911 - one line a case
    """Everything the store can say no with, as one of the three classes."""
    match error:
        case FaultError(kind="lose_ack"):
            return Ambiguous("the acknowledgement was lost")
        case FaultError(kind="rate_limited"):
            return Retriable("rate limited", retry_after=error.retry_after)
        case FaultError(kind="too_long"):
            return Terminal("the text was refused", code="chat_text")
        case FaultError(kind="gone"):
            gone = "message_gone" if error.operation in ("edit", "delete") else "thread_gone"
            return Terminal(f"{error.operation}: it is gone", code=gone)
        case FaultError():
            return Retriable("failed before it was applied")
        case ThreadGoneError():
            return Terminal("no such thread", code="thread_gone")
        case MessageGoneError():
            return Terminal("no such message", code="message_gone")
        case sqlite3.OperationalError() if any(word in str(error) for word in ("locked", "busy", "full")):
            return Retriable("the store is busy", retry_after=0.1)
        case sqlite3.OperationalError():
            # An I/O error may come from the commit itself.
            return Ambiguous("the store did not answer")
        case _:
            return Terminal("the store cannot be used", code="chat_access")
