"""Heartbeats while an activity waits: without them a dead worker's turn would hang for the whole time-out."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity

_INTERVAL = 0.5
"""Seconds. The SDK sends them at most as often as `policies.HEARTBEAT_THROTTLE` says."""

_MARGIN = 2.0
"""Seconds before an attempt's own time-out at which its successor may already be at work."""


class Pulse:
    """Whether this attempt still counts, told by clocks of this process alone: the server's may differ by minutes."""

    def __init__(self) -> None:
        info = activity.info()
        self._limit = _seconds(info.start_to_close_timeout)
        self._patience = _seconds(info.heartbeat_timeout) / 2
        # The server heard the last beat up to the throttle before it was made here, a quarter of its time-out.
        self._longest = _seconds(info.heartbeat_timeout) * 0.7
        self._began = self._last = time.monotonic()
        self._was_silent = False

    def beat(self) -> None:
        """Heartbeat. It makes up for no silence before it: a worker that was paused may beat before it looks here."""
        now = time.monotonic()
        self._was_silent = self._was_silent or now - self._last > self._longest
        activity.heartbeat()
        self._last = now

    @property
    def given_up(self) -> bool:
        """Whether the server may have given this attempt up, and its successor may be writing.

        A worker that was paused wakes with an old last beat. Half the time-out leaves room for the SDK's throttle.
        """
        now = time.monotonic()
        late = now - self._began > self._limit - _MARGIN
        silent = self._was_silent or now - self._last > self._patience
        return late or silent or activity.is_cancelled()


def _seconds(limit: timedelta | None) -> float:
    return math.inf if limit is None else limit.total_seconds()


@asynccontextmanager
async def heartbeating() -> AsyncGenerator[Pulse]:
    """Heartbeat while the block runs. A stop reaches the block as CancelledError."""
    pulse = Pulse()
    beating = asyncio.create_task(_keep_beating(pulse))
    try:
        yield pulse
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _keep_beating(pulse: Pulse) -> None:
    while True:
        pulse.beat()
        await asyncio.sleep(_INTERVAL)
