"""Reactions of the bot's, and whose they are."""

from __future__ import annotations

from tests.discord import events
from tests.discord.arguments import Call
from tests.discord.errors import Refused
from tests.discord.shapes import person_shape
from tests.discord.values import Json, Message
from tests.discord.world import BOT_USER, World


def add(world: World, call: Call) -> None:
    """PUT .../reactions/{emoji}/@me."""
    message = _message(world, call)
    emoji, place = _emoji(call), world.places[message.channel]
    world.need(place, "read_message_history")
    if emoji not in {each for each, _ in message.reactions}:
        world.need(place, "add_reactions")
    if (emoji, BOT_USER) in message.reactions:
        return
    message.reactions.append((emoji, BOT_USER))
    world.note(call.route, message)
    world.emit(events.reacted(world, message, BOT_USER, emoji))


def take_back(world: World, call: Call) -> None:
    """DELETE .../reactions/{emoji}/@me or /{user}."""
    message, user = _message(world, call), call.path.get("user", BOT_USER)
    if user != BOT_USER:
        world.need(world.places[message.channel], "manage_messages")
    if (_emoji(call), user) not in message.reactions:
        raise Refused(404, 10014)
    message.reactions.remove((_emoji(call), user))
    world.note(call.route, message)
    world.emit(events.reacted(world, message, user, _emoji(call), added=False))


def who(world: World, call: Call) -> list[Json]:
    """GET .../reactions/{emoji}."""
    message = _message(world, call, to_write=False)
    after, limit = int(call.query.get("after", "0")), call.number("limit", 25, most=100)
    users = sorted((user for emoji, user in message.reactions if emoji == _emoji(call)), key=int)
    return [person_shape(world.people[user]) for user in users if int(user) > after][:limit]


def _message(world: World, call: Call, *, to_write: bool = True) -> Message:
    place = world.place(call.path["channel"])
    message = world.message(place.id, call.path["message"])
    if to_write and place.archived:
        raise Refused(400, 50083)
    return message


def _emoji(call: Call) -> str:
    emoji = call.path["emoji"]
    if emoji.isascii() and ":" not in emoji:
        raise Refused(400, 10014)
    return emoji
