"""Heartbeats while an activity waits: without them a dead worker's turn would hang for the whole time-out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

_INTERVAL = 0.5
"""Seconds. The SDK sends them at most as often as `policies.HEARTBEAT_THROTTLE` says."""


@asynccontextmanager
async def heartbeating() -> AsyncGenerator[None]:
    """Heartbeat while the block runs. A stop reaches the block as CancelledError."""
    beat = asyncio.create_task(_beat())
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(_INTERVAL)
