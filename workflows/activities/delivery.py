"""Delivery: durable results become posts. One activity, one platform, one unrepeatable write per part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from workflows.activities.heartbeat import heartbeating
from workflows.blobs import BlobStore
from workflows.chat import Chat
from workflows.contracts import (
    Answer,
    AnswerState,
    BlobRef,
    Done,
    FinishAnswer,
    IncomingMessage,
    Live,
    MessageRef,
    OpenThreadRequest,
    PostAnswer,
    Posted,
    ReadThread,
    ThreadRef,
    Withdraw,
)
from workflows.door import receive
from workflows.errors import CallError, Retriable, Terminal, retried_by_temporal
from workflows.sentences import sentence

_MARGIN = 2.0
"""Seconds before its own deadline at which an attempt no longer posts: its successor may already be at work."""


class DeliveryActivities:
    """Delivery to one platform."""

    def __init__(self, chat: Chat, blobs: BlobStore, client: Client, *, searchable: bool) -> None:
        self._chat = chat
        self._blobs = blobs
        self._client = client
        self._searchable = searchable

    @activity.defn(name="open_thread")
    async def open_thread(self, request: OpenThreadRequest) -> ThreadRef:
        """Open the thread of a slash command. Run again: the platform finds it by the command's id."""
        async with heartbeating():
            try:
                return await self._chat.open_thread(request)
            except CallError as error:
                raise self._out(error) from error

    @activity.defn(name="start_conversation")
    async def start_conversation(self, message: IncomingMessage) -> Done:
        """Send an opened thread's first message. Run again: the conversation knows the message's id."""
        try:
            await receive(self._client, message, searchable=self._searchable)
        except RPCError as error:
            raise self._out(Retriable("Temporal cannot be reached", code="internal")) from error
        return Done(count=1)

    @activity.defn(name="post_answer")
    async def post_answer(self, request: PostAnswer) -> Posted:
        """Post under a key. It happened and we were not told, or we run again: it is looked up first, and adopted."""
        async with heartbeating():
            try:
                return Posted(messages=(await self._post_once(request.thread, request.answer),))
            except Terminal as error:
                if error.code == "message_gone":
                    return Posted(messages=())
                raise self._out(error) from error
            except CallError as error:
                raise self._out(error) from error

    @activity.defn(name="finish_answer")
    async def finish_answer(self, request: FinishAnswer) -> Posted:
        """Edit the placeholder to the final answer; post further parts under their keys; delete what is left over.

        Run again: the edits are the same edits, and the parts are found by key.
        """
        async with heartbeating():
            try:
                return await self._finish(request)
            except Terminal as error:
                if error.code == "message_gone":
                    # A moderator deleted the placeholder: that is a stop, and nothing is posted again.
                    return Posted(messages=())
                if error.code == "chat_text":
                    return await self._say_plainly(request)
                raise self._out(error) from error
            except CallError as error:
                raise self._out(error) from error

    @activity.defn(name="show_progress")
    async def show_progress(self, request: Live) -> Done:
        """Show progress once, best effort."""
        try:
            async with asyncio.timeout(5), self._chat.live(request.message) as message:
                await message.show(request.answer)
        except (CallError, TimeoutError):
            return Done(count=0)
        return Done(count=1)

    @activity.defn(name="withdraw")
    async def withdraw(self, request: Withdraw) -> Done:
        """Delete messages of ours. Run again: what is gone already is a success."""
        async with heartbeating():
            try:
                for message in request.messages:
                    await self._chat.delete(message)
            except CallError as error:
                raise self._out(error) from error
        return Done(count=len(request.messages))

    @activity.defn(name="read_thread")
    async def read_thread(self, request: ReadThread) -> BlobRef:
        """The visible thread as model input: a JSON list of {role, content}, oldest first."""
        async with heartbeating():
            try:
                said = await self._chat.read(request.thread, before=request.before, limit=request.limit)
            except CallError as error:
                raise self._out(error) from error
        entries = [{"role": "assistant" if item.ours else "user", "content": item.text} for item in said if item.text]
        return await self._blobs.put(json.dumps(entries).encode(), "application/json")

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _finish(self, request: FinishAnswer) -> Posted:
        parts = self._chat.split(request.answer)
        messages = list(request.messages[: len(parts)])
        for message, part in zip(request.messages, parts, strict=False):
            await self._chat.edit(message, part)
        for part in parts[len(messages) :]:
            messages.append(await self._post_once(request.thread, part))  # noqa: PERF401 - one after the other
        for surplus in request.messages[len(parts) :]:
            await self._chat.delete(surplus)
        return Posted(messages=tuple(messages))

    async def _post_once(self, thread: ThreadRef, part: Answer) -> MessageRef:
        """The one write that cannot be repeated.

        The first attempt posts. Any later one cannot know whether an earlier post was applied, so it settles, looks
        the key up, adopts the oldest message and deletes extras, and posts only if there is none.
        """
        if activity.info().attempt > 1:
            await asyncio.sleep(self._chat.capabilities.settle)
            found = await self._chat.find(thread, _key_of(part))
            if found:
                await self._adopt(found, part)
                return found[0]
        _refuse_if_given_up()
        return await self._chat.post(thread, part)

    async def _adopt(self, found: Sequence[MessageRef], part: Answer) -> None:
        for extra in found[1:]:
            await self._chat.delete(extra)
        if part.state in (AnswerState.FINAL, AnswerState.FAILED, AnswerState.STOPPED):
            await self._chat.edit(found[0], part)

    async def _say_plainly(self, request: FinishAnswer) -> Posted:
        """The platform refused the answer's text: say that, without any of it."""
        plain = replace(
            Answer(key=request.answer.key, state=AnswerState.FAILED, attempt=request.answer.attempt),
            text=sentence("chat_text"),
        )
        try:
            return await self._finish(replace(request, answer=plain))
        except CallError as error:
            raise self._out(error) from error

    def _out(self, error: CallError) -> ApplicationError:
        return retried_by_temporal(error)


def _key_of(part: Answer) -> str:
    return part.key if part.part == 1 else f"{part.key}:{part.part}"


def _refuse_if_given_up() -> None:
    """A paused worker may wake after its replacement took over; then it must not post."""
    info = activity.info()
    limit = info.start_to_close_timeout
    if limit is None:
        return
    elapsed = (datetime.now(UTC) - info.started_time).total_seconds()
    if elapsed > limit.total_seconds() - _MARGIN or activity.is_cancelled():
        raise ApplicationError("attempt given up before posting", type="Retriable")
