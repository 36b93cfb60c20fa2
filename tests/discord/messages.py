"""Posting, changing and deleting messages of the bot's."""

from __future__ import annotations

import time
from typing import Any

from tests.discord import events
from tests.discord.arguments import Call
from tests.discord.errors import Refused
from tests.discord.mentions import ping
from tests.discord.message_shapes import message_shape
from tests.discord.permissions import BITS
from tests.discord.values import DM, Json, Message, Place, as_object, as_objects
from tests.discord.world import BOT_USER, World
from tests.discord.writing import write


def create(world: World, call: Call) -> Json:
    """POST /channels/{channel}/messages."""
    place, body = world.place(call.path["channel"]), call.object
    may_post(world, place)
    if call.files:
        world.need(place, "attach_files")
    message = Message(channel=place.id, id="", user=BOT_USER, nonce=_nonce(body), **_reference(world, place, body))
    if not world.can(place, "embed_links"):
        body = {key: value for key, value in body.items() if key != "embeds"}
    write(world, call, body, message)
    if message.nonce is not None and body.get("enforce_nonce") and message.nonce in world.nonces:
        # Discord finds the earlier message, and says so even where it was deleted since.
        return with_nonce(world, world.message(*world.nonces[message.nonce]))
    message.id = world.new_id()
    if message.nonce is not None:
        world.nonces[message.nonce] = (place.id, message.id)
    post(world, call.route, message)
    return with_nonce(world, message)


def with_nonce(world: World, message: Message) -> Json:
    """A message as the answer to its own creation shows it."""
    return message_shape(world, message) | ({} if message.nonce is None else {"nonce": message.nonce})


def may_post(world: World, place: Place) -> None:
    """Refuse where the bot may not write.

    Raises:
        Refused: If it may not.
    """
    if place.type == DM:
        if place.user is None or world.people[place.user].closed:
            raise Refused(403, 50007)
        return
    world.need(place, "send_messages_in_threads" if place.is_thread else "send_messages")
    if place.is_thread and place.locked and not world.can(place, "manage_threads"):
        raise Refused(403, 160005)


def post(world: World, route: str, message: Message) -> None:
    """Let a message stand, and tell of it; it opens its thread again. Only what the bot wrote is noted."""
    wake(world, world.places[message.channel])
    world.add(message)
    if message.user == BOT_USER:
        world.note(route, message)
    ping(world, message)
    if not message.ephemeral:
        world.emit(events.said(world, message))


def wake(world: World, place: Place) -> None:
    """Open a thread again, if it is archived."""
    if place.archived:
        place.archived, place.archived_at = False, time.time()
        world.emit(events.thread_event(place, "THREAD_UPDATE"))


def edit(world: World, call: Call) -> Json:
    """PATCH /channels/{channel}/messages/{message}: what is not named stays."""
    place = world.place(call.path["channel"])
    message = world.own_message(place.id, call.path["message"])
    if message.type in {18, 21}:
        raise Refused(403, 50021)
    if place.archived:
        raise Refused(400, 50083)
    rewrite(world, call, call.object, message)
    return message_shape(world, message)


def rewrite(world: World, call: Call, body: Json, message: Message) -> None:
    """Change a message, and tell of it."""
    write(world, call, body, message)
    message.edited = time.time()
    message.edits += 1
    world.note(call.route, message)
    if not message.ephemeral:
        world.emit(events.changed(world, message))


def delete(world: World, call: Call) -> None:
    """DELETE /channels/{channel}/messages/{message}: its own, or, with the permission, anybody's."""
    place = world.place(call.path["channel"])
    message = world.message(place.id, call.path["message"])
    if message.user != BOT_USER and not world.can(place, "manage_messages"):
        raise Refused(403, 50013)
    remove(world, message)
    world.note(call.route, message)


def remove(world: World, message: Message) -> None:
    """Delete a message, and tell of it. Its thread stays."""
    message.deleted = True
    if not message.ephemeral:
        world.emit(events.deleted(world, message))


def show_typing(world: World, call: Call) -> None:
    """POST /channels/{channel}/typing."""
    place = world.place(call.path["channel"])
    may_post(world, place)
    world.typing.append(place.id)


def history(world: World, call: Call) -> list[Json]:
    """GET /channels/{channel}/messages: newest first; after a message, the oldest of those that came after."""
    place = world.place(call.path["channel"])
    limit = call.number("limit", 50, most=100)
    if place.type != DM and not world.can(place, "read_message_history"):
        return []
    found = list(reversed(world.standing(place.id)))
    bounds = {name: int(call.query[name]) for name in ("before", "after", "around") if name in call.query}
    if len(bounds) > 1:
        raise Refused(400, 50035)
    if "before" in bounds:
        found = [each for each in found if int(each.id) < bounds["before"]][:limit]
    elif "after" in bounds:
        found = [each for each in found if int(each.id) > bounds["after"]][-limit:]
    elif "around" in bounds:
        newer = [each for each in found if int(each.id) > bounds["around"]][-(limit // 2) :]
        older = [each for each in found if int(each.id) <= bounds["around"]][: limit - len(newer)]
        found = newer + older
    return [message_shape(world, each) for each in found[:limit]]


def single(world: World, call: Call) -> Json:
    """GET /channels/{channel}/messages/{message}."""
    place = world.place(call.path["channel"])
    world.need(place, "read_message_history")
    return message_shape(world, world.message(place.id, call.path["message"]))


def _nonce(body: Json) -> str | None:
    nonce = body.get("nonce")
    return None if nonce is None else str(nonce)


def _reference(world: World, place: Place, body: Json) -> dict[str, Any]:
    """What the message answers."""
    if body.get("message_reference") is None:
        return {}
    reference = as_object(body["message_reference"])
    answered = str(reference.get("message_id"))
    if not world.may(BOT_USER, place) & BITS["read_message_history"]:
        raise Refused(403, 160002)
    try:
        world.message(place.id, answered)
    except Refused:
        if not reference.get("fail_if_not_exists", True):
            return {}
        fault = {"_errors": [{"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}]}
        raise Refused(400, 50035, errors={"message_reference": fault}) from None
    return {"type": 19, "reference": (place.id, answered)}


def pins(world: World, call: Call) -> Json:
    """GET /channels/{channel}/messages/pins: nothing is pinned."""
    world.place(call.path["channel"])
    return {"items": as_objects(None), "has_more": False}
