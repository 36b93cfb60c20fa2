"""Live progress: how much of it one worker may write, and which messages must not be touched any more."""

from __future__ import annotations

import asyncio
import time

from bot.platforms.slack.remembered import Remembered

PROGRESS_PER_MINUTE = 30
"""Progress edits of one worker. Slack allows 50 edits a minute and more, and outcomes go first."""

_REMEMBERED = 1_000


class Budget:
    """Lets one edit pass at a time, evenly spread; a whole burst of them after a quiet while."""

    def __init__(self, per_minute: float, *, burst: int = 10) -> None:
        self._interval = 60 / per_minute
        self._ahead = burst * self._interval
        self._next = time.monotonic() - self._ahead

    async def take(self) -> None:
        """Wait for a turn."""
        now = time.monotonic()
        self._next = max(self._next, now - self._ahead) + self._interval
        # The turn is taken before the wait, so that those who come meanwhile wait longer.
        await asyncio.sleep(max(0.0, self._next - now))

    def spare(self) -> bool:
        """Take a turn if there is one at once."""
        now = time.monotonic()
        if self._next + self._interval > now:
            return False
        self._next = max(self._next, now - self._ahead) + self._interval
        return True

    def pause(self, seconds: float) -> None:
        """Nobody's turn comes for a while: Slack said so."""
        self._next = max(self._next, time.monotonic() + seconds)


class Outcomes:
    """Messages that show an outcome of an attempt, as far as this process wrote it."""

    def __init__(self) -> None:
        self._known: Remembered[str, int] = Remembered(_REMEMBERED)

    def add(self, message: str, attempt: int) -> None:
        """An outcome was written, or is about to be."""
        self._known.keep(message, max(attempt, self._known.get(message) or 0))

    def over(self, message: str, attempt: int) -> bool:
        """Whether progress of this attempt would overwrite an outcome."""
        return (self._known.get(message) or 0) >= attempt
