"""A platform's own clock, as its answers tell it: what people do is dated by it, and ours may be minutes off."""

from __future__ import annotations

import time

from workflows.retry_after import http_date

_NEAR = 5.0
"""Seconds of a difference that may be the way of an answer, and the whole seconds in which it is dated."""


class PlatformClock:
    """One platform's. Before it was told anything it is ours."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def told(self, date: str | None) -> None:
        """What an answer that came just now has as its `Date`."""
        there = http_date(date or "")
        if there is None:
            return
        ahead = there.timestamp() - time.time()
        self._ahead = ahead if abs(ahead) > _NEAR else 0.0

    def now(self) -> float:
        """Seconds since 1970, by the platform's clock."""
        return time.time() + self._ahead
