"""chat.*: posting, changing, deleting, and what only one person sees."""

from __future__ import annotations

from tests.slack import events
from tests.slack.arguments import Arguments
from tests.slack.errors import Refused
from tests.slack.limits import check_message
from tests.slack.shapes import message_shape
from tests.slack.values import Ephemeral, Json, Message
from tests.slack.world import BOT_ID, BOT_USER, TEAM, World

UPDATE_TEXT, POST_TEXT = 4_000, 40_000


def post_message(world: World, arguments: Arguments) -> Json:
    """chat.postMessage."""
    place = world.own_place(arguments.text("channel"))
    text, blocks = content(world, arguments)
    message = Message(
        channel=place.id,
        ts=world.new_ts(),
        user=BOT_USER,
        bot_id=BOT_ID,
        team=TEAM,
        text=text[:POST_TEXT],
        blocks=blocks or [],
        metadata=read_metadata(arguments),
        thread_ts=world.thread_of(place.id, arguments.optional("thread_ts")),
        subtype="thread_broadcast" if arguments.flag("reply_broadcast") else None,
        unfurls=arguments.flag("unfurl_links", default=True) or arguments.flag("unfurl_media", default=True),
        client_msg_id=arguments.optional("client_msg_id"),
    )
    world.add(message)
    world.statuses.pop((place.id, message.root), None)
    world.note(arguments.method, message)
    world.emit(events.said(world, message))
    return {"channel": place.id, "ts": message.ts, "message": message_shape(world, message, metadata=True)}


def update(world: World, arguments: Arguments) -> Json:
    """chat.update: what is not named stays, except blocks where only text is named."""
    place = world.own_place(arguments.text("channel"))
    message = world.own_message(place.id, arguments.text("ts"), otherwise="cant_update_message")
    if message.streaming:
        raise Refused("streaming_state_conflict")
    if len(arguments.optional("text") or "") > UPDATE_TEXT:
        raise Refused("msg_too_long")
    text, blocks = content(world, arguments)
    metadata = read_metadata(arguments)
    before = message_shape(world, message)
    message.text = text or message.text
    message.blocks = blocks or []
    message.metadata = metadata if metadata is not None else message.metadata
    message.edited = world.new_ts()
    world.note(arguments.method, message)
    world.emit(events.changed(world, message, before))
    shape = message_shape(world, message, metadata=True)
    return {"channel": place.id, "ts": message.ts, "text": message.text, "message": shape}


def delete(world: World, arguments: Arguments) -> Json:
    """chat.delete, for the bot's own messages."""
    place = world.own_place(arguments.text("channel"), to_write=False)
    message = world.own_message(place.id, arguments.text("ts"), otherwise="cant_delete_message")
    remove(world, message)
    world.note(arguments.method, message)
    return {"channel": place.id, "ts": message.ts}


def remove(world: World, message: Message) -> None:
    """Delete a message; a root with replies leaves a tombstone."""
    before = message_shape(world, message)
    message.deleted, message.streaming = True, False
    has_replies = any(reply.ts != message.ts for reply in world.in_thread(message.channel, message.root))
    is_root = message.thread_ts is None
    tell = events.tombstone if is_root and has_replies else events.deleted
    world.emit(tell(world, message, before))


def post_ephemeral(world: World, arguments: Arguments) -> Json:
    """chat.postEphemeral."""
    place = world.own_place(arguments.text("channel"))
    user = arguments.text("user")
    if user not in world.people or (place.kind != "im" and user not in place.members):
        raise Refused("user_not_in_channel")
    text, blocks = content(world, arguments)
    shown = Ephemeral(
        channel=place.id,
        user=user,
        ts=world.new_ts(),
        text=text,
        blocks=blocks or [],
        thread_ts=world.thread_of(place.id, arguments.optional("thread_ts")),
        via=arguments.method,
    )
    world.ephemerals.append(shown)
    world.note(arguments.method, shown)
    return {"message_ts": shown.ts}


def get_permalink(world: World, arguments: Arguments) -> Json:
    """chat.getPermalink."""
    place = world.own_place(arguments.text("channel"), to_write=False)
    message = world.message(place.id, arguments.text("message_ts"))
    thread = "" if message.thread_ts is None else f"?thread_ts={message.thread_ts}&cid={place.id}"
    link = f"https://clew.slack.com/archives/{place.id}/p{message.ts.replace('.', '')}{thread}"
    return {"channel": place.id, "permalink": link}


def content(world: World, arguments: Arguments, *, needed: bool = True) -> tuple[str, list[Json] | None]:
    """A message's text and blocks, checked.

    Raises:
        Refused: If there is neither, or Slack would not take them.
    """
    markdown, text, blocks = (
        arguments.optional("markdown_text"),
        arguments.optional("text"),
        arguments.objects("blocks"),
    )
    if markdown is not None:
        if text is not None or blocks is not None:
            raise Refused("markdown_text_conflict")
        if len(markdown) > 12_000:
            raise Refused("msg_too_long")
        blocks = [{"type": "markdown", "text": markdown}]
        text = markdown
    if needed and not text and not blocks and not arguments.values.get("attachments"):
        raise Refused("no_text")
    if blocks:
        check_message(world, arguments.method, blocks)
    return text or "", blocks


def read_metadata(arguments: Arguments) -> Json | None:
    """Metadata of the one form that Slack takes."""
    metadata = arguments.object("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    return metadata
