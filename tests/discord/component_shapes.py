"""Components and embeds as Discord shows them: numbered, filled up, with the addresses of their files."""

from __future__ import annotations

import copy
from typing import Any

from tests.discord.component_checks import CONTAINER, FILE, SELECTS, SEPARATOR, THUMBNAIL
from tests.discord.message_shapes import attachment_shape
from tests.discord.values import Json, Message, as_object, as_objects, parts_of
from tests.discord.world import World

_FILLED: dict[int, Json] = {
    CONTAINER: {"accent_color": None, "spoiler": False},
    THUMBNAIL: {"description": None, "spoiler": False},
    FILE: {"spoiler": False},
    SEPARATOR: {"spacing": 1, "divider": True},
} | {select: {"min_values": 1, "max_values": 1} for select in SELECTS}


def shown_components(world: World, message: Message, components: list[Json]) -> list[Json]:
    """The components of a message, whose attachments are set already."""
    shown = copy.deepcopy(components)
    taken = {part["id"] for part in parts_of(shown) if part.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    for part in parts_of(shown):
        part["id"] = part.get("id") or next(free)
        _fill(world, message, part)
    return shown


def _fill(world: World, message: Message, part: Json) -> None:
    for name, value in _FILLED.get(part["type"], {}).items():
        if part.get(name) is None:
            part[name] = value
    for item in as_objects(part.get("items")):
        item["description"], item["spoiler"] = item.get("description"), bool(item.get("spoiler"))
        item["media"] = _resolved(world, message, item.get("media"))
    for name in ("media", "file"):
        if name in part:
            part[name] = _resolved(world, message, part[name])
    if part["type"] == FILE:
        attached = next(each for each in message.attachments if each.id == part["file"].get("attachment_id"))
        part["name"], part["size"] = attached.filename, len(attached.content)


def shown_embeds(world: World, message: Message, embeds: list[Json]) -> list[Json]:
    """The embeds of a message, whose attachments are set already."""
    shown = copy.deepcopy(embeds)
    for embed in shown:
        embed["type"] = "rich"
        for name in ("image", "thumbnail"):
            if name in embed:
                embed[name] = {
                    key: value for key, value in _resolved(world, message, embed[name]).items() if key != "id"
                }
    return shown


def _resolved(world: World, message: Message, media: Any) -> Json:
    """A medium with its file's address in place of its name."""
    url = str(as_object(media).get("url", ""))
    for upload in message.attachments:
        shape = attachment_shape(world, message.channel, upload)
        if url in {f"attachment://{upload.filename}", shape["url"]}:
            found = {key: shape[key] for key in ("url", "proxy_url", "content_type")}
            return found | {"id": world.new_id(), "attachment_id": upload.id}
    return {"id": world.new_id(), "url": url, "proxy_url": url}
