"""Server-sent events in Mistral's shape: the event's name is its data's type, and there is no end marker."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

MEDIA_TYPE = "text/event-stream; charset=utf-8"


def encoded(event: Json) -> bytes:
    """One event as bytes."""
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
