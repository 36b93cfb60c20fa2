"""Delivery: durable results become posts. One activity, one platform, one unrepeatable write per part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from workflows.activities.heartbeat import Pulse, heartbeating
from workflows.attempts import is_again
from workflows.blobs import BlobStore
from workflows.chat import Chat, Found
from workflows.contracts import (
    OUTCOMES,
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
from workflows.refusals import MindedMessage, Refusals
from workflows.sentences import sentence, stands_still

_PROGRESS = 3.0
"""Seconds that a single update is tried for, while the turn waits; a call under way may take longer."""

_ANSWERS: TypeAdapter[Answer] = TypeAdapter(Answer)


class DeliveryActivities:
    """Delivery to one platform."""

    def __init__(
        self,
        chat: Chat,
        blobs: BlobStore,
        client: Client,
        *,
        refusals: Refusals,
        searchable: bool,
        trace_link: Callable[[str], str] = lambda _traceparent: "",
    ) -> None:
        """`refusals` is shared with the live boards of this worker.

        `trace_link` makes of a traceparent the address where people read that trace, or "".
        """
        self._chat = chat
        self._blobs = blobs
        self._client = client
        self._refusals = refusals
        self._searchable = searchable
        self._trace_link = trace_link

    @activity.defn(name="open_thread")
    async def open_thread(self, request: OpenThreadRequest) -> ThreadRef:
        """Open the thread of a slash command. Run again: the platform finds it by the command's id."""
        async with heartbeating() as pulse:
            if is_again():
                # What an earlier attempt posted may show a moment later than it was applied.
                await asyncio.sleep(self._chat.capabilities.settle)
            if pulse.given_up:
                raise retried_by_temporal(Retriable("attempt given up before opening", code="internal"))
            try:
                return await self._chat.open_thread(request)
            except CallError as error:
                raise retried_by_temporal(error) from None

    @activity.defn(name="start_conversation")
    async def start_conversation(self, message: IncomingMessage) -> Done:
        """Send an opened thread's first message. Run again: the conversation knows the message's id."""
        try:
            async with heartbeating():
                await receive(self._client, message, searchable=self._searchable)
        except RPCError:
            raise retried_by_temporal(Retriable("Temporal cannot be reached", code="internal")) from None
        return Done(count=1)

    @activity.defn(name="post_answer")
    async def post_answer(self, request: PostAnswer) -> Posted:
        """Post under a key. It happened and we were not told, or we run again: it is looked up first, and adopted.

        What comes late may have been answered by a conversation that Temporal no longer has: no message is given then.
        """
        async with heartbeating() as pulse:
            try:
                found = await self._looked_up(
                    request.thread, request.answer, may_stand=request.may_stand or request.late
                )
                if request.late and any(one.over for one in found):
                    return Posted(messages=())
                message = await self._post_once(request.thread, request.answer, found, pulse)
            except CallError as error:
                if _is_gone(error):
                    return Posted(messages=())
                raise retried_by_temporal(error) from None
        return Posted(messages=(message,))

    @activity.defn(name="finish_answer")
    async def finish_answer(self, request: FinishAnswer) -> Posted:
        """Edit the placeholder to the final answer; post further parts under their keys; delete what is left over.

        Run again: the edits are the same edits, and the parts are found by key. Where a moderator deleted the
        placeholder, that is a stop: nothing is posted again.
        """
        async with heartbeating() as pulse:
            messages = list(request.messages)
            answer = replace(request.answer, trace=self._trace_link(request.trace))
            if request.standing is not None:
                answer = await self._still(request.standing, answer)
            try:
                try:
                    await self._replace(request.thread, messages, answer, pulse)
                except Terminal as error:
                    if error.code != "chat_text":
                        raise
                    # The platform refused the answer's text: say that, without any of it.
                    answer = _plain(answer)
                    await self._replace(request.thread, messages, answer, pulse)
            except CallError as error:
                if _is_gone(error):
                    return Posted(messages=())
                raise retried_by_temporal(error) from None
            kept: BlobRef | None = None
            if answer.state is AnswerState.FINAL and request.standing is None:
                kept = await self._blobs.put(_to_json(answer), "application/json")
        return Posted(messages=tuple(messages), kept=kept)

    @activity.defn(name="show_progress")
    async def show_progress(self, request: Live) -> Done:
        """Show progress once, best effort. Where there is no room for it just now, that is waited for a moment."""
        try:
            async with (
                asyncio.timeout(_PROGRESS),
                heartbeating() as pulse,
                self._refusals.live(self._chat, request) as message,
            ):
                return Done(count=await _shown(message, request.answer, pulse))
        except (CallError, TimeoutError):
            return Done(count=0)

    @activity.defn(name="withdraw")
    async def withdraw(self, request: Withdraw) -> Done:
        """Delete messages of ours. Run again: what is gone already is a success."""
        async with heartbeating():
            try:
                for message in request.messages:
                    await self._chat.delete(message)
            except CallError as error:
                raise retried_by_temporal(error) from None
        return Done(count=len(request.messages))

    @activity.defn(name="read_thread")
    async def read_thread(self, request: ReadThread) -> BlobRef:
        """The visible thread as model input: a JSON list of {role, content}, oldest first."""
        async with heartbeating():
            try:
                said = await self._chat.read(request.thread, before=request.before, limit=request.limit)
            except CallError as error:
                raise retried_by_temporal(error) from None
        entries = [{"role": "assistant" if item.ours else "user", "content": item.text} for item in said if item.text]
        return await self._blobs.put(json.dumps(entries).encode(), "application/json")

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _still(self, standing: BlobRef, failed: Answer) -> Answer:
        """The answer that stood before an attempt that brought none, and that it did."""
        try:
            before = _from_json(await self._blobs.get(standing))
        except Terminal:
            return failed
        reason = failed.text if failed.state is AnswerState.FAILED else sentence("stopped")
        return replace(before, attempt=failed.attempt, notices=(*before.notices, stands_still(failed.attempt, reason)))

    async def _replace(self, thread: ThreadRef, messages: list[MessageRef], answer: Answer, pulse: Pulse) -> None:
        """Let `messages` show all parts of `answer`. The list is kept up to date, so that a second try goes on there.

        Raises Terminal `message_gone` where the first one was deleted. A later one that was is not posted again.
        """
        parts = self._chat.split(answer)
        given = tuple(messages)
        for message, part in zip(given, parts, strict=False):
            try:
                await self._chat.edit(message, part)
            except Terminal as error:
                if message == given[0] or not _is_gone(error):
                    raise
                messages.remove(message)
        for part in parts[len(given) :]:
            # An earlier attempt may have posted parts that it could not tell of, as one does that was parked.
            stands = answer.attempt > 1
            found = await self._looked_up(thread, part, may_stand=stands)
            messages.append(await self._post_once(thread, part, found, pulse))
        for surplus in given[len(parts) :]:
            await self._chat.delete(surplus)
            messages.remove(surplus)

    async def _looked_up(self, thread: ThreadRef, part: Answer, *, may_stand: bool) -> Sequence[Found]:
        """What stands under a part's key already: the first attempt need not look, unless something `may_stand`.

        Any later one cannot know whether an earlier post was applied, and lets it settle first.
        """
        again = is_again()
        if again:
            await asyncio.sleep(self._chat.capabilities.settle)
        return await self._chat.find(thread, part.post_key) if again or may_stand else ()

    async def _post_once(self, thread: ThreadRef, part: Answer, found: Sequence[Found], pulse: Pulse) -> MessageRef:
        """The one write that cannot be repeated.

        Of what was found, the oldest message is adopted and extras are deleted; only if there is none, it posts.
        """
        if found:
            return await self._adopt(found, part)
        if pulse.given_up:
            # A paused worker may wake after its replacement took over; then it must not post.
            raise Retriable("attempt given up before posting", code="internal")
        return await self._chat.post(thread, part)

    async def _adopt(self, found: Sequence[Found], part: Answer) -> MessageRef:
        oldest, *extras = [one.message for one in found]
        for extra in extras:
            await self._chat.delete(extra)
        if part.state in OUTCOMES:
            await self._chat.edit(oldest, part)
        return oldest


async def _shown(message: MindedMessage, answer: Answer, pulse: Pulse) -> int:
    """Show progress, once it need not wait for that of others; how often. Raises CallError where it is refused."""
    while not pulse.given_up:
        try:
            await message.show(answer)
        except Retriable as error:
            if error.sent or error.retry_after is not None:
                raise
            await asyncio.sleep(_PROGRESS / 10)
        else:
            return 1
    return 0


def _to_json(answer: Answer) -> bytes:
    return json.dumps(asdict(answer)).encode()


def _from_json(data: bytes) -> Answer:
    return _ANSWERS.validate_json(data)


def _plain(answer: Answer) -> Answer:
    return Answer(key=answer.key, state=AnswerState.FAILED, attempt=answer.attempt, text=sentence("chat_text"))


def _is_gone(error: CallError) -> bool:
    return isinstance(error, Terminal) and error.code == "message_gone"
