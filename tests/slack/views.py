"""views.*, assistant.threads.* and agents.sessions.*: windows, the home tab, and a thread's standing."""

from __future__ import annotations

from typing import Any

from tests.slack.arguments import Arguments
from tests.slack.errors import Refused
from tests.slack.limits import check_view
from tests.slack.values import Json
from tests.slack.world import APP_ID, BOT_ID, TEAM, World

_STATUSES = frozenset({"processing", "active", "suspended", "closed"})


def open_view(world: World, arguments: Arguments) -> Json:
    """views.open: a trigger opens one window."""
    view = _read(world, arguments, "modal")
    trigger = arguments.text("trigger_id")
    if trigger not in world.triggers:
        raise Refused("expired_trigger_id")
    world.triggers.discard(trigger)
    return {"view": _stand(world, arguments.method, view)}


def update_view(world: World, arguments: Arguments) -> Json:
    """views.update."""
    view = _read(world, arguments, "modal")
    view_id = arguments.text("view_id")
    if view_id not in world.views:
        raise Refused("view_not_found")
    given = arguments.optional("hash")
    if given is not None and given != world.views[view_id]["hash"]:
        raise Refused("hash_conflict")
    return {"view": _stand(world, arguments.method, view, view_id)}


def publish_view(world: World, arguments: Arguments) -> Json:
    """views.publish: somebody's home tab."""
    view = _read(world, arguments, "home")
    user = arguments.text("user_id")
    if user not in world.people:
        raise Refused("user_not_found")
    given = arguments.optional("hash")
    if given is not None and user in world.homes and given != world.homes[user]["hash"]:
        raise Refused("hash_conflict")
    shown = _stand(world, arguments.method, view)
    world.homes[user] = shown
    return {"view": shown}


def _read(world: World, arguments: Arguments, kind: str) -> Json:
    view = arguments.object("view")
    if view is None or view.get("type") != kind:
        raise Refused("invalid_arguments")
    check_view(world, arguments.method, view)
    return view


def _stand(world: World, method: str, view: Json, view_id: str | None = None) -> Json:
    blank: Json = {
        "id": view_id or world.new_id("V"), "team_id": TEAM, "app_id": APP_ID, "app_installed_team_id": TEAM,
        "bot_id": BOT_ID, "callback_id": "", "external_id": "", "private_metadata": "", "previous_view_id": None,
        "title": {"type": "plain_text", "text": "Home"}, "close": None, "submit": None, "clear_on_close": False,
        "notify_on_close": False, "state": {"values": {}},
    }  # fmt: skip
    shown: Json = blank | view | {"hash": world.new_id("h"), "root_view_id": blank["id"]}
    world.views[shown["id"]] = shown
    world.note(method)
    return shown


def set_thread_status(world: World, arguments: Arguments) -> Json:
    """assistant.threads.setStatus: the line that says what is being done."""
    place = world.own_place(arguments.text("channel_id"))
    thread = arguments.text("thread_ts")
    if world.thread_of(place.id, thread) != thread:
        raise Refused("invalid_thread_ts")
    messages: list[Any] = arguments.values.get("loading_messages") or []
    if len(messages) > 10:
        raise Refused("invalid_arguments")
    status = arguments.optional("status")
    if status is None:
        world.statuses.pop((place.id, thread), None)
    else:
        world.statuses[place.id, thread] = {"status": status, "loading_messages": messages}
    world.note(arguments.method, channel=place.id)
    return {}


def set_prompts(world: World, arguments: Arguments) -> Json:
    """assistant.threads.setSuggestedPrompts, with or without a thread."""
    place = world.own_place(arguments.text("channel_id"))
    prompts = arguments.objects("prompts") or []
    if not 1 <= len(prompts) <= 4 or not all({"title", "message"} <= prompt.keys() for prompt in prompts):
        raise Refused("invalid_arguments")
    found = {"title": arguments.optional("title"), "prompts": prompts}
    world.prompts[place.id, arguments.optional("thread_ts")] = found
    world.note(arguments.method, channel=place.id)
    return {}


def set_title(world: World, arguments: Arguments) -> Json:
    """assistant.threads.setTitle and agents.sessions.rename."""
    place = world.own_place(arguments.text("channel_id"))
    title = arguments.text("title")
    if len(title) > 200:
        raise Refused("invalid_arguments")
    world.sessions.setdefault((place.id, arguments.text("thread_ts")), {})["title"] = title
    world.note(arguments.method, channel=place.id)
    return {}


def set_session_status(world: World, arguments: Arguments) -> Json:
    """agents.sessions.setStatus: what shows, among other things, Slack's own stop button."""
    place = world.own_place(arguments.text("channel_id"))
    thread, status = arguments.text("thread_ts"), arguments.text("status")
    if status not in _STATUSES or len(arguments.optional("title") or "") > 200:
        raise Refused("invalid_arguments")
    if world.thread_of(place.id, thread) != thread:
        raise Refused("thread_not_found")
    session = world.sessions.setdefault((place.id, thread), {})
    given = {
        "status": status,
        "title": arguments.optional("title"),
        "initiator": arguments.optional("initiator_user_id"),
    }
    session |= {name: value for name, value in given.items() if value is not None}
    world.note(arguments.method, channel=place.id)
    return {} if world.stops_subscribed else {"warning": "missing_agent_session_stopped_event_subscription"}
