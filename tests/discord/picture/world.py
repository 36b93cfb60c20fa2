"""What was seen on the loopback Discord, as a world of simcord's, whose preview draws it."""

from __future__ import annotations

import copy
import re
from typing import Any

from simcord import ChannelHandle, Env, MemberActor

from tests.discord.picture.values import Seen
from tests.discord.shapes import moment, moment_of
from tests.discord.values import HAS_THREAD, Json, Message, as_objects, parts_of

_ANSWER = 20
_MENTION = re.compile(r"<@(\d+)>")


class Pictured:
    """One place with what was said in it. Everything of simcord's that is not public is used here alone."""

    def __init__(self, env: Env, seen: Seen) -> None:
        """Keep it all, as it stood.

        Raises:
            simcord.BackendError: If simcord refuses a message.
        """
        self._backend: Any = env.backend
        self._seen = seen
        guild = env.create_guild("Clew")
        self._users: dict[str, int] = {}
        actors: dict[str, MemberActor] = {}
        for user, name in seen.people.items():
            if user == seen.bot:
                self._backend.bot_user.name = name
                self._users[user] = self._backend.bot_user.id
            else:
                actors[user] = guild.add_member(env.create_user(name.lower(), global_name=name))
                self._users[user] = actors[user].id
        self.viewer: MemberActor = actors[seen.viewer]
        self.channel: ChannelHandle = guild.create_text_channel(seen.place)
        for message in seen.messages:
            self._keep(message)

    def _keep(self, message: Message) -> None:
        answers = message.type == _ANSWER
        kept = self._backend.prepare_message(
            self.channel.id,
            self._users[message.user],
            _MENTION.sub(lambda found: f"<@{self._users.get(found[1], found[1])}>", message.content),
            components=_as_sent(message),
            attachments=[
                self._backend.cdn.store_attachment(
                    int(each.id), self.channel.id, each.filename, each.content, each.description
                )
                for each in message.attachments
            ],
            flags=message.flags & ~HAS_THREAD,
            interaction_metadata=self._asked() if answers else None,
        )
        kept.timestamp = moment_of(message.id)
        kept.edited_timestamp = None if message.edited is None else moment(message.edited)
        self._backend.commit_message(kept, broadcast=False)

    def _asked(self) -> Json:
        viewer: Json = {"id": str(self.viewer.id)}
        return {"type": 2, "command_type": 1, "name": self._seen.command, "user": viewer}


def _as_sent(message: Message) -> list[Json]:
    """Its components, with files by their names, as the bot sends them: simcord looks them up by these."""
    names = {each.id: each.filename for each in message.attachments}
    components = copy.deepcopy(message.components)
    for item in [item for part in parts_of(components) for item in as_objects(part.get("items"))]:
        item["media"] = {"url": f"attachment://{names[item['media']['attachment_id']]}"}
    return components
