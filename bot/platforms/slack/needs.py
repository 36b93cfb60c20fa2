"""What the app must be allowed to do, and hear. manifest.yml says the same, and a test compares the two."""

from __future__ import annotations

SCOPES = {
    "app_mentions:read": "hear mentions",
    "assistant:write": "suggest first questions in direct messages",
    "channels:history": "hear replies in its threads, and find its own answers again",
    "channels:read": "see which channels it is in",
    "chat:write": "answer",
    "commands": "take `/research`, shortcuts and buttons",
    "files:read": "see when a chart is ready",
    "files:write": "attach charts",
    "groups:history": "hear replies and find its answers in private channels",
    "groups:read": "see which private channels it is in",
    "im:history": "hear direct messages",
    "im:read": "see direct messages",
    "mpim:history": "hear replies and find its answers in group messages",
    "mpim:read": "see which group messages it is in",
    "reactions:read": "hear 🔁 and 🛑",
    "users:read": "tell members from guests, strangers and bots",
}
"""Scopes of the bot token, and what each is for."""

EVENTS = {
    "agent_session_stopped": "agent_session_stopped",
    "app_home_opened": "app_home_opened",
    "app_mention": "app_mention",
    "message.channels": "message",
    "message.groups": "message",
    "message.im": "message",
    "message.mpim": "message",
    "reaction_added": "reaction_added",
}
"""Events that the app subscribes to, and under which type they come."""
