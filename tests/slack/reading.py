"""conversations.*: what stands where, in pages."""

from __future__ import annotations

from typing import Any

from tests.slack.arguments import Arguments
from tests.slack.errors import Refused
from tests.slack.shapes import message_shape, offset_of, paged, place_shape
from tests.slack.values import Json, Message, Place
from tests.slack.world import World

_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im"}


def replies(world: World, arguments: Arguments) -> Json:
    """conversations.replies: the root first, whatever the window, then the replies in it, oldest first.

    The ts of a reply brings that reply alone.
    """
    place = world.own_place(arguments.text("channel"), to_write=False)
    ts = arguments.text("ts")
    asked = world.messages.get(place.id, {}).get(ts)
    if asked is None or (asked.deleted and not world.in_thread(place.id, ts)):
        raise Refused("thread_not_found")
    if asked.thread_ts is not None:
        return _answer(world, arguments, [asked])
    thread = world.in_thread(place.id, ts)
    found = [message for message in thread if message.ts == ts or _within(message, arguments)]
    return _answer(world, arguments, found)


def history(world: World, arguments: Arguments) -> Json:
    """conversations.history: newest first; with `oldest` alone, the pages go forward from there."""
    place = world.own_place(arguments.text("channel"), to_write=False)
    top = [
        message
        for message in world.messages.get(place.id, {}).values()
        if not message.deleted
        and (message.thread_ts is None or message.subtype == "thread_broadcast")
        and _within(message, arguments)
    ]
    forward = arguments.optional("oldest") is not None and arguments.optional("latest") is None
    top.sort(key=lambda message: message.ts, reverse=not forward)
    answer = _answer(world, arguments, top)
    if forward:
        answer["messages"].reverse()
    return answer


def _within(message: Message, arguments: Arguments) -> bool:
    oldest, latest = arguments.optional("oldest"), arguments.optional("latest")
    at = _moment(message.ts)
    if arguments.flag("inclusive"):
        return (oldest is None or at >= _moment(oldest)) and (latest is None or at <= _moment(latest))
    return (oldest is None or at > _moment(oldest)) and (latest is None or at < _moment(latest))


def _moment(ts: str) -> tuple[int, int]:
    whole, _, part = ts.partition(".")
    try:
        return int(whole), int(part.ljust(6, "0") or 0)
    except ValueError:
        raise Refused("invalid_ts_oldest") from None


def _answer(world: World, arguments: Arguments, found: list[Message]) -> Json:
    page, cursor = _page(world, arguments, found)
    metadata = arguments.flag("include_all_metadata")
    shapes = [message_shape(world, message, metadata=metadata) for message in page]
    return {"messages": shapes, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _page(world: World, arguments: Arguments, found: list[Any]) -> tuple[list[Any], str]:
    limit = arguments.number("limit", 100)
    if limit < 1:
        raise Refused("invalid_limit")
    return paged(found, offset=offset_of(arguments.optional("cursor")), limit=min(limit, world.page_limit))


def info(world: World, arguments: Arguments) -> Json:
    """conversations.info, for the places that a bot can see."""
    return {"channel": place_shape(_visible(world, arguments))}


def members(world: World, arguments: Arguments) -> Json:
    """conversations.members."""
    page, cursor = _page(world, arguments, sorted(_visible(world, arguments).members))
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def list_all(world: World, arguments: Arguments) -> Json:
    """conversations.list: public channels, and those of the rest that the bot is in."""
    return _places(
        world, arguments, [place for place in world.places.values() if place.member or place.kind == "channel"]
    )


def list_joined(world: World, arguments: Arguments) -> Json:
    """users.conversations: what the bot is in."""
    return _places(world, arguments, [place for place in world.places.values() if place.member])


def open_dm(world: World, arguments: Arguments) -> Json:
    """conversations.open, with one person."""
    person = world.people.get(arguments.text("users"))
    if person is None or person.dm is None:
        raise Refused("user_not_found")
    return {"channel": {"id": person.dm}}


def _visible(world: World, arguments: Arguments) -> Place:
    place = world.place(arguments.text("channel"))
    if not place.member and place.kind != "channel":
        raise Refused("channel_not_found")
    return place


def _places(world: World, arguments: Arguments, places: list[Place]) -> Json:
    asked = (arguments.optional("types") or "public_channel").split(",")
    if not set(asked) <= {*_KINDS, "mpim"}:
        raise Refused("invalid_types")
    kinds = {_KINDS[each] for each in asked if each in _KINDS}
    wanted = [place for place in places if place.kind in kinds]
    if arguments.flag("exclude_archived"):
        wanted = [place for place in wanted if not place.archived]
    page, cursor = _page(world, arguments, wanted)
    return {"channels": [place_shape(place) for place in page], "response_metadata": {"next_cursor": cursor}}
