"""What Slack still shows of what people did: threads, channels and direct messages, read page by page."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from typing import Any, cast

from slack_sdk.web.async_client import AsyncWebClient

from bot.catchup import SAID, Gesture, patiently
from bot.gestures import Changed, Reacted, Shown
from bot.platforms.progress import Budget
from bot.platforms.shapes import Json, inner, items
from bot.platforms.slack.calls import clock_of, read
from bot.platforms.slack.gestures import moment_of, spoken, wish_of
from bot.platforms.slack.lookup import Us
from bot.platforms.slack.messages import PAGE, attempt_of, key_of, state_of
from bot.platforms.slack.values import ANSWER, NAME
from workflows.contracts import ThreadRef
from workflows.errors import CallError

REACH = 6 * 3600.0
"""Seconds before the gap from which on answers are read again: only reactions on newer ones are found."""

SKEW = 5.0
"""Seconds by which Slack's clock may be ahead of what we take it for."""

PLACES = 300
"""Channels and direct messages that are looked through."""

THREADS = 50
"""Threads of one channel, with replies, that are looked through; the newest."""

PAGES = 10
"""Pages of one channel. The last one may reach back further than the gap, and show older threads with new replies."""

BURST, PER_MINUTE = 20, 24
"""So many reads of a method at once, then so many a minute: Slack allows 50, and counts the worker's with ours."""

_KINDS = "public_channel,private_channel,mpim,im"

_log = logging.getLogger(__name__)


class SlackPast:
    """One workspace."""

    def __init__(self, client: AsyncWebClient, us: Us) -> None:
        self._client = client
        self._us = us
        self._budgets: dict[str, Budget] = {}

    async def lately(self, threads: Sequence[ThreadRef], since: float) -> Collection[ThreadRef]:
        """A channel's newest messages tell when somebody replied to them last; older threads are all read."""
        of_channels: dict[str, list[ThreadRef]] = {}
        for thread in threads:
            if thread.workspace == self._us.team:
                of_channels.setdefault(thread.channel, []).append(thread)
        found: set[ThreadRef] = set()
        for channel, known in of_channels.items():
            try:
                page = await self._read("conversations.history", channel=channel, limit=PAGE)
            except CallError as closed:
                _log.info("a channel does not tell what was said last: %s", closed)
                page = {}
            last = {str(message.get("ts")): _last(message) for message in items(page, "messages")}
            found |= {thread for thread in known if last.get(thread.thread, math.inf) >= since}
        return found

    async def thread(self, thread: ThreadRef, since: float, *, said_only: bool = False) -> Sequence[Gesture]:
        """What happened in a thread. Raises CallError where it cannot be read."""
        if thread.workspace != self._us.team:
            return ()
        found: deque[Gesture] = deque(maxlen=SAID)
        seen: set[str] = set()
        async for page in self._pages(
            "conversations.replies",
            channel=thread.channel,
            ts=thread.thread,
            oldest=f"{max(0.0, since - (0.0 if said_only else REACH)):.6f}",
            include_all_metadata="true",
        ):
            for message in items(page, "messages"):
                # The thread's first message may come with every page, however old it is.
                if str(message.get("ts")) not in seen:
                    seen.add(str(message.get("ts")))
                    found.extend(self._gestures(message, thread, since))
        return tuple(found)

    async def elsewhere(
        self, since: float, known: Collection[ThreadRef]
    ) -> AsyncIterator[tuple[ThreadRef, Sequence[Gesture]]]:
        """Threads of joined channels and direct messages. Raises CallError where those are not listed."""
        for channel in await self._places():
            try:
                for thread, first in await self._touched(channel, since, known):
                    alone = not first.get("thread_ts")
                    yield thread, self._gestures(first, thread, since) if alone else await self.thread(thread, since)
            except CallError as closed:
                _log.info("a channel cannot be read: %s", closed)

    async def _places(self) -> Sequence[str]:
        """The channels and direct messages that we are in."""
        found: list[str] = []
        async for page in self._pages("users.conversations", types=_KINDS, exclude_archived="true"):
            found += [str(place.get("id")) for place in items(page, "channels")]
            if len(found) > PLACES:
                _log.warning("only %d channels and direct messages are looked through", PLACES)
                break
        return found[:PLACES]

    async def _touched(
        self, channel: str, since: float, known: Collection[ThreadRef]
    ) -> Sequence[tuple[ThreadRef, Json]]:
        """A channel's threads in which something happened since, with a message of each, oldest first."""
        found: dict[ThreadRef, Json] = {}
        pages = 0
        async for page in self._pages("conversations.history", channel=channel):
            messages = items(page, "messages")
            for message in messages:
                root = str(message.get("thread_ts") or message.get("ts"))
                thread = ThreadRef(platform=NAME, workspace=self._us.team, channel=channel, thread=root)
                if thread not in known and _last(message) >= since:
                    found[thread] = message
            pages += 1
            if pages == PAGES or not messages or moment_of(str(messages[-1].get("ts"))) < since:
                break
        newest = [(thread, first) for thread, first in found.items() if first.get("thread_ts")][:THREADS]
        alone = [(thread, first) for thread, first in found.items() if not first.get("thread_ts")]
        return sorted([*newest, *alone], key=lambda one: moment_of(one[0].thread))

    def _gestures(self, message: Json, thread: ThreadRef, since: float) -> Sequence[Gesture]:
        """What people did with one message."""
        if message.get("user") == self._us.user:
            return self._reactions(message, thread) if key_of(message, ANSWER) else ()
        said = spoken({**message, "channel": thread.channel}, self._us.team, self._us.user)
        if said is None:
            return ()
        if moment_of(str(inner(message, "edited").get("ts") or "")) >= since:
            return (Changed(after=said),)
        return (said,) if said.moment >= since else ()

    def _reactions(self, answer: Json, thread: ThreadRef) -> Sequence[Gesture]:
        shown = Shown(thread=thread, state=state_of(answer), attempt=attempt_of(answer))
        return [
            Reacted(
                workspace=thread.workspace,
                channel=thread.channel,
                message=str(answer.get("ts")),
                user=str(user),
                again=again,
                moment=clock_of(self._client).now() + SKEW,
                late=True,
                shown=shown,
            )
            for reaction in items(answer, "reactions")
            if (again := wish_of(reaction.get("name"))) is not None
            for user in cast("list[object]", reaction.get("users") or [])
            if user != self._us.user
        ]

    async def _pages(self, method: str, **arguments: Any) -> AsyncGenerator[Json]:
        """All pages, as Slack lets us read them."""
        cursor = ""
        while True:
            page = await patiently(
                lambda cursor=cursor: self._read(method, **arguments, limit=PAGE, cursor=cursor or None)
            )
            yield page
            cursor = str(inner(page, "response_metadata").get("next_cursor") or "")
            if not cursor:
                return

    async def _read(self, method: str, **arguments: Any) -> Json:
        await self._budgets.setdefault(method, Budget(PER_MINUTE, burst=BURST)).take()
        return await read(self._client, method, **arguments)


def _last(message: Json) -> float:
    """When something happened last with a message, or below it."""
    edited = inner(message, "edited").get("ts")
    return max(moment_of(str(ts or "")) for ts in (message.get("ts"), message.get("latest_reply"), edited))
