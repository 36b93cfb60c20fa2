"""How often a session may begin: Discord takes a thousand IDENTIFYs a day, and then takes the token away."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

DAY = 86_400.0
BURST = 200
"""Sessions of one day that begin at once."""

APART = 120.0
"""Seconds between the others: with the first ones at most 920 a day."""

_log = logging.getLogger(__name__)


class Sessions:
    """When sessions began, over restarts of this process. A file that cannot be written is done without."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        burst: int = BURST,
        apart: float = APART,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._path = path
        self._burst = burst
        self._apart = apart
        self._sleep = sleep
        self._began: list[float] = []

    async def begin(self) -> None:
        """Wait until another session may begin, and count it."""
        self._began = sorted({*self._began, *self._read()})
        now = time.time()
        today = [moment for moment in self._began if now - DAY < moment <= now]
        wait = max(0.0, today[-1] + self._apart - now) if len(today) >= self._burst else 0.0
        if wait:
            _log.warning("waiting %.0f s before another session with Discord: %d today", wait, len(today))
            await self._sleep(wait)
        self._began = [*today, time.time()]
        self._write()

    def _read(self) -> list[float]:
        if self._path is None:
            return []
        try:
            found: object = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return []
        moments = cast("list[object]", found) if isinstance(found, list) else []
        return [float(moment) for moment in moments if isinstance(moment, (int, float))]

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._began), "utf-8")
        except OSError as error:
            _log.warning("sessions with Discord are not counted over restarts (%s)", type(error).__name__)
