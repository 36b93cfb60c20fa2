"""Which thread Slack tells of.

It tells of events side by side: two of one thread that come within milliseconds would reach their conversation in
either order, and be answered so.
"""

from __future__ import annotations

from bot.platforms.shapes import Json, inner


def thread_of(event: Json) -> str:
    """The thread that an event is about, whether it tells of a message, of its change or of its removal."""
    message = inner(event, "message") or inner(event, "previous_message") or event
    return f"{event.get('channel')}:{message.get('thread_ts') or message.get('ts')}"
