"""The stretch of time in which a listener may have missed something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.clock import PlatformClock

BEFORE = 120.0
"""Seconds before a connection was seen to be broken in which it may have been deaf already."""


class Gap:
    """From when on something may have been missed, by the platform's clock, which dates what is read.

    It outlives connections, and ends when all of it has been read.
    """

    def __init__(self, window: float, clock: PlatformClock | None = None) -> None:
        """`window`: seconds that are read again at the most, the first time all of them; 0 reads nothing ever."""
        self.clock = clock if clock is not None else PlatformClock()
        self._window = window
        self._since: float | None = None
        self._open = asyncio.Event()
        self.widen(0.0)

    def widen(self, since: float) -> None:
        """Something may have been missed since a moment."""
        if self._window:
            self._since = since if self._since is None else min(self._since, since)
            self._open.set()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[float]:
        """Wait for a gap, and close it with the block, unless that fails. Gives the moment to read from."""
        await self._open.wait()
        self._open.clear()
        since, self._since = self._since or 0.0, None
        try:
            yield max(since, self.clock.now() - self._window)
        except BaseException:
            self.widen(since)
            raise
