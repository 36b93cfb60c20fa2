"""What the gateway says when something happened."""

from __future__ import annotations

import time
from typing import Any

from tests.discord.message_shapes import emoji_shape, told
from tests.discord.shapes import guild_created, member_shape, place_shape, role_shape, thread_shape
from tests.discord.values import DM, Json, Message, Person, Place
from tests.discord.world import BOT_USER, GUILD, Event, World

GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 0, 1 << 1, 1 << 9, 1 << 10, 1 << 11
DM_MESSAGES, DM_REACTIONS, DM_TYPING, MESSAGE_CONTENT = 1 << 12, 1 << 13, 1 << 14, 1 << 15
PRIVILEGED = GUILD_MEMBERS | 1 << 8 | MESSAGE_CONTENT


def _in(world: World, channel: str, name: str, data: Json, *, guild: int, dm: int) -> Event:
    is_dm = world.places[channel].type == DM
    where = {"channel_id": channel} | ({} if is_dm else {"guild_id": GUILD})
    return Event(name=name, data=where | data, channel=channel, intents=dm if is_dm else guild)


def said(world: World, message: Message) -> Event:
    """MESSAGE_CREATE."""
    data = told(world, message) | {"channel_type": world.places[message.channel].type}
    return _in(world, message.channel, "MESSAGE_CREATE", data, guild=GUILD_MESSAGES, dm=DM_MESSAGES)


def changed(world: World, message: Message) -> Event:
    """MESSAGE_UPDATE."""
    data = told(world, message) | {"channel_type": world.places[message.channel].type}
    return _in(world, message.channel, "MESSAGE_UPDATE", data, guild=GUILD_MESSAGES, dm=DM_MESSAGES)


def deleted(world: World, message: Message) -> Event:
    """MESSAGE_DELETE."""
    data = {"id": message.id}
    return _in(world, message.channel, "MESSAGE_DELETE", data, guild=GUILD_MESSAGES, dm=DM_MESSAGES)


def reacted(world: World, message: Message, user: str, emoji: str, *, added: bool = True, author: bool = True) -> Event:
    """MESSAGE_REACTION_ADD or MESSAGE_REACTION_REMOVE; `author`: says whose message it is, which Discord need not."""
    data: Json = {
        "user_id": user, "message_id": message.id, "emoji": emoji_shape(emoji), "burst": False, "type": 0,
    }  # fmt: skip
    if added:
        data["burst_colors"] = []
        if author:
            data["message_author_id"] = message.user
        if world.people[user].member and world.places[message.channel].type != DM:
            data["member"] = member_shape(world.people[user])
    name = "MESSAGE_REACTION_ADD" if added else "MESSAGE_REACTION_REMOVE"
    return _in(world, message.channel, name, data, guild=GUILD_REACTIONS, dm=DM_REACTIONS)


def typing(world: World, channel: str, user: str) -> Event:
    """TYPING_START."""
    data = {"user_id": user, "timestamp": int(time.time())}
    return _in(world, channel, "TYPING_START", data, guild=GUILD_TYPING, dm=DM_TYPING)


def thread_event(place: Place, name: str, *, new: bool = False) -> Event:
    """THREAD_CREATE, THREAD_UPDATE or THREAD_DELETE."""
    data = thread_shape(place)
    if name == "THREAD_DELETE":
        data = {key: data[key] for key in ("id", "guild_id", "parent_id", "type")}
    if new:
        data["newly_created"] = True
    return Event(name=name, data=data, channel=place.id, intents=GUILDS)


def channel_event(world: World, place: Place, name: str) -> Event:
    """CHANNEL_CREATE, CHANNEL_UPDATE or CHANNEL_DELETE."""
    seen = None if name == "CHANNEL_DELETE" else place.id
    return Event(name=name, data=place_shape(world, place), channel=seen, intents=GUILDS)


def role_event(world: World, role: str, name: str) -> Event:
    """GUILD_ROLE_CREATE or GUILD_ROLE_UPDATE."""
    shape = role_shape(world.roles[role], list(world.roles).index(role))
    return Event(name=name, data={"guild_id": GUILD, "role": shape}, intents=GUILDS)


def member_event(person: Person, name: str) -> Event:
    """GUILD_MEMBER_ADD, GUILD_MEMBER_UPDATE or GUILD_MEMBER_REMOVE."""
    shape = member_shape(person)
    data: Json = {"user": shape["user"]} if name == "GUILD_MEMBER_REMOVE" else shape
    return Event(name=name, data=data | {"guild_id": GUILD}, intents=0 if person.id == BOT_USER else GUILD_MEMBERS)


def guild_event(world: World) -> Event:
    """GUILD_CREATE."""
    return Event(name="GUILD_CREATE", data=guild_created(world), intents=GUILDS)


def guild_left() -> Event:
    """GUILD_DELETE: the bot was removed."""
    return Event(name="GUILD_DELETE", data={"id": GUILD}, intents=GUILDS)


def guild_unavailable() -> Event:
    """GUILD_DELETE: the guild is away for a while."""
    return Event(name="GUILD_DELETE", data={"id": GUILD, "unavailable": True}, intents=GUILDS)


def heard_by(event: Event, intents: int) -> Json | None:
    """An event's payload for a session with these intents, None where it is not told.

    Without MESSAGE_CONTENT, others' messages in a guild come empty, unless they mention the bot.
    """
    if event.intents and not event.intents & intents:
        return None
    data = event.data
    hides = event.name in {"MESSAGE_CREATE", "MESSAGE_UPDATE"} and not intents & MESSAGE_CONTENT
    mentions: list[Any] = data.get("mentions", [])
    if not hides or "guild_id" not in data or data["author"]["id"] == BOT_USER:
        return data
    if any(each["id"] == BOT_USER for each in mentions):
        return data
    return data | {"content": "", "embeds": [], "attachments": [], "components": []}
