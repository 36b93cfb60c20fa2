"""Waiting for one of two things."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def unless(stopped: asyncio.Event, job: Coroutine[Any, Any, T]) -> T | None:
    """The job's result; None if the event comes first, which ends the job."""
    doing, waiting = asyncio.ensure_future(job), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait([doing, waiting], return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        waiting.cancel()
        if not doing.done():
            doing.cancel()
            with suppress(asyncio.CancelledError):
                await doing
