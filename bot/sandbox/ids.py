"""Ids and times in the shapes that Mistral uses."""

from __future__ import annotations

import secrets
import string
import time
from datetime import UTC, datetime

_CALL_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """`prefix` and a UUIDv7 in hex: its first twelve digits are milliseconds since 1970."""
    milliseconds = time.time_ns() // 1_000_000
    low = secrets.randbits(62) | (0b10 << 62)
    return f"{prefix}_{milliseconds:012x}7{secrets.randbits(12):03x}{low:016x}"


def new_call_id() -> str:
    """Nine letters and digits, as the models write them."""
    return "".join(secrets.choice(_CALL_ALPHABET) for _ in range(9))


def now() -> str:
    """The time, ISO 8601 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
