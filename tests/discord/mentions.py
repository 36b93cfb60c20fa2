"""Whom a message notifies: what its text says, as far as its sender allows it and may do it."""

from __future__ import annotations

import re
from typing import Any

from tests.discord.permissions import BITS
from tests.discord.values import DM, SUPPRESS_NOTIFICATIONS, Json, Message, Ping, as_object
from tests.discord.world import BOT_USER, World

_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_USER, _ROLE, _EVERYONE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(everyone|here)\b")


def set_mentions(world: World, message: Message, allowed: Json | None) -> None:
    """Set whom a message mentions; without `allowed` everything that its text says counts."""
    text = _CODE.sub("", message.text)
    users = [each for each in dict.fromkeys(_USER.findall(text)) if each in world.people]
    roles = [each for each in dict.fromkeys(_ROLE.findall(text)) if each in world.roles]
    everyone = _EVERYONE.search(text) is not None
    place = world.places[message.channel]
    if place.type == DM or not world.may(message.user, place) & BITS["mention_everyone"]:
        everyone = False
        roles = [each for each in roles if world.roles[each].mentionable]
    replied = None
    if message.type == 19 and message.reference is not None:
        answered = world.messages.get(message.reference[0], {}).get(message.reference[1])
        replied = None if answered is None else answered.user
    if allowed is not None:
        parse: list[Any] = allowed.get("parse") or []
        users = users if "users" in parse else [each for each in users if each in _ids(allowed, "users")]
        roles = roles if "roles" in parse else [each for each in roles if each in _ids(allowed, "roles")]
        everyone = everyone and "everyone" in parse
        replied = replied if allowed.get("replied_user") else None
    if replied is not None and replied not in users:
        users.append(replied)
    message.mentions, message.mention_roles, message.mention_everyone = users, roles, everyone


def ping(world: World, message: Message) -> None:
    """Note whom a new message of the bot's notifies."""
    if message.user != BOT_USER or message.flags & SUPPRESS_NOTIFICATIONS:
        return
    users = tuple(each for each in message.mentions if each != BOT_USER)
    if users or message.mention_roles or message.mention_everyone:
        world.pings.append(
            Ping(
                channel=message.channel, message=message.id, users=users, roles=tuple(message.mention_roles),
                everyone=message.mention_everyone,
            )
        )  # fmt: skip


def _ids(allowed: Json, name: str) -> set[str]:
    ids: list[Any] = as_object(allowed).get(name) or []
    return {str(each) for each in ids}
