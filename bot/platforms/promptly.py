"""What a platform never sends again has to be answered in time, whatever is out of reach."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from bot.chat import Unavailable
from workflows.errors import CallError

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def promptly(job: Awaitable[T], otherwise: T, *, within: float) -> T:
    """What comes of a job within so many seconds; `otherwise` where Temporal or the platform does not let it."""
    try:
        async with asyncio.timeout(within):
            return await job
    except (Unavailable, CallError, TimeoutError) as error:
        _log.warning("a gesture could not be handed over: %s", error)
        return otherwise
