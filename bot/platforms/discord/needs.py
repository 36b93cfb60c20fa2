"""What the application must be allowed to do, and hear; and its address for those who invite it."""

from __future__ import annotations

from urllib.parse import urlencode

import discord

PERMISSIONS = {
    "view_channel": "see the channel",
    "send_messages": "write",
    "send_messages_in_threads": "write in threads",
    "create_public_threads": "open threads",
    "read_message_history": "read the history, without which an answer cannot be found again",
    "attach_files": "attach charts",
}
"""Permissions of the bot, as discord.py names them, and what each is for."""

ESSENTIAL = tuple(name for name in PERMISSIONS if name != "attach_files")
"""Without these no answer can be given in a channel."""

MESSAGE_CONTENT_FLAGS = 1 << 18 | 1 << 19
"""Flags of an application that may read what messages say: of a large one, and of any other."""


def intents() -> discord.Intents:
    """What the gateway has to tell us of."""
    return discord.Intents(guilds=True, messages=True, message_content=True, reactions=True)


def permissions() -> discord.Permissions:
    """All of `PERMISSIONS`."""
    return discord.Permissions(**dict.fromkeys(PERMISSIONS, True))


def invitation(application: str) -> str:
    """The address under which somebody adds the bot to a server."""
    asked = {"client_id": application, "scope": "bot applications.commands", "permissions": permissions().value}
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"
