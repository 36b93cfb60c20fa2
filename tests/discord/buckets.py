"""Discord's rate limits, where a test switches them on, and who comes back before the time it was told."""

from __future__ import annotations

import time
from collections import deque

from tests.discord.errors import Throttled
from tests.support.windows import Windows

_MESSAGE = "/channels/{channel}/messages/{message}"
LIMITS: dict[str, tuple[int, float]] = {
    "POST /channels/{channel}/messages": (5, 5.0),
    f"PATCH {_MESSAGE}": (5, 5.0),
    f"DELETE {_MESSAGE}": (5, 1.0),
    f"PUT {_MESSAGE}/reactions/{{emoji}}/@me": (1, 0.25),
    f"DELETE {_MESSAGE}/reactions/{{emoji}}/@me": (1, 0.25),
    "POST /channels/{channel}/typing": (5, 5.0),
    "PATCH /channels/{channel}": (5, 15.0),
    "GET /channels/{channel}/messages": (10, 10.0),
    "POST /webhooks/{application}/{token}": (5, 2.0),
    "PATCH /webhooks/{application}/{token}/messages/{message}": (5, 2.0),
}
"""So many requests in so many seconds, for each channel or token; Discord publishes none of these."""
GLOBAL = (50, 1.0)
_MAJOR = ("channel", "guild", "token")


class Buckets:
    """Counts requests over sliding windows."""

    def __init__(self) -> None:
        self.on = False
        self._seen: dict[str, deque[float]] = {}
        self._windows = Windows()

    def admit(self, route: str, path: dict[str, str]) -> dict[str, str]:
        """Count a request; returns the headers that tell of its bucket.

        Raises:
            Throttled: If it is one too many.
        """
        if not self.on:
            return {}
        if not route.startswith(("POST /interactions", "POST /webhooks")):
            left, reset = self._count("", *GLOBAL)
            if left < 0:
                raise Throttled(reset, is_global=True)
        if route not in LIMITS:
            return {}
        limit, seconds = LIMITS[route]
        left, reset = self._count(_slot(route, path), limit, seconds)
        if left < 0:
            raise Throttled(reset)
        return {
            "X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}", "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": f"{hash(route) & 0xFFFFFFFF:08x}",
        }  # fmt: skip

    def _count(self, slot: str, limit: int, seconds: float) -> tuple[int, float]:
        """How many are left, below 0 where it is one too many, and in how many seconds there are more."""
        now = time.monotonic()
        seen = self._seen.setdefault(slot, deque())
        while seen and seen[0] <= now - seconds:
            seen.popleft()
        if len(seen) >= limit:
            return -1, max(0.001, seen[0] + seconds - now)
        seen.append(now)
        return limit - len(seen), seen[0] + seconds - now

    def close(self, route: str, path: dict[str, str], seconds: float, *, is_global: bool) -> None:
        """Note that a client was told to stay away for so long."""
        self._windows.close("" if is_global else _slot(route, path), seconds)

    def told(self, route: str, path: dict[str, str]) -> float | None:
        """For how many seconds clients have known that no request may come now; None where one may."""
        known = [told for slot in ("", _slot(route, path)) if (told := self._windows.told(slot)) is not None]
        return max(known, default=None)


def _slot(route: str, path: dict[str, str]) -> str:
    return " ".join([route, *(path[name] for name in _MAJOR if name in path)])
