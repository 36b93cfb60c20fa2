"""What people write on Discord, without Discord's markup; and what the bot itself says there. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

NOT_OPENED = "I could not open a thread here, so this will not be answered. `clew doctor` says what I lack."
NO_THREADS = "No threads can be opened in this kind of channel. Ask me in a text channel, or write to me directly."
LOCKED = "This thread is locked, so I cannot answer here."

_MARKUP = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|/(?P<command>[^:<>]+):\d+|a?:(?P<emoji>\w+):\d+|t:(?P<time>\d+)(?::\w)?)>"
)


def cannot(lacking: str) -> str:
    """Why nothing can be answered in a channel."""
    return f"I cannot answer in this channel: I may not {lacking} here. The server's administrators can change that."


def plain_text(text: str, us: str, names: Mapping[str, str]) -> str:
    """A message's text as its author saw it: no mention of us, everybody and everything else by its name."""

    def spelled(found: re.Match[str]) -> str:
        user = found["user"]
        if user:
            return "" if user == us else f"@{names.get(user, user)}"
        if found["command"]:
            return f"/{found['command']}"
        if found["emoji"]:
            return f":{found['emoji']}:"
        return f"#{names.get(found['channel'], 'channel')}" if found["channel"] else found["time"] or "@role"

    return _MARKUP.sub(spelled, text).strip()
