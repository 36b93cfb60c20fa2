"""What is written in a message, new or standing: content, embeds, components, files."""

from __future__ import annotations

import copy
from typing import Any, cast

from tests.discord.arguments import Call, Part
from tests.discord.component_shapes import shown_components, shown_embeds
from tests.discord.errors import Refused
from tests.discord.findings import Findings
from tests.discord.limits import check_files, check_message
from tests.discord.mentions import set_mentions
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
        draft.embeds = shown_embeds(world, draft, as_objects(body["embeds"]))
    if "components" in body:
        draft.components = shown_components(world, draft, as_objects(body["components"]))
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
