"""Gestures of one thread one after the other, each until it is taken.

Discord waits for no acknowledgement of a message, and sends nothing again. So what Temporal cannot take now is kept
here and tried again; should this process die meanwhile, catching up finds it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bot.chat import Unavailable
from bot.clock import PlatformClock
from bot.platforms.order import Order
from workflows.errors import CallError, Retriable

T = TypeVar("T")

TRY = 5.0
"""Seconds for one try, of Temporal and of Discord together."""

_AGAIN = (0.5, 10.0)
"""Seconds between two tries: at first, and at most."""

_log = logging.getLogger(__name__)


class Lanes:
    """One lane a thread."""

    def __init__(self, clock: PlatformClock) -> None:
        self._clock = clock
        self._order = Order()
        self._tasks: dict[asyncio.Task[Any], float] = {}

    async def run(self, lane: str, job: Callable[[], Awaitable[T]]) -> T:
        """Do it in its turn, until it is done. Raises what will not get better, such as Terminal."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks[task] = self._clock.now()
            task.add_done_callback(lambda done: self._tasks.pop(done, None))
        async with self._order.turn(lane):
            return await _until_taken(job)

    def close(self) -> None:
        """Leave everything that is not done."""
        for task in tuple(self._tasks):
            task.cancel()

    @property
    def oldest(self) -> float:
        """When what is not yet taken began, by the platform's clock; far ahead where everything is taken."""
        return min(self._tasks.values(), default=math.inf)


async def _until_taken(job: Callable[[], Awaitable[T]]) -> T:
    wait, longest = _AGAIN
    while True:
        told = None
        try:
            async with asyncio.timeout(TRY):
                return await job()
        except (Unavailable, TimeoutError) as error:
            _log.warning("a gesture cannot be handed over yet: %s", error or "no answer in time")
        except CallError as error:
            if not isinstance(error, Retriable):
                raise
            told = error.retry_after
            _log.warning("a gesture cannot be looked at yet: %s", error)
        await asyncio.sleep(max(wait, told or 0.0))
        wait = min(2 * wait, longest)
