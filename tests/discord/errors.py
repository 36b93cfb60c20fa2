"""What the loopback Discord answers where it refuses."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    0: "404: Not Found",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10011: "Unknown Role",
    10013: "Unknown User",
    10014: "Unknown Emoji",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    30046: "Maximum number of edits to messages older than 1 hour reached. Try again later",
    40005: "Request entity too large",
    40060: "Interaction has already been acknowledged.",
    40062: "Service resource is being rate limited.",
    50001: "Missing Access",
    50003: "Cannot execute action on a DM channel",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50007: "Cannot send messages to this user",
    50008: "Cannot send messages in a non-text channel",
    50013: "Missing Permissions",
    50021: "Cannot execute action on a system message",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
    50083: "Tried to perform an operation on an archived thread, such as editing a message or adding a user to it",
    50109: "The request body contains invalid JSON.",
    160002: "Cannot reply without permission to read message history",
    160004: "A thread has already been created for this message",
    160005: "Thread is locked",
    200000: "Message was blocked by automatic moderation",
    240000: "Message blocked by harmful links filter",
}


class Refused(Exception):
    """An answer `{"message": ..., "code": ...}`, with where the fault lies."""

    def __init__(self, status: int, code: int, *, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.errors = errors

    @property
    def body(self) -> dict[str, Any]:
        """What is answered."""
        message = "401: Unauthorized" if (self.status, self.code) == (401, 0) else MESSAGES.get(self.code, "Refused")
        return {"message": message, "code": self.code} | ({"errors": self.errors} if self.errors else {})


class Throttled(Exception):
    """A 429 that names the seconds to wait."""

    def __init__(self, retry_after: float, *, is_global: bool = False, scope: str = "user") -> None:
        super().__init__(f"429 {retry_after}")
        self.retry_after = retry_after
        self.is_global = is_global
        self.scope = "global" if is_global else scope


class NotThere(Exception):
    """A gesture that nobody could make: the button, message or command is not there."""
