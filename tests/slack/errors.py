"""What the loopback Slack answers where it refuses."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer `{"ok": false, "error": code}`, with further fields."""

    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields
        self.retry_after: int | None = None


class Throttled(Refused):
    """A 429 that names the seconds to wait."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class NotThere(Exception):
    """A gesture that nobody could make: the button, message or window is not there."""
