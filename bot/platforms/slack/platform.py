"""Slack, outbound: a durable result becomes one message in its thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.progress import Alive, Budget, Outcomes, Underway
from bot.platforms.slack.blocks import blocks_of, escape, fallback_of
from bot.platforms.slack.calls import call, read, word_of
from bot.platforms.slack.charts import Charts
from bot.platforms.slack.messages import is_ts, key_of, moment, recent, replies, said, state_of
from bot.platforms.slack.streams import APPENDS_PER_MINUTE, STARTS_PER_MINUTE, Streams
from bot.platforms.slack.values import ANSWER, CAPABILITIES, NAME, THREAD
from bot.rendering import one_line, split_answer
from workflows.blobs import BlobStore
from workflows.chat import Capabilities, Found, LiveMessage, Said
from workflows.contracts import OUTCOMES, Answer, MessageRef, OpenThreadRequest, ThreadRef
from workflows.errors import CallError, Retriable, Terminal
from workflows.remembered import Remembered

Json = dict[str, Any]

_PAGES = 3
"""Pages of a channel's history in which an opened thread is looked for."""

_COURTESY = 2.0
"""Seconds that a call may take on which nothing depends."""

_TOLD_AGAIN = 30.0
"""Seconds after which Slack is told again that we work: it forgets, and another worker may have said otherwise."""

_REMEMBERED = 1_000

LOOKS_PER_MINUTE = 20
"""Readings of one worker before progress. Slack allows 50 a minute and more, and looking a post up goes first."""

PROGRESS_PER_MINUTE = 30
"""Progress edits of one worker. Slack allows 50 edits a minute and more, and outcomes go first."""


class SlackPlatform:
    """Delivery to one workspace, by the Web API alone."""

    def __init__(
        self,
        client: AsyncWebClient,
        blobs: BlobStore,
        *,
        capabilities: Capabilities = CAPABILITIES,
        progress_per_minute: float = PROGRESS_PER_MINUTE,
        streams_per_minute: tuple[float, float] = (STARTS_PER_MINUTE, APPENDS_PER_MINUTE),
    ) -> None:
        self._client = client
        self._charts = Charts(client, blobs)
        self._capabilities = capabilities
        self._budget = Budget(progress_per_minute)
        self._outcomes = Outcomes()
        self._looks = Budget(LOOKS_PER_MINUTE)
        self._streams = Streams(client, per_minute=streams_per_minute)
        self._sessions = True
        self._processing: Remembered[str, float] = Remembered(_REMEMBERED)
        """When Slack was told that we work on a message, in monotonic seconds."""
        self._underway = Underway()
        self._user = ""

    @property
    def name(self) -> str:
        """`slack`."""
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        """One message with tables, chart and buttons; edits within Slack's tiers."""
        return self._capabilities

    async def open_thread(self, request: OpenThreadRequest) -> ThreadRef:
        """Post the message that opens a thread, with the command's id in its metadata.

        If it happened and we were not told, or we run again: it is found by that id in the channel's history.
        """
        async for message in recent(self._client, request.channel, pages=_PAGES):
            if key_of(message, THREAD) == request.request and await self._ours(message):
                return _thread(request, str(message["ts"]))
        posted = await call(
            self._client,
            "chat.postMessage",
            channel=request.channel,
            text=_opening(request),
            metadata={"event_type": THREAD, "event_payload": {"key": request.request}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return _thread(request, str(posted["ts"]))

    def split(self, answer: Answer) -> Sequence[Answer]:
        """Parts that each fit one message, in which Slack counts an escaped character as what it is escaped to."""
        grown = len(escape(answer.text)) / len(answer.text) if answer.text else 1.0
        limit = int(self._capabilities.part_limit / grown)
        return split_answer(answer, replace(self._capabilities, part_limit=limit))

    async def post(self, thread: ThreadRef, answer: Answer) -> MessageRef:
        """Post one part under its key, which its metadata holds.

        If it happened and we were not told: Ambiguous; `find` reads the thread's metadata. If we run again blindly: it
        stands twice.
        """
        try:
            posted = await call(
                self._client,
                "chat.postMessage",
                channel=thread.channel,
                thread_ts=thread.thread,
                unfurl_links=False,
                unfurl_media=False,
                **await self._shown(answer),
            )
        except Terminal as error:
            if error.code == "message_gone":
                # There is no message yet: what is gone is the one that the thread hangs on.
                raise Terminal(str(error), code="thread_gone", status=error.status) from None
            raise
        return MessageRef(thread=thread, message=str(posted["ts"]))

    async def find(self, thread: ThreadRef, key: str) -> Sequence[Found]:
        """Messages of ours under `key`, oldest first. It only reads."""
        # An answer never stands before its question.
        oldest = key.partition(":")[0]
        return [
            Found(message=MessageRef(thread=thread, message=str(message["ts"])), over=state_of(message) in OUTCOMES)
            async for message in replies(
                self._client, thread.channel, thread.thread, oldest=oldest if is_ts(oldest) else ""
            )
            if key_of(message, ANSWER) == key and await self._ours(message)
        ]

    async def edit(self, message: MessageRef, answer: Answer) -> None:
        """Replace a message, and delete what streamed below it.

        If it happened and we were not told, or we run again: it is the same edit, and what is deleted is gone.
        """
        over = answer.state in OUTCOMES
        if over:
            self._outcomes.add(message.message, answer.attempt)
            await self._underway.landed(message.message)
        try:
            await self._replace(message, answer)
        except Terminal as error:
            if error.code == "message_gone":
                await self._streams.end(message, await self._me())
            raise
        if over and answer.part == 1:
            await self._streams.end(message, await self._me())
            self._processing.forget(message.message)
            await self._session(message, "active")

    async def delete(self, message: MessageRef) -> None:
        """Delete a message. If it happened and we were not told, or we run again: it is gone, which is a success."""
        try:
            await call(self._client, "chat.delete", channel=message.thread.channel, ts=message.message)
        except Terminal as error:
            if error.code != "message_gone":
                raise

    def live(self, message: MessageRef, *, asker: str = "") -> AbstractAsyncContextManager[LiveMessage]:
        """Who does what as edits, the text as a native stream, both within the worker's budget.

        Run again: the last state wins, and never over an outcome.
        """
        return self._live(message, asker)

    @asynccontextmanager
    async def _live(self, message: MessageRef, asker: str) -> AsyncGenerator[LiveMessage]:
        try:
            if time.monotonic() - (self._processing.get(message.message) or 0.0) > _TOLD_AGAIN:
                await self._underway.whole(message.message, self._session(message, "processing", asker))
                self._processing.keep(message.message, time.monotonic())
            yield _Live(self, message, asker)
        finally:
            await self._underway.landed(message.message)

    async def read(self, thread: ThreadRef, *, before: str, limit: int) -> Sequence[Said]:
        """The newest `limit` messages before message `before`, oldest first. Unfinished answers are not read."""
        user = await self._me()
        found: list[Said] = []
        async for message in replies(self._client, thread.channel, thread.thread):
            ts = str(message["ts"])
            if is_ts(before) and moment(ts) >= moment(before):
                break
            one = said(message, user)
            if one is not None:
                found.append(one)
        return found[-limit:] if limit > 0 else []

    # --- How ---------------------------------------------------------------------------------------------------------

    async def landed(self, message: MessageRef) -> None:
        """Wait until no call about a message is under way. Raises Terminal where one was refused for good."""
        if refused := await self._underway.landed(message.message):
            raise refused

    async def progress(self, message: MessageRef, answer: Answer, alive: Alive) -> None:
        """One progress edit. Raises Retriable where the worker has none to spare just now."""
        shown = await self._shown(answer)
        if not self._budget.ready:
            raise Retriable("no progress edit is to spare", sent=False)
        if await self._left_alone(message, answer, alive):
            return
        if not self._budget.spare():
            raise Retriable("no progress edit is to spare any more", sent=False)
        try:
            await self._underway.whole(message.message, self._update(message, shown))
        except Retriable as refused:
            self._budget.pause(refused.retry_after or self._capabilities.edit_interval)
            raise

    async def stream(self, message: MessageRef, asker: str, answer: Answer, alive: Alive) -> bool:
        """Show an answer's text as it is written. False where it belongs into the placeholder."""

        async def left_alone() -> bool:
            try:
                return await self._left_alone(message, answer, alive)
            except Retriable:
                # Who cannot look begins no stream.
                return True

        showing = self._streams.show(message, asker, message.thread.workspace, answer.text, left_alone)
        return await self._underway.whole(message.message, showing)

    async def _left_alone(self, message: MessageRef, answer: Answer, alive: Alive) -> bool:
        return await self._outcomes.left_alone(message.message, answer.attempt, alive, lambda: self._standing(message))

    async def _session(self, message: MessageRef, status: str, asker: str = "") -> None:
        """Tell Slack that we work, or no longer do, for its own Stop button. Best effort; run again: it is the same."""
        if not self._sessions:
            return
        try:
            async with asyncio.timeout(_COURTESY):
                await call(
                    self._client,
                    "agents.sessions.setStatus",
                    channel_id=message.thread.channel,
                    thread_ts=message.thread.thread,
                    status=status,
                    initiator_user_id=asker or None,
                )
        except Terminal as refused:
            # A workspace without it refuses each time.
            self._sessions = word_of(refused) not in ("unknown_method", "missing_scope", "feature_not_enabled")
        except (CallError, TimeoutError):
            return

    async def _standing(self, message: MessageRef) -> str:
        """The state that a message shows now, or "" where it is gone. Raises Retriable where no look is to spare."""
        if not self._looks.spare():
            raise Retriable("no look is to spare", sent=False)
        async for found in replies(self._client, message.thread.channel, message.thread.thread, oldest=message.message):
            if str(found.get("ts")) == message.message:
                return state_of(found)
        return ""

    async def _replace(self, message: MessageRef, answer: Answer) -> None:
        try:
            await self._update(message, await self._shown(answer))
        except Terminal as error:
            if answer.chart is None or word_of(error) != "invalid_blocks":
                raise
            # Perhaps Slack does not take the picture. The words matter more.
            await self._update(message, await self._shown(answer, pictures=False))

    async def _update(self, message: MessageRef, shown: Json) -> None:
        await call(self._client, "chat.update", channel=message.thread.channel, ts=message.message, **shown)

    async def _shown(self, answer: Answer, *, pictures: bool = True) -> Json:
        chart = answer.chart if answer.state in OUTCOMES else None
        image = await self._charts.file_of(chart) if chart is not None and pictures else ""
        hint = self._capabilities.retry_hint
        return {
            "text": fallback_of(answer, retry_hint=hint),
            "blocks": blocks_of(answer, retry_hint=hint, image=image, chart_missing=chart is not None and not image),
            "metadata": {
                "event_type": ANSWER,
                "event_payload": {"key": answer.post_key, "state": answer.state.value, "attempt": answer.attempt},
            },
        }

    async def _me(self) -> str:
        if not self._user:
            self._user = str((await read(self._client, "auth.test"))["user_id"])
        return self._user

    async def _ours(self, message: Json) -> bool:
        """Anybody's app may write metadata of our type."""
        return message.get("user") == await self._me()


class _Live:
    def __init__(self, platform: SlackPlatform, message: MessageRef, asker: str) -> None:
        self._platform = platform
        self._message = message
        self._asker = asker
        self._alive = Alive()
        self._shown: Answer | None = None

    async def show(self, answer: Answer) -> None:
        """Show the whole state: the text in the stream, everything else in the placeholder."""
        streamed = await self._platform.stream(self._message, self._asker, answer, self._alive)
        rest = replace(answer, text="") if streamed else answer
        if rest != self._shown:
            await self._platform.progress(self._message, rest, self._alive)
            self._shown = rest

    async def landed(self) -> None:
        """Wait for calls that were cut off. Raises Terminal where one was refused for good."""
        await self._platform.landed(self._message)


def _thread(request: OpenThreadRequest, ts: str) -> ThreadRef:
    return ThreadRef(platform=NAME, workspace=request.workspace, channel=request.channel, thread=ts)


def _opening(request: OpenThreadRequest) -> str:
    """The first message of a thread: who asked for what. Only the asker is mentioned, and that by us."""
    if request.research is None:
        asked = one_line(request.text)
        return f"<@{request.asker.user}> asks: {escape(asked[:2_000])}"
    question = one_line(request.research.question)
    about = f": {escape(question[:2_000])}" if question else ""
    return f"*Research {escape(one_line(request.research.symbol))}*, asked for by <@{request.asker.user}>{about}"
