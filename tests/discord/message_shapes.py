"""Messages as Discord's API shows them to the bot."""

from __future__ import annotations

from urllib.parse import quote

from tests.discord.shapes import member_shape, moment, moment_of, person_shape, thread_shape
from tests.discord.values import DM, Json, Message, Upload
from tests.discord.world import APPLICATION, BOT_USER, GUILD, World


def attachment_shape(world: World, channel: str, upload: Upload) -> Json:
    """A file that hangs on a message."""
    url = f"{world.url}cdn/attachments/{channel}/{upload.id}/{quote(upload.filename)}"
    shape: Json = {
        "id": upload.id, "filename": upload.filename, "size": len(upload.content), "url": url, "proxy_url": url,
        "content_type": upload.content_type,
    }  # fmt: skip
    return shape | ({} if upload.description is None else {"description": upload.description})


def emoji_shape(emoji: str) -> Json:
    """An emoji: a character, or `name:id`."""
    name, _, number = emoji.partition(":")
    return {"id": number or None, "name": name}


def message_shape(world: World, message: Message, *, quoting: bool = True) -> Json:
    """A message; `quoting`: with the message that it answers."""
    people = [world.people[user] for user in message.mentions]
    shape: Json = {
        "id": message.id, "type": message.type, "channel_id": message.channel, "content": message.content,
        "author": person_shape(world.people[message.user]), "timestamp": moment_of(message.id),
        "edited_timestamp": None if message.edited is None else moment(message.edited), "tts": False, "pinned": False,
        "mention_everyone": message.mention_everyone, "mentions": [person_shape(each) for each in people],
        "mention_roles": list(message.mention_roles), "embeds": message.embeds, "components": message.components,
        "attachments": [attachment_shape(world, message.channel, each) for each in message.attachments],
        "flags": message.flags,
    }  # fmt: skip
    if message.reactions:
        shape["reactions"] = _reactions(message)
    if message.reference is not None:
        channel, answered = message.reference
        where = {} if world.places[channel].type == DM else {"guild_id": GUILD}
        shape["message_reference"] = {"type": 0, "channel_id": channel, "message_id": answered} | where
        if quoting:
            standing = world.messages.get(channel, {}).get(answered)
            shape["referenced_message"] = None
            if standing is not None and not standing.deleted:
                shape["referenced_message"] = message_shape(world, standing, quoting=False)
    thread = world.places.get(message.id)
    if thread is not None and thread.is_thread and not thread.deleted:
        shape["thread"] = thread_shape(thread)
    if message.interaction is not None:
        shape |= {"application_id": APPLICATION, "webhook_id": APPLICATION}
        shape["interaction_metadata"] = _metadata(world, message.interaction)
    elif message.webhook:
        shape["webhook_id"] = message.user
    elif world.people[message.user].bot and message.user == BOT_USER:
        shape["application_id"] = APPLICATION
    return shape


def told(world: World, message: Message) -> Json:
    """A message as events tell of it: with the nonce and its author's membership."""
    shape = message_shape(world, message)
    if world.places[message.channel].type != DM:
        shape["guild_id"] = GUILD
        author = world.people[message.user]
        if author.member:
            shape["member"] = member_shape(author, with_user=False)
        for mention, user in zip(shape["mentions"], message.mentions, strict=True):
            if world.people[user].member:
                mention["member"] = member_shape(world.people[user], with_user=False)
    return shape | ({} if message.nonce is None else {"nonce": message.nonce})


def _reactions(message: Message) -> list[Json]:
    found: list[Json] = []
    for emoji in dict.fromkeys(emoji for emoji, _ in message.reactions):
        users = [user for each, user in message.reactions if each == emoji]
        count = {"burst": 0, "normal": len(users)}
        shape: Json = {"emoji": emoji_shape(emoji), "count": len(users), "count_details": count, "burst_colors": []}
        found.append(shape | {"me": BOT_USER in users, "me_burst": False})
    return found


def _metadata(world: World, interaction: str) -> Json:
    talk = world.talks[interaction]
    shape: Json = {
        "id": talk.id, "type": talk.type, "user": person_shape(world.people[talk.user]),
        "authorizing_integration_owners": {"0": GUILD},
    }  # fmt: skip
    if talk.type == 3:
        shape["interacted_message_id"] = talk.message
    elif talk.type == 5:
        shape["triggering_interaction_metadata"] = {
            "id": talk.id, "type": 2, "user": person_shape(world.people[talk.user]),
            "authorizing_integration_owners": {"0": GUILD},
        }  # fmt: skip
    return shape
