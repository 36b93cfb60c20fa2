"""What the Events API says when something happened in a workspace."""

from __future__ import annotations

import time

from tests.slack.shapes import message_shape, place_shape
from tests.slack.values import Json, Message, Person
from tests.slack.world import APP_ID, BOT_USER, TEAM, World


def callback(world: World, event: Json) -> Json:
    """The wrapping that every event comes in."""
    authorised = {"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
    authorised |= {"enterprise_id": None, "is_enterprise_install": False}
    return {
        "token": "verification-token-nobody-checks", "team_id": TEAM, "api_app_id": APP_ID, "event": event,
        "type": "event_callback", "event_id": world.new_id("Ev"), "event_time": int(time.time()),
        "authorizations": [authorised],
        "is_ext_shared_channel": _is_foreign(world, event), "event_context": world.new_id("EC"),
    }  # fmt: skip


def _is_foreign(world: World, event: Json) -> bool:
    person = world.people.get(str(event.get("user")))
    return person is not None and person.team != TEAM


def said(world: World, message: Message) -> Json:
    """`message`, in its form for the kind of place."""
    shape = message_shape(world, message)
    for unsaid in ("reply_count", "reply_users", "latest_reply"):
        shape.pop(unsaid, None)
    if message.subtype == "thread_broadcast":
        shape["root"] = message_shape(world, world.messages[message.channel][message.root])
    return shape | _where(world, message) | {"event_ts": message.ts} | _foreign(world.people.get(message.user))


def mentioned(world: World, message: Message) -> Json:
    """`app_mention`."""
    shape = said(world, message) | {"type": "app_mention"}
    for unsaid in ("channel_type", "parent_user_id"):
        shape.pop(unsaid, None)
    return shape


def changed(world: World, message: Message, before: Json) -> Json:
    """`message_changed`. The message before comes as `message_shape` gave it then."""
    ts = world.new_ts()
    changes = {"subtype": "message_changed", "hidden": True, "message": message_shape(world, message), "ts": ts}
    return {"type": "message", **changes, "previous_message": before, **_where(world, message), "event_ts": ts}


def tombstone(world: World, message: Message, before: Json) -> Json:
    """What becomes of a root that is deleted while it has replies."""
    event = changed(world, message, before)
    left = {key: value for key, value in before.items() if key not in {"blocks", "files", "client_msg_id", "metadata"}}
    text = "This message was deleted."
    event["message"] = left | {"subtype": "tombstone", "hidden": True, "text": text, "user": "USLACKBOT"}
    return event


def deleted(world: World, message: Message, before: Json) -> Json:
    """`message_deleted`."""
    ts = world.new_ts()
    changes = {"subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts, "ts": ts}
    return {"type": "message", **changes, "previous_message": before, **_where(world, message), "event_ts": ts}


def reacted(world: World, message: Message, user: str, name: str, *, added: bool = True) -> Json:
    """`reaction_added` or `reaction_removed`."""
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    kind = "reaction_added" if added else "reaction_removed"
    return {
        "type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user,
        "event_ts": world.new_ts(),
    }  # fmt: skip


def home_opened(world: World, user: str, channel: str, tab: str) -> Json:
    """`app_home_opened`; with the view that the user sees, where one was published."""
    event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab}
    if tab == "home" and user in world.homes:
        event["view"] = world.homes[user]
    if tab == "messages":
        event["context"] = {"entities": []}
    return event | {"event_ts": world.new_ts()}


def context_changed(world: World, user: str, dm: str, channel: str) -> Json:
    """`app_context_changed`: what the user looks at beside the app."""
    entity = {"type": "slack#/types/channel_id", "value": channel, "team_id": TEAM}
    return {
        "type": "app_context_changed", "user": user, "channel": dm, "context": {"entities": [entity]},
        "event_ts": world.new_ts(),
    }  # fmt: skip


def session_stopped(world: World, channel: str, thread: str, user: str, streams: list[str]) -> Json:
    """`agent_session_stopped`."""
    return {
        "type": "agent_session_stopped", "channel": channel, "user": user, "thread_ts": thread,
        "streaming_message_ts": streams, "event_ts": world.new_ts(),
    }  # fmt: skip


def _where(world: World, message: Message) -> Json:
    return {"channel": message.channel, "channel_type": world.places[message.channel].kind}


def _foreign(person: Person | None) -> Json:
    """Who writes from another workspace says so."""
    if person is None or person.team == TEAM:
        return {}
    profile = {
        "name": person.name,
        "team": person.team,
        "is_restricted": person.guest,
        "is_ultra_restricted": person.single_channel,
    }
    profile |= dict.fromkeys(("first_name", "real_name", "display_name"), person.name)
    return {"user_team": person.team, "source_team": person.team, "user_profile": profile}


def channel_brief(world: World, channel: str) -> Json:
    """A place as interactions carry it."""
    place = world.places[channel]
    return {"id": channel, "name": "directmessage" if place.kind == "im" else place_shape(place)["name"]}
