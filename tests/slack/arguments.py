"""A request's arguments, in whichever of Slack's three forms they come."""

from __future__ import annotations

import json
from typing import Any, cast

from aiohttp import web

from tests.slack.errors import Refused
from tests.slack.values import Json

_STRUCTURED = frozenset({
    "attachments", "blocks", "chunks", "files", "loading_messages", "metadata", "prompts", "sources", "view"
})  # fmt: skip


async def read_arguments(request: web.Request) -> Json:
    """The query, the form or the JSON body, together; structures that came as text are read."""
    found: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body: Any = json.loads(await request.text() or "{}")
        except json.JSONDecodeError:
            raise Refused("invalid_json") from None
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        found |= cast("Json", body)
    elif request.can_read_body:
        found |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name in _STRUCTURED & found.keys():
        value = found[name]
        if isinstance(value, str):
            try:
                found[name] = json.loads(value)
            except json.JSONDecodeError:
                raise Refused("invalid_arguments", field=name) from None
    return {name: value for name, value in found.items() if value is not None}


class Arguments:
    """One request's arguments, read with the types that they should have."""

    def __init__(self, method: str, values: Json) -> None:
        self.method = method
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """A text that must be there.

        Raises:
            Refused: If it is not.
        """
        value = self.optional(name)
        if value is None:
            raise Refused(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
            )
        return value

    def optional(self, name: str) -> str | None:
        """A text, or None where it is absent or empty."""
        value = self.values.get(name)
        return None if value is None or value == "" else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth in one of its spellings."""
        value = self.values.get(name)
        return default if value is None else value in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.optional(name)
        try:
            return default if value is None else int(value)
        except ValueError:
            raise Refused("invalid_arguments") from None

    def objects(self, name: str) -> list[Json] | None:
        """A list of objects, or None where it is absent."""
        value: Any = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in cast("list[Any]", value)):
            raise Refused("invalid_blocks_format" if name == "blocks" else "invalid_arguments")
        return cast("list[Json]", value)

    def object(self, name: str) -> Json | None:
        """An object, or None where it is absent."""
        value: Any = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Refused("invalid_arguments")
        return cast("Json", value)
