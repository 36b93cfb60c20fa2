"""auth.*, users.*, team.*, bots.*, reactions.*: who there is, and what they mark."""

from __future__ import annotations

from tests.slack import events
from tests.slack.arguments import Arguments
from tests.slack.errors import Refused
from tests.slack.shapes import bot_shape, person_shape
from tests.slack.values import Json
from tests.slack.world import BOT_ID, BOT_USER, TEAM, World


def auth_test(world: World, _: Arguments) -> Json:
    """auth.test."""
    return {
        "url": "https://clew.slack.com/", "team": "Clew", "user": world.people[BOT_USER].name, "team_id": TEAM,
        "user_id": BOT_USER, "bot_id": BOT_ID, "is_enterprise_install": False,
    }  # fmt: skip


def api_test(_: World, arguments: Arguments) -> Json:
    """api.test."""
    return {"args": arguments.values}


def user_info(world: World, arguments: Arguments) -> Json:
    """users.info."""
    person = world.people.get(arguments.text("user"))
    if person is None:
        raise Refused("user_not_found")
    return {"user": person_shape(person)}


def team_info(_world: World, _arguments: Arguments) -> Json:
    """team.info."""
    return {"team": {"id": TEAM, "name": "Clew", "domain": "clew", "email_domain": "", "icon": {}}}


def bot_info(world: World, arguments: Arguments) -> Json:
    """bots.info."""
    bot = arguments.text("bot")
    if bot == BOT_ID:
        return {"bot": bot_shape(world) | {"user_id": BOT_USER}}
    for person in world.people.values():
        if person.bot_id == bot:
            return {
                "bot": {"id": bot, "name": person.name, "deleted": False, "user_id": person.id, "app_id": "A0OTHER"}
            }
    raise Refused("bot_not_found")


def add_reaction(world: World, arguments: Arguments) -> Json:
    """reactions.add."""
    place = world.own_place(arguments.text("channel"))
    message, name = world.message(place.id, arguments.text("timestamp")), arguments.text("name").strip(":")
    if (name, BOT_USER) in message.reactions:
        raise Refused("already_reacted")
    message.reactions.append((name, BOT_USER))
    world.note(arguments.method, message)
    world.emit(events.reacted(world, message, BOT_USER, name))
    return {}


def remove_reaction(world: World, arguments: Arguments) -> Json:
    """reactions.remove."""
    place = world.own_place(arguments.text("channel"))
    message, name = world.message(place.id, arguments.text("timestamp")), arguments.text("name").strip(":")
    if (name, BOT_USER) not in message.reactions:
        raise Refused("no_reaction")
    message.reactions.remove((name, BOT_USER))
    world.note(arguments.method, message)
    return {}


def get_reactions(world: World, arguments: Arguments) -> Json:
    """reactions.get."""
    place = world.own_place(arguments.text("channel"), to_write=False)
    message = world.message(place.id, arguments.text("timestamp"))
    return {"type": "message", "channel": place.id, "message": events.said(world, message)}
