"""Slack's methods that the loopback Slack knows, each with the scope that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.slack import chat, files, people, reading, streams, views
from tests.slack.arguments import Arguments
from tests.slack.values import Json
from tests.slack.world import World

SCOPES = frozenset({
    "app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "commands", "files:read",
    "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write", "reactions:read",
    "reactions:write", "team:read", "users:read",
})  # fmt: skip
"""What the bot was granted, unless a test says otherwise."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method."""

    call: Callable[[World, Arguments], Json]
    scope: str | None


METHODS = {
    "agents.sessions.rename": Method(views.set_title, "chat:write"),
    "agents.sessions.setStatus": Method(views.set_session_status, "chat:write"),
    "api.test": Method(people.api_test, None),
    "assistant.threads.setStatus": Method(views.set_thread_status, "chat:write"),
    "assistant.threads.setSuggestedPrompts": Method(views.set_prompts, "assistant:write"),
    "assistant.threads.setTitle": Method(views.set_title, "assistant:write"),
    "auth.test": Method(people.auth_test, None),
    "bots.info": Method(people.bot_info, "users:read"),
    "chat.appendStream": Method(streams.append_stream, "chat:write"),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink, None),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.startStream": Method(streams.start_stream, "chat:write"),
    "chat.stopStream": Method(streams.stop_stream, "chat:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "conversations.history": Method(reading.history, "history"),
    "conversations.info": Method(reading.info, "read"),
    "conversations.list": Method(reading.list_all, "channels:read"),
    "conversations.members": Method(reading.members, "read"),
    "conversations.open": Method(reading.open_dm, "im:write"),
    "conversations.replies": Method(reading.replies, "history"),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write"),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write"),
    "files.info": Method(files.file_info, "files:read"),
    "reactions.add": Method(people.add_reaction, "reactions:write"),
    "reactions.get": Method(people.get_reactions, "reactions:read"),
    "reactions.remove": Method(people.remove_reaction, "reactions:write"),
    "team.info": Method(people.team_info, "team:read"),
    "users.conversations": Method(reading.list_joined, "channels:read"),
    "users.info": Method(people.user_info, "users:read"),
    "views.open": Method(views.open_view, None),
    "views.publish": Method(views.publish_view, None),
    "views.update": Method(views.update_view, None),
}

_OF_KIND = {"channel": "channels", "group": "groups", "im": "im"}


def scope_needed(world: World, method: Method, arguments: Arguments) -> str | None:
    """The scope that a call needs; reading needs the one of the place's kind."""
    if method.scope not in {"history", "read"}:
        return method.scope
    place = world.places.get(str(arguments.values.get("channel")))
    return None if place is None else f"{_OF_KIND[place.kind]}:{method.scope}"
