"""Slack's rate limits, where a test switches them on, and who comes back before the time it was told."""

from __future__ import annotations

import math
import time
from collections import deque

from tests.slack.errors import Throttled
from tests.slack.values import Json
from tests.support.windows import Windows

_PER_MINUTE = {
    "chat.update": 50,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.appendStream": 100,
    "conversations.replies": 50,
    "conversations.history": 50,
    "conversations.list": 20,
    "chat.postEphemeral": 100,
    "files.info": 100,
}
_PER_CHANNEL = {"chat.postMessage"}
"""One a second."""


class Tiers:
    """Counts requests over sliding windows."""

    def __init__(self) -> None:
        self.on = False
        self._seen: dict[str, deque[float]] = {}
        self._windows = Windows()

    def admit(self, method: str, arguments: Json) -> None:
        """Count a request.

        Raises:
            Throttled: If it is one too many.
        """
        if not self.on:
            return
        slot = _slot(method, arguments)
        allowed, seconds = (1, 1.0) if method in _PER_CHANNEL else (_PER_MINUTE.get(method, 0), 60.0)
        if not allowed:
            return
        now = time.monotonic()
        seen = self._seen.setdefault(slot, deque())
        while seen and seen[0] <= now - seconds:
            seen.popleft()
        if len(seen) >= allowed:
            raise Throttled(max(1, math.ceil(seen[0] + seconds - now)))
        seen.append(now)

    def close(self, method: str, arguments: Json, seconds: float) -> None:
        """Note that a client was told to stay away for so long."""
        self._windows.close(_slot(method, arguments), seconds)

    def told(self, method: str, arguments: Json) -> float | None:
        """For how many seconds clients have known that no request may come now; None where one may."""
        return self._windows.told(_slot(method, arguments))


def _slot(method: str, arguments: Json) -> str:
    return f"{method} {arguments.get('channel')}" if method in _PER_CHANNEL else method
