"""Progress that a platform refused for good: what one activity learned of a message, the next one need not ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from workflows.chat import Chat, LiveMessage
from workflows.contracts import Answer, Live, MessageRef
from workflows.errors import Terminal
from workflows.remembered import Remembered

_REMEMBERED = 1_000


class Refusals:
    """What one worker was told, by message and attempt; the latest ones."""

    def __init__(self) -> None:
        self._known: Remembered[tuple[MessageRef, int], bool] = Remembered(_REMEMBERED)
        self._turns: WeakValueDictionary[MessageRef, asyncio.Lock] = WeakValueDictionary()

    def known(self, live: Live) -> bool:
        """Whether the platform will never show progress of this attempt in this message again."""
        return self._known.get(_about(live)) is not None

    @asynccontextmanager
    async def live(self, chat: Chat, live: Live) -> AsyncGenerator[MindedMessage]:
        """A platform's live message that is asked no more, once it was refused for good.

        Raises CallError; Terminal also without any call, where another activity was refused meanwhile.
        """
        self.check(live)
        turn = self._turns.setdefault(live.message, asyncio.Lock())
        async with chat.live(live.message, asker=live.asker) as message:
            yield MindedMessage(self, live, message, turn)

    def check(self, live: Live) -> None:
        """Raises Terminal where progress was refused for good."""
        if self.known(live):
            raise Terminal("progress was refused before", code="chat_access")

    def keep(self, live: Live) -> None:
        """Progress was refused for good."""
        self._known.keep(_about(live), True)


class MindedMessage:
    """One update of a message at a time: whoever comes second knows what the first one was told."""

    def __init__(self, refusals: Refusals, live: Live, message: LiveMessage, turn: asyncio.Lock) -> None:
        self._refusals = refusals
        self._live = live
        self._message = message
        self._turn = turn

    async def show(self, answer: Answer) -> None:
        """Show `answer`. Raises CallError; Terminal without any call, where one was refused for good before."""
        async with self._turn:
            self._refusals.check(self._live)
            try:
                await self._heard(answer)
            except Terminal:
                self._refusals.keep(self._live)
                raise

    async def _heard(self, answer: Answer) -> None:
        try:
            await self._message.show(answer)
        except asyncio.CancelledError:
            # The call goes on without us, and nobody makes another one before it is known what came of it.
            await self._message.landed()
            raise


def _about(live: Live) -> tuple[MessageRef, int]:
    return live.message, live.answer.attempt
