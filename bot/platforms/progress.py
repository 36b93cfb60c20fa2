"""Live progress: how much of it one worker may write, what is under way, and what must not be touched any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from workflows.errors import Terminal
from workflows.policies import HEARTBEAT
from workflows.remembered import Remembered

T = TypeVar("T")

FRESH = 0.75 * HEARTBEAT.total_seconds()
"""Seconds after which a worker cannot know whether it was given up meanwhile."""

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

    @property
    def ready(self) -> bool:
        """Whether there is a turn at once."""
        return self._next + self._interval <= time.monotonic()

    def spare(self) -> bool:
        """Take a turn if there is one at once."""
        if not self.ready:
            return False
        self._next = max(self._next, time.monotonic() - self._ahead) + self._interval
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

    async def left_alone(
        self, message: str, attempt: int, alive: Alive, standing: Callable[[], Awaitable[str]]
    ) -> bool:
        """Whether progress of this attempt must not be shown any more: no platform makes an edit depend on what stands.

        Where the attempt was surely alive too long ago, another worker may have written the outcome: `standing` asks
        the platform for the state that the message shows.
        """
        if self.over(message, attempt):
            return True
        now = time.monotonic()
        if now - alive.at > FRESH:
            if await standing() not in ("waiting", "working"):
                return True
            alive.at = now
        return self.over(message, attempt)


class Alive:
    """The last moment at which an attempt surely was not given up, in monotonic seconds: at first, its beginning."""

    def __init__(self) -> None:
        self.at = time.monotonic()


class Underway:
    """Calls about a message that are not cut off by whoever waits for them.

    One that is cut off here may still be applied there, after the last word, which nobody writes before it ended.
    """

    def __init__(self) -> None:
        self._flying: dict[str, set[asyncio.Task[Any]]] = {}
        self._refused: Remembered[str, Terminal] = Remembered(_REMEMBERED)

    async def whole(self, message: str, job: Coroutine[Any, Any, T]) -> T:
        """Make a call. Cancelled, it goes on."""
        task = asyncio.create_task(job)
        flying = self._flying.setdefault(message, set())
        flying.add(task)

        def landed(done: asyncio.Task[T]) -> None:
            flying.discard(done)
            if not flying:
                self._flying.pop(message, None)
            # Whoever waited may be gone.
            error = None if done.cancelled() else done.exception()
            if isinstance(error, Terminal):
                self._refused.keep(message, error)

        task.add_done_callback(landed)
        return await asyncio.shield(task)

    async def landed(self, message: str) -> Terminal | None:
        """Wait until no call about a message is under way, as long as a call may take; how one was refused for good.

        A refusal is told once.
        """
        flying = self._flying.get(message)
        if flying:
            await asyncio.wait(flying)
        refused = self._refused.get(message)
        self._refused.forget(message)
        return refused
