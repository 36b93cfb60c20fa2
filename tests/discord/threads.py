"""Threads: beginning one, changing it, joining it, finding it."""

from __future__ import annotations

import time
from datetime import datetime

from tests.discord import events
from tests.discord.arguments import Call
from tests.discord.errors import Refused
from tests.discord.limits import check_thread
from tests.discord.shapes import place_shape, thread_member_shape, thread_shape
from tests.discord.values import (
    HAS_THREAD,
    NEWS,
    NEWS_THREAD,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    TEXT,
    Json,
    Message,
    Place,
)
from tests.discord.world import BOT_USER, World


def from_message(world: World, call: Call) -> Json:
    """POST /channels/{channel}/messages/{message}/threads: the thread's id is the message's."""
    place = _parent(world, call)
    world.need(place, "create_public_threads")
    check_thread(world, call.route, call.object)
    message = world.message(place.id, call.path["message"])
    if message.id in world.places:
        raise Refused(400, 160004)
    if message.type in {18, 21}:
        raise Refused(400, 50024)
    thread = begin(world, place, call.object, owner=BOT_USER, message=message)
    world.note(call.route, channel=thread.id)
    return thread_shape(thread)


def alone(world: World, call: Call) -> Json:
    """POST /channels/{channel}/threads: private, unless said otherwise."""
    place, body = _parent(world, call), call.object
    check_thread(world, call.route, body)
    kind = int(body.get("type", PRIVATE_THREAD))
    world.need(place, "create_private_threads" if kind == PRIVATE_THREAD else "create_public_threads")
    thread = begin(world, place, body | {"type": kind}, owner=BOT_USER)
    world.note(call.route, channel=thread.id)
    return thread_shape(thread)


def begin(world: World, parent: Place, body: Json, *, owner: str, message: Message | None = None) -> Place:
    """Begin a thread, and tell of it."""
    kind = NEWS_THREAD if parent.type == NEWS else PUBLIC_THREAD
    thread = Place(
        id=world.new_id() if message is None else message.id, name=str(body["name"]), parent=parent.id, owner=owner,
        type=kind if message is not None else int(body.get("type", kind)), members=[owner], archived_at=time.time(),
        auto_archive_minutes=int(body.get("auto_archive_duration") or 1440),
    )  # fmt: skip
    world.places[thread.id] = thread
    world.emit(events.thread_event(thread, "THREAD_CREATE", new=True))
    if message is None:
        if thread.type != PRIVATE_THREAD:
            _system(world, parent.id, owner, 18, (thread.id, thread.id), thread.name)
    else:
        message.flags |= HAS_THREAD
        world.emit(events.changed(world, message))
        _system(world, thread.id, owner, 21, (parent.id, message.id))
    return thread


def _system(world: World, channel: str, user: str, kind: int, about: tuple[str, str], text: str = "") -> None:
    notice = Message(channel=channel, id=world.new_id(), user=user, type=kind, reference=about, content=text)
    world.add(notice)
    world.emit(events.said(world, notice))


def change(world: World, call: Call) -> Json:
    """PATCH /channels/{channel}: a thread's name, and whether it is archived or locked; a channel's topic."""
    place, body = world.place(call.path["channel"]), call.object
    if not place.is_thread:
        world.need(place, "manage_channels")
        place.name, place.topic = str(body.get("name", place.name)), body.get("topic", place.topic)
        world.note(call.route, channel=place.id)
        world.emit(events.channel_event(world, place, "CHANNEL_UPDATE"))
        return place_shape(world, place)
    manages = world.can(place, "manage_threads")
    opens = body.get("archived") is False
    if place.archived and not opens:
        raise Refused(400, 50083)
    owns = place.owner == BOT_USER
    # Whoever can write in a thread may open it again, unless it is locked.
    if not manages and (place.locked or "locked" in body or not (owns or (set(body) <= {"archived"} and opens))):
        raise Refused(403, 50013)
    check_thread(world, call.route, body)
    place.name = str(body.get("name", place.name))
    place.locked = bool(body.get("locked", place.locked))
    place.auto_archive_minutes = int(body.get("auto_archive_duration", place.auto_archive_minutes))
    set_archived(world, place, archived=bool(body.get("archived", place.archived)))
    world.note(call.route, channel=place.id)
    return thread_shape(place)


def set_archived(world: World, place: Place, *, archived: bool) -> None:
    """Archive a thread or open it, and tell of it."""
    if archived != place.archived:
        place.archived_at = time.time()
    place.archived = archived
    world.emit(events.thread_event(place, "THREAD_UPDATE"))


def delete(world: World, call: Call) -> Json:
    """DELETE /channels/{channel}."""
    place = world.place(call.path["channel"])
    world.need(place, "manage_threads" if place.is_thread else "manage_channels")
    world.note(call.route, channel=place.id)
    return remove(world, place)


def remove(world: World, place: Place) -> Json:
    """Delete a thread or a channel, and tell of it."""
    shape = place_shape(world, place)
    if place.is_thread:
        world.emit(events.thread_event(place, "THREAD_DELETE"))
    else:
        world.emit(events.channel_event(world, place, "CHANNEL_DELETE"))
    place.deleted = True
    return shape


def join(world: World, call: Call) -> None:
    """PUT /channels/{channel}/thread-members/@me or /{user}."""
    place, user = _thread(world, call), call.path.get("user", BOT_USER)
    if place.archived:
        raise Refused(400, 50083)
    if user not in world.people:
        raise Refused(404, 10013)
    if user not in place.members:
        place.members.append(user)
        world.note(call.route, channel=place.id)


def leave(world: World, call: Call) -> None:
    """DELETE /channels/{channel}/thread-members/@me."""
    place = _thread(world, call)
    place.members = [each for each in place.members if each != BOT_USER]


def members(world: World, call: Call) -> list[Json]:
    """GET /channels/{channel}/thread-members."""
    place = _thread(world, call)
    return [thread_member_shape(place, user) for user in place.members]


def active(world: World, _: Call) -> Json:
    """GET /guilds/{guild}/threads/active: what is not archived."""
    found = [each for each in world.places.values() if each.is_thread and not each.archived and not each.deleted]
    return _listed(world, sorted(found, key=lambda each: -int(each.id)))


def archived(world: World, call: Call) -> Json:
    """GET /channels/{channel}/threads/archived/public: archived last comes first."""
    parent = world.place(call.path["channel"])
    world.need(parent, "read_message_history")
    limit, before = call.number("limit", 50, most=100), call.query.get("before")
    until = float("inf") if before is None else datetime.fromisoformat(before).timestamp()
    found = [
        each
        for each in world.places.values()
        if each.is_thread and each.archived and not each.deleted and each.parent == parent.id
        and each.type != PRIVATE_THREAD and each.archived_at < until
    ]  # fmt: skip
    found.sort(key=lambda each: -each.archived_at)
    return _listed(world, found[:limit]) | {"has_more": len(found) > limit}


def _listed(world: World, found: list[Place]) -> Json:
    found = [each for each in found if world.sees(BOT_USER, each)]
    own = [thread_member_shape(each, BOT_USER) for each in found if BOT_USER in each.members]
    return {"threads": [thread_shape(each) for each in found], "members": own, "has_more": False}


def _parent(world: World, call: Call) -> Place:
    place = world.place(call.path["channel"])
    if place.type not in {TEXT, NEWS}:
        raise Refused(400, 50024)
    return place


def _thread(world: World, call: Call) -> Place:
    place = world.place(call.path["channel"])
    if not place.is_thread:
        raise Refused(400, 50024)
    return place
