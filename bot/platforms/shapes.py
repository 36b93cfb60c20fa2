"""Objects and lists within what a platform sends, which need not be there."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]


def inner(data: Json, *names: str) -> Json:
    """An object within an object, or an empty one where there is none."""
    for name in names:
        data = as_object(data.get(name))
    return data


def items(data: Json, name: str) -> list[Json]:
    """A list of objects within an object, or an empty one."""
    return objects(data.get(name))


def as_object(found: object) -> Json:
    """What was found, if it is an object, or an empty one."""
    return cast("Json", found) if isinstance(found, dict) else {}


def objects(found: object) -> list[Json]:
    """The objects in a list."""
    listed = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Json", item) for item in listed if isinstance(item, dict)]
