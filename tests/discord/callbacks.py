"""Answers to interactions: the one within 3 seconds, and those that follow it for 15 minutes."""

from __future__ import annotations

import time
from typing import Any

from tests.discord.arguments import Call
from tests.discord.component_checks import check_modal
from tests.discord.errors import Refused
from tests.discord.findings import Findings
from tests.discord.limits import check_choices
from tests.discord.message_shapes import message_shape
from tests.discord.messages import post, remove, rewrite
from tests.discord.values import EPHEMERAL, LOADING, Json, Message, as_object, as_objects
from tests.discord.world import BOT_USER, Talk, World
from tests.discord.writing import write

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
_ALLOWED = {
    COMMAND: (ANSWER, DEFER, MODAL),
    COMPONENT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    SUBMIT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE),
}


def acknowledge(world: World, call: Call) -> Json | None:
    """POST /interactions/{interaction}/{token}/callback, once and in time."""
    talk = world.talks.get(call.path["interaction"])
    if talk is None or talk.token != call.path["token"] or talk.failed or talk.expired:
        raise Refused(404, 10062)
    if talk.acked:
        raise Refused(400, 40060)
    kind, data = call.object.get("type"), as_object(call.object.get("data"))
    found = Findings()
    found.choice(kind, _ALLOWED[talk.type], "type")
    found.refuse(world, call.route)
    message = _apply(world, call, talk, int(kind or 0), data)
    talk.acked, talk.acked_at, talk.callback = True, time.monotonic(), call.object
    if call.query.get("with_response") not in {"1", "true", "True"}:
        return None
    return _answered(world, talk, int(kind or 0), message)


def _apply(world: World, call: Call, talk: Talk, kind: int, data: Json) -> Message | None:
    if kind == CHOICES:
        choices = as_objects(data.get("choices"))
        check_choices(world, call.route, choices)
        talk.choices = choices
        return None
    if kind == MODAL:
        found = Findings()
        check_modal(found, data)
        found.refuse(world, call.route)
        talk.modal = data
        return None
    if kind in {UPDATE, DEFER_UPDATE}:
        if talk.message is None:
            raise Refused(404, 10008)
        message = world.messages[talk.channel][talk.message]
        if kind == UPDATE:
            rewrite(world, call, data, message)
        talk.original = message.id
        return message
    message = _new(world, talk, data)
    if kind == ANSWER:
        write(world, call, data, message)
    else:
        message.flags |= LOADING
    talk.original = message.id
    post(world, call.route, message)
    return message


def _new(world: World, talk: Talk, data: Json) -> Message:
    is_private = bool(int(data.get("flags") or 0) & EPHEMERAL)
    kind = {COMMAND: 20, COMPONENT: 19}.get(talk.type, 0)
    about = (talk.channel, talk.message) if kind == 19 and talk.message is not None else None
    return Message(
        channel=talk.channel, id=world.new_id(), user=BOT_USER, interaction=talk.id, type=kind, reference=about,
        flags=EPHEMERAL if is_private else 0, ephemeral_to=talk.user if is_private else None,
    )  # fmt: skip


def _answered(world: World, talk: Talk, kind: int, message: Message | None) -> Json:
    interaction: Json = {"id": talk.id, "type": talk.type}
    resource: Json = {"type": kind}
    if message is not None:
        interaction |= {
            "response_message_id": message.id, "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral, "channel_id": message.channel,
        }  # fmt: skip
        resource["message"] = message_shape(world, message)
    return {"interaction": interaction} | ({"resource": resource} if kind in {ANSWER, UPDATE} else {})


def follow_up(world: World, call: Call) -> Json:
    """POST /webhooks/{application}/{token}: the first after a deferral takes its place."""
    talk = _talk(world, call)
    original = None if talk.original is None else world.messages[talk.channel].get(talk.original)
    if original is not None and original.loading and not original.deleted:
        rewrite(world, call, call.object, original)
        return message_shape(world, original)
    message = _new(world, talk, call.object)
    message.type, message.reference = (0, None)
    if original is not None:
        message.type, message.reference = 19, (talk.channel, original.id)
    write(world, call, call.object, message)
    talk.followups.append(message.id)
    post(world, call.route, message)
    return message_shape(world, message)


def shown(world: World, call: Call) -> Json:
    """GET /webhooks/{application}/{token}/messages/{message}."""
    return message_shape(world, _message(world, call))


def change(world: World, call: Call) -> Json:
    """PATCH /webhooks/{application}/{token}/messages/{message}."""
    message = _message(world, call)
    rewrite(world, call, call.object, message)
    return message_shape(world, message)


def take_back(world: World, call: Call) -> None:
    """DELETE /webhooks/{application}/{token}/messages/{message}."""
    message = _message(world, call)
    remove(world, message)
    world.note(call.route, message)


def _talk(world: World, call: Call) -> Talk:
    talk = world.talk(call.path["token"])
    if talk is None or call.path["application"] != BOT_USER:
        raise Refused(404, 10015)
    if talk.expired:
        raise Refused(401, 50027)
    if not talk.acked:
        raise Refused(404, 10015)
    return talk


def _message(world: World, call: Call) -> Message:
    talk = _talk(world, call)
    wanted: Any = call.path["message"]
    wanted = talk.original if wanted == "@original" else wanted
    message = world.messages.get(talk.channel, {}).get(wanted or "")
    if message is None or message.deleted or message.id not in {talk.original, *talk.followups}:
        raise Refused(404, 10008)
    return message
