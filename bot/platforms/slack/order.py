"""What is told of one thread is handed over in the order in which it is told.

Slack tells of events side by side. Two that come within milliseconds would reach their conversation in either order,
and be answered so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.platforms.slack.calls import Json, inner


class Order:
    """One queue a thread."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, event: Json) -> AsyncGenerator[None]:
        """The turn of an event, which lasts until the block is left."""
        thread = thread_of(event)
        self._waiting[thread] += 1
        try:
            # Whoever asked first has it first.
            async with self._locks.setdefault(thread, asyncio.Lock()):
                yield
        finally:
            self._waiting[thread] -= 1
            if not self._waiting[thread]:
                del self._waiting[thread], self._locks[thread]


def thread_of(event: Json) -> str:
    """The thread that an event is about, whether it tells of a message, of its change or of its removal."""
    message = inner(event, "message") or inner(event, "previous_message") or event
    return f"{event.get('channel')}:{message.get('thread_ts') or message.get('ts')}"
