"""What nobody waits for: done beside everything else, best effort."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Later:
    """Jobs of one listener, which end with it."""

    def __init__(self, *refusals: type[Exception]) -> None:
        """`refusals`: what a platform says no with, of which a line in the log is enough."""
        self._refusals = refusals
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, job: Coroutine[Any, Any, None]) -> None:
        """Begin a job."""
        task = asyncio.create_task(self._quietly(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Leave everything that is not done."""
        for task in tuple(self._tasks):
            task.cancel()

    async def _quietly(self, job: Coroutine[Any, Any, None]) -> None:
        try:
            await job
        except self._refusals as error:
            _log.warning("left undone (%s)", type(error).__name__)
        except Exception:  # noqa: BLE001 - a task of its own: nobody else would hear of it
            _log.exception("left undone")
