"""How messages, people and places look in answers and events."""

from __future__ import annotations

import re
from typing import Any

from tests.slack.values import Json, Message, Person, Place
from tests.slack.world import APP_ID, BOT_ID, BOT_USER, TEAM, World

_MENTION = re.compile(r"<@([A-Z0-9]+)>")


def message_shape(world: World, message: Message, *, metadata: bool = False) -> Json:
    """A message as the API answers it; its metadata only where it was asked for."""
    shape: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": message.team,
    }
    if message.subtype is not None:
        shape["subtype"] = message.subtype
    if message.client_msg_id is not None:
        shape["client_msg_id"] = message.client_msg_id
    if message.bot_id is not None:
        shape |= {"bot_id": message.bot_id}
    if message.bot_id == BOT_ID:
        shape |= {"app_id": APP_ID, "bot_profile": bot_shape(world)}
    if message.blocks:
        shape["blocks"] = message.blocks
    if message.files:
        shape["files"] = message.files
    if message.edited is not None:
        shape["edited"] = {"user": message.user, "ts": message.edited}
    if message.reactions:
        names = dict.fromkeys(name for name, _ in message.reactions)
        users = {name: [user for each, user in message.reactions if each == name] for name in names}
        shape["reactions"] = [{"name": name, "users": users[name], "count": len(users[name])} for name in names]
    if metadata and message.metadata is not None:
        shape["metadata"] = message.metadata
    return shape | _thread_shape(world, message)


def _thread_shape(world: World, message: Message) -> Json:
    thread = world.in_thread(message.channel, message.root)
    if message.thread_ts is not None:
        root = world.messages[message.channel].get(message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": "" if root is None else root.user}
    replies = [reply for reply in thread if reply.ts != message.ts]
    if not replies:
        return {}
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
        "latest_reply": replies[-1].ts,
    }


def bot_shape(world: World) -> Json:
    """The bot, as a message carries it."""
    icons = {f"image_{size}": f"{world.url}icon-{size}.png" for size in (36, 48, 72)}
    return {
        "id": BOT_ID, "name": world.people[BOT_USER].name, "app_id": APP_ID, "team_id": TEAM, "icons": icons,
        "deleted": False, "updated": 1_700_000_000,
    }  # fmt: skip


def rich_text(text: str) -> list[Json]:
    """The block that Slack makes of what a person typed."""
    parts: list[Json] = []
    at = 0
    for mention in _MENTION.finditer(text):
        if mention.start() > at:
            parts.append({"type": "text", "text": text[at : mention.start()]})
        parts.append({"type": "user", "user_id": mention[1]})
        at = mention.end()
    if at < len(text):
        parts.append({"type": "text", "text": text[at:]})
    section = {"type": "rich_text_section", "elements": parts}
    return [{"type": "rich_text", "block_id": "typed", "elements": [section]}]


def file_shape(world: World, person: Person, given: Json) -> Json:
    """A file that a person shares: what is not given is made up."""
    name = str(given.get("name", "notes.txt"))
    link = f"https://clew.slack.com/files/{name}"
    made_up: Json = {
        "id": world.new_id("F"), "created": 1_700_000_000, "timestamp": 1_700_000_000, "name": name, "title": name,
        "mimetype": "text/plain", "filetype": "text", "pretty_type": "Plain Text", "user": person.id,
        "user_team": person.team, "editable": False, "size": 12, "mode": "hosted", "is_external": False,
        "external_type": "", "is_public": True, "public_url_shared": False, "display_as_bot": False, "username": "",
        "url_private": link, "url_private_download": link, "media_display_type": "unknown", "permalink": link,
        "permalink_public": link, "is_starred": False, "has_rich_preview": False, "file_access": "visible",
        "channels": [], "groups": [],
    }  # fmt: skip
    return made_up | given


def mentions(text: str) -> set[str]:
    """The ids of the people that a text mentions."""
    return set(_MENTION.findall(text))


def person_shape(person: Person) -> Json:
    """A person as users.info shows one."""
    bot = person.bot_id is not None
    profile: Json = {"real_name": person.name, "display_name": person.name, "team": person.team}
    if bot:
        profile |= {"bot_id": person.bot_id, "api_app_id": APP_ID if person.bot_id == BOT_ID else "A0OTHER"}
    return {
        "id": person.id, "team_id": person.team, "name": person.name, "real_name": person.name,
        "deleted": person.deleted, "tz": "Europe/Berlin", "profile": profile, "is_admin": person.admin,
        "is_owner": False, "is_primary_owner": False, "is_restricted": person.guest,
        "is_ultra_restricted": person.single_channel, "is_bot": bot, "is_app_user": False,
        "is_stranger": person.stranger, "is_email_confirmed": True, "updated": 1_700_000_000,
    }  # fmt: skip


def place_shape(place: Place) -> Json:
    """A place as conversations.info shows one."""
    shared: Json = {"id": place.id, "created": 1_700_000_000, "is_archived": place.archived, "context_team_id": TEAM}
    if place.kind == "im":
        return shared | {"is_im": True, "user": place.user, "is_user_deleted": False, "is_org_shared": False}
    private = place.kind == "group"
    about: Json = {"value": "", "creator": "", "last_set": 0}
    return shared | {
        "name": place.name, "name_normalized": place.name, "is_channel": not private, "is_group": private,
        "is_im": False, "is_mpim": False, "is_private": private, "is_general": False, "is_member": place.member,
        "is_shared": False, "is_ext_shared": False, "is_org_shared": False, "creator": BOT_USER, "topic": about,
        "purpose": about, "num_members": len(place.members) + place.member,
    }  # fmt: skip


def paged(found: list[Any], *, offset: int, limit: int) -> tuple[list[Any], str]:
    """One page, and the cursor of the next; "" where there is none."""
    ended = offset + limit >= len(found)
    return found[offset : offset + limit], "" if ended else f"bmV4dF90czo{offset + limit}"


def offset_of(cursor: str | None) -> int:
    """Where a cursor of `paged` leads."""
    return 0 if cursor is None else int(cursor.removeprefix("bmV4dF90czo"))
