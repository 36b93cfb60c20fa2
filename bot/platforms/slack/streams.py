"""The answer as it is written, in a native stream of Slack's below its placeholder, for as long as the turn runs.

A stream takes no metadata when it starts, so it has no key: a crash between its start and its ts leaves a message that
nobody refers to. The placeholder has the key, and the last word is always an edit of it; whatever streamed is deleted
then. What an attempt in another process left behind is known by having no metadata, and swept away with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.links import settled
from bot.platforms.progress import Budget
from bot.platforms.shapes import Json, inner
from bot.platforms.slack.calls import call, word_of
from bot.platforms.slack.messages import moment, replies
from bot.platforms.slack.values import DIRECT
from bot.rendering import harmless
from workflows.contracts import MessageRef
from workflows.errors import Ambiguous, Retriable, Terminal
from workflows.remembered import Remembered

LIFETIME = 240.0
"""Seconds, less than the five minutes after which Slack ends a stream, in which one is written to."""

LONGEST = 11_000
"""Characters that are streamed of one answer; the rest comes with the answer itself."""

SEE_ABOVE = "The answer stands above."

STARTS_PER_MINUTE = 15
APPENDS_PER_MINUTE = 80
"""Of one worker; Slack allows 20 starts and 100 appends a minute, and more."""

_REMEMBERED = 1_000

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class _Stream:
    """What was streamed for one placeholder. `ts` is "" where nothing stands that we know of."""

    ts: str = ""
    sent: str = ""
    started: float = 0.0
    dead: bool = False


class Streams:
    """The streams of one worker, by the placeholders they belong to."""

    def __init__(
        self, client: AsyncWebClient, *, per_minute: tuple[float, float] = (STARTS_PER_MINUTE, APPENDS_PER_MINUTE)
    ) -> None:
        self._client = client
        self._starts, self._appends = (Budget(rate, burst=5) for rate in per_minute)
        self._known: Remembered[str, _Stream] = Remembered(_REMEMBERED)

    async def show(
        self, message: MessageRef, asker: str, team: str, text: str, left_alone: Callable[[], Awaitable[bool]]
    ) -> bool:
        """Let the stream grow to `text`. False where it cannot: then the text belongs into the placeholder.

        `left_alone` says whether an outcome stands. A stream that was taken away for one takes no more, so only the
        beginning of another one has to ask.

        If it happened and we were not told: the message is swept away with the last word. If we run again: what was
        sent is known, and only the rest is sent. Raises CallError where Slack refuses for the moment.
        """
        stream = self._known.get(message.message) or self._known.keep(message.message, _Stream())
        wanted = harmless(settled(_whole_words(text)))[:LONGEST]
        if not wanted or wanted == stream.sent:
            return not stream.dead
        if stream.ts and not wanted.startswith(stream.sent):
            # A new text, not a longer one: a stream cannot take anything back.
            await self._take_away(message, stream.ts)
            stream.ts, stream.sent = "", ""
        if stream.dead or (stream.ts and time.monotonic() - stream.started > LIFETIME):
            stream.dead = True
            return False
        budget = self._appends if stream.ts else self._starts
        if not budget.spare() or (not stream.ts and await left_alone()):
            # What is not sent now goes along with what comes next; nobody's progress waits for it.
            return True
        return await self._grow(message, stream, asker, team, wanted, budget)

    async def end(self, message: MessageRef, us: str) -> None:
        """Take away what was streamed for a placeholder, by this process or any other. `us` is our own user id.

        Run again: what is gone is a success. Raises Retriable or Ambiguous, and nothing where Slack refuses for good.
        """
        self._known.forget(message.message)
        try:
            for ts in await self._strays(message, us):
                await self._take_away(message, ts)
        except Terminal as refused:
            _log.warning("what streamed below an answer cannot be taken away: %s", refused)

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _grow(
        self, message: MessageRef, stream: _Stream, asker: str, team: str, wanted: str, budget: Budget
    ) -> bool:
        sent = stream.sent
        try:
            if stream.ts:
                await self._append(message, stream, wanted)
            else:
                await self._start(message, stream, asker, team, wanted)
        except Ambiguous:
            # It may stand or not; a second one would show the text twice.
            stream.dead = stream.dead or not stream.ts
            raise
        except Retriable as refused:
            # Not applied: what was to be sent still is.
            stream.sent = sent
            budget.pause(refused.retry_after or 0.0)
            raise
        except Terminal as refused:
            # Too old, or stopped by somebody: either way it takes no more.
            _log.info("a stream takes no more: %s", word_of(refused))
            stream.dead = True
            return False
        return True

    async def _start(self, message: MessageRef, stream: _Stream, asker: str, team: str, text: str) -> None:
        if not asker and not message.thread.channel.startswith(DIRECT):
            stream.dead = True
            return
        started = await call(
            self._client,
            "chat.startStream",
            channel=message.thread.channel,
            thread_ts=message.thread.thread,
            recipient_user_id=asker or None,
            recipient_team_id=(team or None) if asker else None,
            chunks=[_chunk(text)],
        )
        stream.ts, stream.sent, stream.started = str(started["ts"]), text, time.monotonic()

    async def _append(self, message: MessageRef, stream: _Stream, text: str) -> None:
        more = text[len(stream.sent) :]
        # Whether it was applied or not: it is not sent again, since a stream would show it twice.
        stream.sent = text
        await call(
            self._client, "chat.appendStream", channel=message.thread.channel, ts=stream.ts, chunks=[_chunk(more)]
        )

    async def _take_away(self, message: MessageRef, ts: str) -> None:
        """Delete a stream; where that is not allowed, let it point to the answer. Raises CallError."""
        channel = message.thread.channel
        try:
            await call(self._client, "chat.stopStream", channel=channel, ts=ts)
        except Terminal as over:
            _log.debug("already over: %s", word_of(over))
        try:
            await call(self._client, "chat.delete", channel=channel, ts=ts)
        except Terminal as refused:
            if refused.code != "message_gone":
                await call(self._client, "chat.update", channel=channel, ts=ts, text=SEE_ABOVE, blocks=[])

    async def _strays(self, message: MessageRef, us: str) -> list[str]:
        """Messages of ours below a placeholder that carry no metadata: whatever streamed for it."""
        thread = message.thread
        return [
            str(found["ts"])
            async for found in replies(self._client, thread.channel, thread.thread, oldest=message.message)
            if found.get("user") == us
            and moment(str(found["ts"])) > moment(message.message)
            and not inner(found, "metadata").get("event_type")
            and found.get("text") != SEE_ABOVE
        ]


def _chunk(text: str) -> Json:
    return {"type": "markdown_text", "text": text}


def _whole_words(text: str) -> str:
    """The text without the word that is still being written: half a mention is not known to be one."""
    end = max(text.rfind(" "), text.rfind("\n"))
    return text[: end + 1]
