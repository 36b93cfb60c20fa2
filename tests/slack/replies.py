"""response_url, and what comes with the acknowledgement of a command: answers that need no token."""

from __future__ import annotations

from contextlib import suppress

from tests.slack import events
from tests.slack.arguments import Arguments
from tests.slack.chat import content, remove
from tests.slack.errors import Refused
from tests.slack.shapes import message_shape
from tests.slack.values import Ephemeral, Json, Message
from tests.slack.world import BOT_ID, BOT_USER, TEAM, Reply, World

USES = 5


def respond(world: World, token: str, arguments: Arguments) -> tuple[int, str]:
    """One POST to a response_url; returns the status and the text answered."""
    reply = world.replies.get(token)
    if reply is None:
        return 404, "no_service"
    if reply.expired or reply.used >= USES:
        return 404, "expired_url" if reply.expired else "used_url"
    try:
        show(world, reply, arguments, via="response_url")
    except Refused as error:
        return 400, error.code
    reply.used += 1
    return 200, "ok"


def acknowledged(world: World, reply: Reply, payload: Json | None) -> None:
    """What came with an acknowledgement is shown as well."""
    if payload and (payload.get("text") or payload.get("blocks")):
        with suppress(Refused):  # noted as a violation; nobody waits for an answer
            show(world, reply, Arguments("ack", payload), via="ack")


def show(world: World, reply: Reply, arguments: Arguments, *, via: str) -> None:
    """Show an answer where it belongs: to one person, to all, or in place of the message it belongs to."""
    standing = None if reply.message is None else world.messages.get(reply.channel, {}).get(reply.message)
    if arguments.flag("delete_original"):
        if standing is not None:
            remove(world, standing)
        world.ephemerals[:] = [shown for shown in world.ephemerals if shown.ts != reply.message]
        world.note(via, standing, channel=reply.channel)
        return
    text, blocks = content(world, arguments)
    if arguments.flag("replace_original") and standing is not None:
        before = message_shape(world, standing)
        standing.text, standing.blocks, standing.edited = text, blocks or [], world.new_ts()
        world.note(via, standing)
        world.emit(events.changed(world, standing, before))
        return
    if arguments.optional("response_type") == "in_channel":
        message = Message(
            channel=reply.channel, ts=world.new_ts(), user=BOT_USER, bot_id=BOT_ID, team=TEAM, text=text,
            blocks=blocks or [], thread_ts=world.thread_of(reply.channel, arguments.optional("thread_ts")),
        )  # fmt: skip
        world.add(message)
        world.note(via, message)
        world.emit(events.said(world, message))
        return
    shown = Ephemeral(
        channel=reply.channel, user=reply.user, ts=world.new_ts(), text=text, blocks=blocks or [],
        thread_ts=arguments.optional("thread_ts"), via=via,
    )  # fmt: skip
    if arguments.flag("replace_original"):
        world.ephemerals[:] = [each for each in world.ephemerals if each.ts != reply.message]
    world.ephemerals.append(shown)
    reply.shown.append(shown)
    world.note(via, shown)
