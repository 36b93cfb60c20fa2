"""Application commands: what the bot registers."""

from __future__ import annotations

from typing import Any, cast

from tests.discord.arguments import Call
from tests.discord.errors import Refused
from tests.discord.limits import check_commands
from tests.discord.values import Json, as_objects
from tests.discord.world import APPLICATION, GUILD, World


def listed(world: World, call: Call) -> list[Json]:
    """GET /applications/{application}/commands, of all guilds or of one."""
    return list(_standing(world, call))


def overwrite(world: World, call: Call) -> list[Json]:
    """PUT /applications/{application}/commands: these, and no others."""
    standing = _standing(world, call)
    if not isinstance(call.body, list):
        raise Refused(400, 50035)
    given = as_objects(cast("list[Any]", call.body))
    check_commands(world, call.route, given)
    ids = {(each["type"], each["name"]): each["id"] for each in standing}
    standing[:] = [_shown(world, each, call.path.get("guild"), ids) for each in given]
    world.note(call.route)
    return list(standing)


def upsert(world: World, call: Call) -> Json:
    """POST /applications/{application}/commands: one more, or one anew."""
    standing, given = _standing(world, call), call.object
    check_commands(world, call.route, [given])
    ids = {(each["type"], each["name"]): each["id"] for each in standing}
    shown = _shown(world, given, call.path.get("guild"), ids)
    standing[:] = [each for each in standing if each["id"] != shown["id"]] + [shown]
    world.note(call.route)
    return shown


def delete(world: World, call: Call) -> None:
    """DELETE /applications/{application}/commands/{command}."""
    standing = _standing(world, call)
    if call.path["command"] not in {each["id"] for each in standing}:
        raise Refused(404, 10063)
    standing[:] = [each for each in standing if each["id"] != call.path["command"]]
    world.note(call.route)


def _standing(world: World, call: Call) -> list[Json]:
    guild = call.path.get("guild", "")
    if call.path["application"] != APPLICATION:
        raise Refused(403, 50001)
    if guild not in {"", GUILD}:
        raise Refused(403, 50001)
    return world.commands[guild]


def _shown(world: World, given: Json, guild: str | None, ids: dict[tuple[int, str], str]) -> Json:
    kind, name = int(given.get("type") or 1), str(given["name"])
    may = given.get("default_member_permissions")
    shown: Json = {
        "id": ids.get((kind, name)) or world.new_id(), "application_id": APPLICATION, "version": world.new_id(),
        "type": kind, "name": name, "description": given.get("description") or "",
        "default_member_permissions": None if may is None else str(may), "nsfw": bool(given.get("nsfw")),
        "name_localizations": given.get("name_localizations"), "contexts": given.get("contexts"),
        "description_localizations": given.get("description_localizations"),
        "integration_types": given.get("integration_types") or [0],
    }  # fmt: skip
    if given.get("options"):
        shown["options"] = given["options"]
    return shown | ({"guild_id": guild} if guild else {"dm_permission": given.get("dm_permission") is not False})
