"""Discord, outbound: a durable result becomes one message in its thread. REST alone, no gateway connection."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from bot.platforms.discord import words
from bot.platforms.discord.blocks import components_of, too_long, without_rest
from bot.platforms.discord.calls import ARCHIVED, HAS_A_THREAD, Rest, Upload, code_of
from bot.platforms.discord.markdown import calm, shown
from bot.platforms.discord.messages import after, is_id, mark_of, marked, newest, nonce_of, said
from bot.platforms.discord.values import CAPABILITIES, DIRECT, NAME
from bot.platforms.progress import Alive, Outcomes, Underway
from bot.platforms.shapes import Json, inner
from bot.rendering import harmless, one_line, split_answer
from workflows.blobs import BlobStore
from workflows.chat import Capabilities, Found, LiveMessage, Said
from workflows.contracts import OUTCOMES, Answer, MessageRef, OpenThreadRequest, ThreadRef, Usage
from workflows.errors import CallError, Terminal

_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"

_FLAGS = 1 << 15 | 1 << 2
"""Components are all that it shows; and no previews of what it links to."""

_PICTURE = "chart.png"
_LOOKS = (0.0, 0.5, 1.0, 2.0, 3.0)
"""Seconds before each look for the message that answered a command: the bot hands over first, and then answers."""

_DAY = 1_440

_log = logging.getLogger(__name__)


class DiscordPlatform:
    """Delivery to every server that the bot is in."""

    def __init__(
        self,
        rest: Rest,
        blobs: BlobStore,
        *,
        capabilities: Capabilities = CAPABILITIES,
        looks: Sequence[float] = _LOOKS,
    ) -> None:
        self._rest = rest
        self._blobs = blobs
        self._capabilities = capabilities
        self._looks = looks
        self._outcomes = Outcomes()
        self._underway = Underway()
        self._user = ""

    @property
    def name(self) -> str:
        """`discord`."""
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        """One message with figures, chart and buttons; edits below Discord's limit."""
        return self._capabilities

    async def open_thread(self, request: OpenThreadRequest) -> ThreadRef:
        """Make a thread from the message that asked, or from the one that answered the command.

        If it happened and we were not told, or we run again: a message has one thread, whose id is its own. In direct
        messages there are no threads, and nothing is opened.
        """
        anchor = request.anchor or await self._answered(request)
        if not anchor:
            # Discord has shown the command as failed: nothing was accepted.
            raise Terminal("no message answers this command", code="thread_gone")
        try:
            await self._rest.call(
                "POST",
                f"{_MESSAGE}/threads",
                channel_id=request.channel,
                message_id=anchor,
                json={"name": _title(request), "auto_archive_duration": _DAY},
            )
        except Terminal as error:
            if code_of(error) != HAS_A_THREAD:
                await self._tell(request, anchor)
                raise
        return _thread(request, anchor)

    def split(self, answer: Answer) -> Sequence[Answer]:
        """Parts that each fit one message. What belongs below a long answer gets a part of its own."""
        text = shown(harmless(answer.text, answer.links))
        parts = split_answer(replace(answer, text=text), self._capabilities)
        last = parts[-1]
        if not too_long(last, retry_hint=self._capabilities.retry_hint):
            return parts
        count = len(parts) + 1
        rest = replace(last, text="", headline="", lines=(), notices=(), part=count, parts=count)
        texts = [*parts[:-1], replace(without_rest(last), usage=Usage())]
        return [*(replace(part, parts=count) for part in texts), rest]

    async def post(self, thread: ThreadRef, answer: Answer) -> MessageRef:
        """Post one part under its key, of which its buttons hold a mark.

        If it happened and we were not told: Ambiguous; `find` reads the marks. If we run again blindly: for some
        minutes Discord knows the nonce and gives the message that stands; after that, it stands twice.
        """
        payload, files = await self._shown(thread, answer)
        payload |= {"nonce": nonce_of(thread.thread, answer.post_key, answer.attempt), "enforce_nonce": True}
        posted = await self._rest.call("POST", _MESSAGES, channel_id=thread.thread, json=payload, files=files)
        return MessageRef(thread=thread, message=str(posted["id"]))

    async def find(self, thread: ThreadRef, key: str) -> Sequence[Found]:
        """Messages of ours under `key`, oldest first. It only reads.

        Raises Terminal where we may not read the history: Discord shows it as empty then, which says nothing.
        """
        # An answer never stands before its question, nor before its thread.
        asked = key.partition(":")[0]
        start = max(int(asked) if is_id(asked) else 0, int(thread.thread) if is_id(thread.thread) else 0)
        us, mark, empty = await self._me(), mark_of(thread.thread, key), True
        found: list[Found] = []
        async for message in after(self._rest, thread.thread, str(start)):
            empty = False
            its = marked(message)
            if its is not None and its.mark == mark and inner(message, "author").get("id") == us:
                where = MessageRef(thread=thread, message=str(message["id"]))
                found.append(Found(message=where, over=its.state in OUTCOMES))
        if empty and not await newest(self._rest, thread.thread, most=1):
            # Something always stands in a thread: at the least, that it began.
            raise Terminal(f"GET {_MESSAGES}: nothing can be read", code="chat_access", status=403)
        return found

    async def edit(self, message: MessageRef, answer: Answer) -> None:
        """Replace a message. An archived thread is opened first.

        If it happened and we were not told, or we run again: it is the same edit.
        """
        if answer.state in OUTCOMES:
            self._outcomes.add(message.message, answer.attempt)
            await self._underway.landed(message.message)
        payload, files = await self._shown(message.thread, answer)
        try:
            await self._update(message, payload, files)
        except Terminal as error:
            if not files or error.code != "chat_text":
                raise
            # Perhaps Discord does not take the picture. The words matter more.
            payload, files = await self._shown(message.thread, answer, pictures=False)
            await self._update(message, payload, files)

    async def delete(self, message: MessageRef) -> None:
        """Delete a message. If it happened and we were not told, or we run again: it is gone, which is a success."""
        try:
            await self._opened(
                message.thread,
                lambda: self._rest.call(
                    "DELETE", _MESSAGE, channel_id=message.thread.thread, message_id=message.message
                ),
            )
        except Terminal as error:
            if error.code != "message_gone":
                raise

    def live(self, message: MessageRef, *, asker: str = "") -> AbstractAsyncContextManager[LiveMessage]:
        """Who does what, and the text, as edits: Discord has no stream.

        Run again: the last state wins, and never over an outcome.
        """
        return self._live(message, asker)

    @asynccontextmanager
    async def _live(self, message: MessageRef, _asker: str) -> AsyncGenerator[LiveMessage]:
        try:
            yield _Live(self, message)
        finally:
            await self._underway.landed(message.message)

    async def read(self, thread: ThreadRef, *, before: str, limit: int) -> Sequence[Said]:
        """The newest `limit` messages before message `before`, oldest first. Unfinished answers are not read."""
        if limit <= 0:
            return []
        us = await self._me()
        # The message that a thread was made from stands in its channel.
        anchor = [] if thread.workspace == DIRECT else await self._anchor(thread)
        messages = anchor + await newest(
            self._rest, thread.thread, before=before if is_id(before) else "", most=2 * limit + 10
        )
        found = [one for message in messages if (one := said(message, us)) is not None]
        return found[-limit:]

    # --- How ---------------------------------------------------------------------------------------------------------

    async def landed(self, message: MessageRef) -> None:
        """Wait until no call about a message is under way. Raises Terminal where one was refused for good."""
        if refused := await self._underway.landed(message.message):
            raise refused

    async def progress(self, message: MessageRef, answer: Answer, alive: Alive) -> None:
        """One progress edit."""
        payload, files = await self._shown(message.thread, answer)
        standing = functools.partial(self._standing, message)
        if await self._outcomes.left_alone(message.message, answer.attempt, alive, standing):
            return
        await self._underway.whole(message.message, self._update(message, payload, files))

    async def _update(self, message: MessageRef, payload: Json, files: Sequence[Upload]) -> None:
        await self._opened(
            message.thread,
            lambda: self._rest.call(
                "PATCH",
                _MESSAGE,
                channel_id=message.thread.thread,
                message_id=message.message,
                json=payload,
                files=files,
            ),
        )

    async def _opened(self, thread: ThreadRef, call: Callable[[], Awaitable[Json]]) -> None:
        """Make a call, in an archived thread once it is open again."""
        try:
            await call()
        except Terminal as error:
            if code_of(error) != ARCHIVED:
                raise
            await self._rest.call("PATCH", "/channels/{channel_id}", channel_id=thread.thread, json={"archived": False})
            await call()

    async def _standing(self, message: MessageRef) -> str:
        """The state that a message shows now, or "" where it is gone."""
        try:
            found = await self._rest.read(_MESSAGE, channel_id=message.thread.thread, message_id=message.message)
        except Terminal:
            return ""
        its = marked(found)
        return its.state if its is not None else ""

    async def _anchor(self, thread: ThreadRef) -> list[Json]:
        try:
            return [await self._rest.read(_MESSAGE, channel_id=thread.channel, message_id=thread.thread)]
        except Terminal:
            return []

    async def _answered(self, request: OpenThreadRequest) -> str:
        """The message that answered a command, or "" where none did."""
        for wait in self._looks:
            await asyncio.sleep(wait)
            us = await self._me()
            try:
                async for message in after(self._rest, request.channel, request.request, most=100):
                    asked = inner(message, "interaction_metadata").get("id")
                    if asked == request.request and inner(message, "author").get("id") == us:
                        return str(message["id"])
            except Terminal:
                # It may well stand there, and we cannot see it.
                await self._tell(request, "")
                raise
        return ""

    async def _tell(self, request: OpenThreadRequest, anchor: str) -> None:
        """Say below the question that it will not be answered. Best effort.

        If it happened and we were not told, or we run again: Discord knows the nonce for some minutes.
        """
        payload: Json = {
            "content": words.NOT_OPENED,
            "allowed_mentions": {"parse": []},
            "nonce": nonce_of(request.channel, request.request, 0),
            "enforce_nonce": True,
        }
        if anchor:
            payload["message_reference"] = {"message_id": anchor, "fail_if_not_exists": False}
        try:
            await self._rest.call("POST", _MESSAGES, channel_id=request.channel, json=payload)
        except CallError as error:
            _log.warning("a thread could not be opened, and nobody could be told: %s", error)

    async def _shown(
        self, thread: ThreadRef, answer: Answer, *, pictures: bool = True
    ) -> tuple[Json, Sequence[Upload]]:
        chart = answer.chart if answer.state in OUTCOMES else None
        data = b""
        if chart is not None and pictures:
            try:
                data = await self._blobs.get(chart.image)
            except (CallError, OSError) as error:
                _log.warning("a chart could not be attached (%s)", type(error).__name__)
        files = [Upload(name=_PICTURE, data=data, media_type="image/png")] if data else []
        components = components_of(
            answer,
            mark=mark_of(thread.thread, answer.post_key),
            retry_hint=self._capabilities.retry_hint,
            image=_PICTURE if data else "",
            chart_missing=chart is not None and not data,
        )
        payload: Json = {
            "flags": _FLAGS,
            "components": components,
            "allowed_mentions": {"parse": []},
            # Whatever hung on the message before is let go.
            "attachments": [{"id": str(number), "filename": file.name} for number, file in enumerate(files)],
        }
        return payload, files

    async def _me(self) -> str:
        if not self._user:
            self._user = str((await self._rest.read("/users/@me"))["id"])
        return self._user


class _Live:
    def __init__(self, platform: DiscordPlatform, message: MessageRef) -> None:
        self._platform = platform
        self._message = message
        self._alive = Alive()
        self._shown: Answer | None = None

    async def show(self, answer: Answer) -> None:
        """Show the whole state."""
        if answer != self._shown:
            await self._platform.progress(self._message, answer, self._alive)
            self._shown = answer

    async def landed(self) -> None:
        """Wait for calls that were cut off. Raises Terminal where one was refused for good."""
        await self._platform.landed(self._message)


def _thread(request: OpenThreadRequest, thread: str) -> ThreadRef:
    return ThreadRef(platform=NAME, workspace=request.workspace, channel=request.channel, thread=thread)


def _title(request: OpenThreadRequest) -> str:
    """A thread's name: what was asked, in at most 100 characters."""
    if request.research is None:
        asked = request.text
    else:
        asked = f"{request.research.symbol}: {request.research.question or 'research'}"
    return one_line(calm(asked))[:97].strip() or "Research"
