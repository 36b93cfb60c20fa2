"""Users, members, roles, channels, the guild and the application: who and what there is."""

from __future__ import annotations

from tests.discord.arguments import Call
from tests.discord.errors import Refused
from tests.discord.shapes import (
    application_shape,
    guild_shape,
    member_shape,
    person_shape,
    place_shape,
    roles_shape,
    self_shape,
)  # fmt: skip
from tests.discord.values import DM, Json, Place
from tests.discord.world import BOT_USER, GUILD, World


def own_user(world: World, _: Call) -> Json:
    """GET /users/@me."""
    return self_shape(world)


def user(world: World, call: Call) -> Json:
    """GET /users/{user}."""
    if call.path["user"] not in world.people:
        raise Refused(404, 10013)
    return person_shape(world.people[call.path["user"]])


def own_guilds(world: World, _: Call) -> list[Json]:
    """GET /users/@me/guilds."""
    if not world.people[BOT_USER].member:
        return []
    may = str(world.may(BOT_USER, None))
    return [{"id": GUILD, "name": "Clew", "icon": None, "banner": None, "owner": False, "permissions": may,
             "features": []}]  # fmt: skip


def application(world: World, _: Call) -> Json:
    """GET /applications/@me and /oauth2/applications/@me."""
    return application_shape(world)


def open_dm(world: World, call: Call) -> Json:
    """POST /users/@me/channels."""
    return place_shape(world, dm_with(world, str(call.object.get("recipient_id"))))


def dm_with(world: World, person: str) -> Place:
    """The direct messages between somebody and the bot."""
    found = world.people.get(person)
    if found is None or found.bot:
        raise Refused(400, 50007)
    if found.dm is None:
        place = Place(id=world.new_id(), name="", type=DM, user=person)
        world.places[place.id] = place
        found.dm = place.id
    return world.places[found.dm]


def gateway(world: World, _: Call) -> Json:
    """GET /gateway."""
    return {"url": gateway_url(world)}


def gateway_for_bot(world: World, _: Call) -> Json:
    """GET /gateway/bot."""
    left = max(0, world.identify_limit - world.identified())
    limit = {"total": world.identify_limit, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": gateway_url(world), "shards": 1, "session_start_limit": limit}


def gateway_url(world: World) -> str:
    """Where the gateway is."""
    return f"ws://{world.url.removeprefix('http://')}gateway/"


def guild(world: World, call: Call) -> Json:
    """GET /guilds/{guild}."""
    _guild(world, call)
    people = sum(person.member for person in world.people.values())
    counts = {"approximate_member_count": people, "approximate_presence_count": people}
    return guild_shape(world) | (counts if call.query.get("with_counts") in {"1", "true", "True"} else {})


def channels(world: World, call: Call) -> list[Json]:
    """GET /guilds/{guild}/channels: threads aside."""
    _guild(world, call)
    found = [each for each in world.places.values() if each.type != DM and not each.is_thread and not each.deleted]
    return [place_shape(world, each) for each in found]


def channel(world: World, call: Call) -> Json:
    """GET /channels/{channel}."""
    return place_shape(world, world.place(call.path["channel"]))


def roles(world: World, call: Call) -> list[Json]:
    """GET /guilds/{guild}/roles."""
    _guild(world, call)
    return roles_shape(world)


def member(world: World, call: Call) -> Json:
    """GET /guilds/{guild}/members/{user}."""
    _guild(world, call)
    found = world.people.get(call.path["user"])
    if found is None:
        raise Refused(404, 10013)
    if not found.member:
        raise Refused(404, 10007)
    return member_shape(found)


def members(world: World, call: Call) -> list[Json]:
    """GET /guilds/{guild}/members."""
    _guild(world, call)
    after, limit = int(call.query.get("after", "0")), call.number("limit", 1, most=1000)
    found = sorted((each for each in world.people.values() if each.member), key=lambda each: int(each.id))
    return [member_shape(each) for each in found if int(each.id) > after][:limit]


def _guild(world: World, call: Call) -> None:
    if call.path["guild"] != GUILD:
        raise Refused(404, 10004)
    if not world.people[BOT_USER].member:
        raise Refused(403, 50001)
