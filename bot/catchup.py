"""What people did while nobody listened comes in through the same door as what they do now, on every platform alike.

Nothing here decides whether something was handled before: each conversation knows the ids that it has heard, so that
live events and what is read again may come in any order, and as often as they like.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias, TypeVar

from temporalio.client import Client

from bot.chat import Refused, Unavailable
from bot.clock import PlatformClock
from bot.commands import Help, Status, Usage, sound
from bot.conversations import Conversation, Conversations
from bot.doing import Doing
from bot.gap import BEFORE, Gap
from bot.gestures import Changed, Reacted, Spoken, timed
from workflows.contracts import Heard, ThreadRef
from workflows.errors import CallError, Retriable

T = TypeVar("T")

Gesture: TypeAlias = Spoken | Changed | Reacted

LATELY = 50
"""Threads, the newest, of which those are read first in which something was said a moment ago."""

TURNED = 1800.0
"""Seconds by which a conversation's last change may be later than what it heard last: a few turns may take as long.

Only where no worker can say when that was.
"""

SAID = 150
"""Messages of one thread that are read again, the newest: with their twins, fewer than a conversation remembers."""

_AGAIN = (1.0, 30.0)
"""Seconds before the next try of what cannot be done just now: at first, and at most."""

_TRIES = 8
"""Tries of what a platform does not do, and does not say until when."""

_log = logging.getLogger(__name__)


class Past(Protocol):
    """PORT. What a platform still shows of what people did.

    Methods wait for as long as the platform tells them to (`patiently`), and raise CallError where a place cannot be
    read. They mark nothing as late but reactions, of which nobody can say when they were made.
    """

    async def lately(self, threads: Sequence[ThreadRef], since: float, /) -> Collection[ThreadRef]:
        """Those of some threads in which something may have been said since a moment, as a few calls show.

        Where they do not show it, it may have been. It never raises.
        """
        ...

    async def thread(self, thread: ThreadRef, since: float, /, *, said_only: bool = False) -> Sequence[Gesture]:
        """What people said or changed in a thread since a moment, and 🔁 and 🛑 on answers of ours there.

        All pages of it, oldest first; of more than SAID messages the newest. `since` in seconds since 1970. With
        `said_only` no older answers are looked at for what people did with them.
        """
        ...

    def elsewhere(
        self, since: float, known: Collection[ThreadRef], /
    ) -> AsyncIterator[tuple[ThreadRef, Sequence[Gesture]]]:
        """The same of every other thread in which we may be meant: in channels that we are in, and direct messages.

        `known` threads are left out. What is said outside any thread has the one that its answer would go to.
        """
        ...


class CatchUp:
    """Catches up with one platform."""

    def __init__(
        self,
        client: Client,
        doing: Doing,
        past: Past,
        platform: str,
        *,
        clock: PlatformClock,
        patience: float = 20.0,
    ) -> None:
        """`clock` is the platform's.

        `patience`: seconds to wait for a worker, which keeps what was heard already from being handed over again.
        """
        self._clock = clock
        self._client = client
        self._doing = doing
        self._past = past
        self._platform = platform
        self._patience = patience

    async def keep(self, gap: Gap) -> None:
        """Catch up each time that something may have been missed, until cancelled. It disturbs nothing else."""
        while True:
            try:
                async with gap.reading() as since:
                    await self.run(since)
            except Exception:  # noqa: BLE001 - live events must go on, whatever is wrong here
                _log.exception("catching up broke off; trying again in %.0f s", _AGAIN[1])
                await asyncio.sleep(_AGAIN[1])

    async def run(self, since: float) -> None:
        """Hand over what was done since a moment, in seconds since 1970. Run again: the ids are known."""
        conversations = Conversations(self._client, self._platform, patience=self._patience)
        known = await patiently(conversations.lately)
        _log.info("catching up with %s: %d threads, %.0f s", self._platform, len(known), self._clock.now() - since)
        # Somebody may be waiting just now: to show the whole of a gap may take a platform minutes.
        await self._lately(conversations, known[:LATELY], since)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._threads(conversations, known, since))
            both.create_task(self._elsewhere(conversations, {one.thread for one in known}, since))
        _log.info("caught up with %s", self._platform)

    async def _lately(self, conversations: Conversations, known: Sequence[Conversation], since: float) -> None:
        """What was said after all that was heard: a page of each thread at most, so that a busy hour is no long one."""
        marks = await asyncio.gather(*(self._mark(conversations, one) for one in known))
        newest = max(marks, default=0.0)
        if newest <= since:
            return
        touched = await self._past.lately([one.thread for one in known], newest)
        for one, mark in zip(known, marks, strict=True):
            if one.thread in touched:
                await self._thread(conversations, one, max(since, mark), said_only=True)

    async def _mark(self, conversations: Conversations, one: Conversation) -> float:
        """The moment since which a conversation may not have heard what was said in its thread."""
        # One that cannot answer, since its code does not fit or no worker is there, keeps nobody else waiting.
        heard = await conversations.heard(one.thread, once=True)
        return heard.until - BEFORE if heard is not None and heard.until else one.last - TURNED

    async def _threads(self, conversations: Conversations, known: Sequence[Conversation], since: float) -> None:
        for one in known:
            await self._thread(conversations, one, since)

    async def _thread(
        self, conversations: Conversations, one: Conversation, since: float, *, said_only: bool = False
    ) -> None:
        try:
            found = await self._past.thread(one.thread, since, said_only=said_only)
        except CallError as closed:
            _log.info("a thread cannot be read: %s", closed)
            return
        await self._take(conversations, one.thread, found, one.began)

    async def _elsewhere(self, conversations: Conversations, known: Collection[ThreadRef], since: float) -> None:
        try:
            async for thread, found in self._past.elsewhere(since, known):
                await self._take(conversations, thread, found, None)
        except CallError as closed:
            _log.warning("%s does not show what was said elsewhere: %s", self._platform, closed)

    async def _take(
        self, conversations: Conversations, thread: ThreadRef, found: Sequence[Gesture], began: float | None
    ) -> None:
        """Hand over what a thread has not heard of. `began`: when its conversation did, if there is one."""
        wanted = _for_us(found, began)
        if not wanted:
            return
        heard = await conversations.heard(thread, [key for gesture in wanted for key in _ids(gesture)])
        for gesture in [left for one in wanted for left in _left_of(one, heard)]:
            try:
                await patiently(lambda gesture=gesture: self._hand_over(gesture))
            except (CallError, Refused) as refused:
                _log.warning("left undone: %s", refused)

    async def _hand_over(self, gesture: Gesture) -> None:
        """What is meant for one person alone is not said any more: they may have read it when it was new."""
        match gesture:
            case Spoken():
                await self._doing.said(timed(gesture, self._clock.now()))
            case Changed():
                await self._doing.changed(replace(gesture, after=timed(gesture.after, self._clock.now())))
            case Reacted():
                await self._doing.reacted(gesture)


async def patiently(job: Callable[[], Awaitable[T]]) -> T:
    """Do what can be done again, once it can be done: as long as Temporal is away, or a platform tells us to wait."""
    wait, longest = _AGAIN
    tries = 0
    while True:
        told = None
        try:
            return await job()
        except Unavailable as error:
            _log.info("catching up waits: %s", error)
        except Retriable as error:
            told, tries = error.retry_after, tries + (error.retry_after is None)
            if tries >= _TRIES:
                raise
            _log.info("catching up waits %.0f s: %s", told or wait, error)
        await asyncio.sleep(told or wait)
        wait = min(2 * wait, longest)


def _for_us(found: Sequence[Gesture], began: float | None) -> list[Gesture]:
    """What means us. What was said in a thread before we had a part in it does not, unless it names us."""
    if began is None:
        began = min((one.moment for one in map(_said, found) if one is not None and one.for_us), default=math.inf)
    return [gesture for gesture in found if _means_us(_said(gesture), began)]


def _means_us(said: Spoken | None, began: float) -> bool:
    if said is None:
        return True
    if isinstance(said.command, (Usage, Help, Status)):
        # Its answer would be for one person alone.
        return False
    return said.for_us or (not said.to_others and not said.alone and (said.below_us or said.moment > began))


def _left_of(gesture: Gesture, heard: Heard | None) -> list[Gesture]:
    """What is still to be handed over of a gesture. `heard` is None where nobody can say."""
    said = _said(gesture)
    if heard is None:
        # A change does not bring what was said first.
        return [gesture.after, gesture] if isinstance(gesture, Changed) else [gesture]
    if all(key in heard.fresh for key in _ids(gesture)):
        return [gesture if said is None else said]
    waiting = heard.waiting.get(said.message) if said is not None else None
    if isinstance(gesture, Changed) and waiting not in (None, sound(gesture.after.text)):
        return [gesture]
    return []


def _said(gesture: Gesture) -> Spoken | None:
    match gesture:
        case Spoken():
            return gesture
        case Changed():
            return gesture.after
        case Reacted():
            return None


def _ids(gesture: Gesture) -> tuple[str, ...]:
    """What a conversation knows a gesture by."""
    said = _said(gesture)
    if said is not None:
        return (said.message, *said.twins)
    return (gesture.request,) if isinstance(gesture, Reacted) else ()
