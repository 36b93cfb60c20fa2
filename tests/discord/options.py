"""What people enter in a command: options by name, as its registered definition types them."""

from __future__ import annotations

from typing import Any

from tests.discord.errors import NotThere
from tests.discord.shapes import member_shape, person_shape, place_shape, role_shape
from tests.discord.values import Json, as_objects
from tests.discord.world import World

_SUBCOMMAND, _GROUP = 1, 2


def find_command(commands: list[Json], name: str, kind: int) -> Json:
    """The registered command of a name, whose first word is the command's own.

    Raises:
        NotThere: If there is none.
    """
    for command in commands:
        if command["type"] == kind and command["name"] in {name, name.split(" ", maxsplit=1)[0]}:
            return command
    raise NotThere(f"No command {name} is registered.")


def entered(command: Json, name: str, values: dict[str, Any], *, focused: str | None = None) -> list[Json]:
    """The options as an interaction carries them, under the subcommand that the rest of the name says.

    Raises:
        NotThere: If nobody could enter them so.
    """
    defined, path = as_objects(command.get("options")), name.split(" ")[1:]
    wraps: list[Json] = []
    for word in path:
        found = next((each for each in defined if each["name"] == word and each["type"] in {_SUBCOMMAND, _GROUP}), None)
        if found is None:
            raise NotThere(f"{name} is not registered.")
        wraps.append({"type": found["type"], "name": word})
        defined = as_objects(found.get("options"))
    if any(each["type"] in {_SUBCOMMAND, _GROUP} for each in defined):
        raise NotThere(f"{name} needs a subcommand.")
    shown: Any = [_entered(defined, each, value, focused=each == focused) for each, value in values.items()]
    missing = [each["name"] for each in defined if each.get("required") and each["name"] not in values]
    if missing and focused is None:
        raise NotThere(f"{name} needs {', '.join(missing)}.")
    for wrap in reversed(wraps):
        shown = [wrap | {"options": shown}]
    return shown


def _entered(defined: list[Json], name: str, value: Any, *, focused: bool) -> Json:
    option = next((each for each in defined if each["name"] == name), None)
    if option is None:
        raise NotThere(f"There is no option {name}.")
    if focused:
        if not option.get("autocomplete"):
            raise NotThere(f"{name} suggests nothing.")
        return {"type": option["type"], "name": name, "value": str(value), "focused": True}
    choices = [choice["value"] for choice in as_objects(option.get("choices"))]
    if choices and value not in choices:
        raise NotThere(f"{value} is no choice of {name}.")
    if isinstance(value, str):
        if len(value) > option.get("max_length", 6000) or len(value) < option.get("min_length", 0):
            raise NotThere(f"{name} is too long or too short.")
    elif not option.get("min_value", value) <= value <= option.get("max_value", value):
        raise NotThere(f"{name} is too high or too low.")
    return {"type": option["type"], "name": name, "value": value}


def resolved(world: World, options: list[Json]) -> Json:
    """The people, channels and roles that options name."""
    found: Json = {}
    for option in options:
        value = str(option.get("value"))
        match option["type"]:
            case 1 | 2:
                for kind, shapes in resolved(world, as_objects(option.get("options"))).items():
                    found.setdefault(kind, {}).update(shapes)
            case 6 | 9 if value in world.people:
                found.setdefault("users", {})[value] = person_shape(world.people[value])
                if world.people[value].member:
                    member = member_shape(world.people[value], with_user=False) | {
                        "permissions": str(world.may(value, None))
                    }
                    found.setdefault("members", {})[value] = member
            case 7:
                shape = place_shape(world, world.places[value]) | {"permissions": "0"}
                found.setdefault("channels", {})[value] = shape
            case 8 | 9:
                found.setdefault("roles", {})[value] = role_shape(world.roles[value], 0)
            case _:
                pass
    return found
