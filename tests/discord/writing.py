"""What is written in a message, new or standing: content, embeds, components, files."""

from __future__ import annotations

import copy
from typing import Any, cast

from tests.discord.arguments import Call, Part
from tests.discord.errors import Refused
from tests.discord.findings import Findings
from tests.discord.limits import check_files, check_message
from tests.discord.mentions import set_mentions
from tests.discord.message_shapes import attachment_shape
from tests.discord.values import (
    COMPONENTS_V2,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Json,
    Message,
    Upload,
    as_object,
    as_objects,
    parts_of,
)  # fmt: skip
from tests.discord.world import World

_GIVEN = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2


def write(world: World, call: Call, body: Json, message: Message) -> None:
    """Write into a message what a body names; all else stays as it is.

    Raises:
        Refused: If Discord refuses it; the message is as before.
    """
    uploads = _uploads(world, call, body, message)
    draft = copy.copy(message)
    # Components V2 cannot be taken back.
    draft.flags = (message.flags & ~(SUPPRESS_EMBEDS | LOADING)) | (int(body.get("flags") or 0) & _GIVEN)
    if "flags" not in body:
        draft.flags |= message.flags & SUPPRESS_EMBEDS
    kept = {"content": message.content, "embeds": message.embeds} if draft.is_v2 else {}
    check_message(world, call.route, kept | body, flags=draft.flags, files={each.filename for each in uploads})
    draft.attachments = uploads
    if "content" in body:
        draft.content = str(body["content"] or "")
    if "embeds" in body:
        draft.embeds = _shown_embeds(world, draft, as_objects(body["embeds"]))
    if "components" in body:
        draft.components = _shown_components(world, draft, as_objects(body["components"]))
    if not (draft.content or draft.embeds or draft.components or draft.attachments):
        raise Refused(400, 50006)
    allowed = body.get("allowed_mentions")
    draft.allowed_mentions = None if allowed is None else as_object(allowed)
    set_mentions(world, draft, draft.allowed_mentions)
    for name in (
        "flags", "attachments", "content", "embeds", "components", "allowed_mentions", "mentions", "mention_roles",
        "mention_everyone",
    ):  # fmt: skip
        setattr(message, name, getattr(draft, name))


def _uploads(world: World, call: Call, body: Json, message: Message) -> list[Upload]:
    """The files that hang on the message then: without a list, those that did, and the new ones."""
    listed: Any = body.get("attachments")
    standing = {each.id: each for each in message.attachments}
    if not isinstance(listed, list):
        listed = [{"id": number} for number in [*standing, *call.files]]
    else:
        named = {str(each.get("id")) for each in as_objects(cast("Any", listed))}
        listed = [*cast("list[Any]", listed), *({"id": number} for number in call.files if number not in named)]
    check_files(world, call.route, list(call.files.values()), 0)
    uploads: list[Upload] = []
    found = Findings()
    for number, each in enumerate(as_objects(listed)):
        key = str(each.get("id"))
        if key in call.files:
            uploads.append(_new(world, call.files[key], each))
        elif key in standing:
            uploads.append(standing[key])
        else:
            found.add(f"attachments/{number}/id", f"No such attachment: {key}")
    found.count(uploads, 10, "attachments")
    found.refuse(world, call.route)
    return uploads


def _new(world: World, part: Part, entry: Json) -> Upload:
    return Upload(
        id=world.new_id(), filename=str(entry.get("filename") or part.filename), content=part.content,
        content_type=part.content_type, description=entry.get("description"),
    )  # fmt: skip


def _shown_components(world: World, message: Message, components: list[Json]) -> list[Json]:
    """Components as they are shown: numbered, with the addresses of their files."""
    shown = copy.deepcopy(components)
    number = 0
    for part in parts_of(shown):
        if not part.get("id"):
            number += 1
            part["id"] = number
        if part["type"] == 17:
            part |= {"accent_color": part.get("accent_color"), "spoiler": bool(part.get("spoiler"))}
        media = [part.get("media"), part.get("file"), *(item.get("media") for item in as_objects(part.get("items")))]
        for each in media:
            if isinstance(each, dict):
                _resolve(world, message, cast("Json", each))
    return shown


def _shown_embeds(world: World, message: Message, embeds: list[Json]) -> list[Json]:
    shown = copy.deepcopy(embeds)
    for embed in shown:
        embed["type"] = "rich"
        for name in ("image", "thumbnail"):
            if isinstance(embed.get(name), dict):
                _resolve(world, message, embed[name])
    return shown


def _resolve(world: World, message: Message, media: Json) -> None:
    """Put a file's address in place of its name."""
    name = str(media.get("url", "")).removeprefix("attachment://")
    for upload in message.attachments:
        if upload.filename == name:
            shape = attachment_shape(world, message.channel, upload)
            media |= {key: shape[key] for key in ("url", "proxy_url", "content_type")} | {"attachment_id": upload.id}
