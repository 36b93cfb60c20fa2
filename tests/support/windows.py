"""Who was told to wait, since when, and until when."""

from __future__ import annotations

import time


class Windows:
    """The Retry-After windows of one service, by what it counts together; seconds on the monotonic clock."""

    def __init__(self) -> None:
        self._closed: dict[str, tuple[float, float]] = {}

    def close(self, slot: str, seconds: float) -> None:
        """Note that clients were told to stay away for so long. Told again meanwhile, they know since the first."""
        told, now = self.told(slot), time.monotonic()
        self._closed[slot] = (now if told is None else now - told, now + seconds)

    def told(self, slot: str) -> float | None:
        """For how many seconds clients have known that no request may come now; None where one may."""
        since, until = self._closed.get(slot, (0.0, 0.0))
        now = time.monotonic()
        return now - since if now < until else None
