"""What people do with messages and threads: say, change, take back, react, begin, archive."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.discord import events
from tests.discord.base import Served
from tests.discord.errors import NotThere
from tests.discord.mentions import set_mentions
from tests.discord.messages import post, remove
from tests.discord.permissions import BITS
from tests.discord.threads import begin, set_archived
from tests.discord.threads import remove as remove_place
from tests.discord.values import DM, Message, Person, Upload

File = tuple[str, bytes, str]
"""A name, the content, its media type."""


class Gestures(Served):
    """Each of them changes what stands, and sends the events that come of it."""

    names_author = True
    """Whether a reaction's event says whose message it is, which Discord need not do."""

    def say(
        self, channel: str, user: str, text: str, *, reply_to: str | None = None, files: Sequence[File] = ()
    ) -> str:
        """Say something in a channel, a thread or direct messages; returns the message's id.

        Raises:
            NotThere: If they cannot write there, or the message that they answer does not stand.
        """

        def job() -> str:
            place = self._world.places[channel]
            needed = "send_messages_in_threads" if place.is_thread else "send_messages"
            may = user == place.user if place.type == DM else self._world.may(user, place) & BITS[needed]
            locked = place.locked and not self._world.may(user, place) & BITS["manage_threads"]
            if not may or locked or place.deleted:
                raise NotThere(f"{user} cannot write in {channel}.")
            message = Message(
                channel=channel,
                id=self._world.new_id(),
                user=user,
                content=text,
                type=0 if reply_to is None else 19,
                reference=None if reply_to is None else (channel, self._standing(channel, reply_to).id),
                attachments=[
                    Upload(id=self._world.new_id(), filename=name, content=content, content_type=kind)
                    for name, content, kind in files
                ],
            )
            set_mentions(self._world, message, None)
            if place.is_thread and user not in place.members:
                place.members.append(user)
            post(self._world, "", message)
            return message.id

        return self._do(job)

    def say_by_webhook(self, channel: str, name: str, text: str) -> str:
        """Say something by a webhook of a name of its own, which is nobody's; returns the message's id."""

        def job() -> str:
            hook = Person(id=self._world.new_id(), name=name, bot=True, member=False)
            self._world.people[hook.id] = hook
            message = Message(channel=channel, id=self._world.new_id(), user=hook.id, content=text, webhook=True)
            set_mentions(self._world, message, None)
            post(self._world, "", message)
            return message.id

        return self._do(job)

    def edit(self, channel: str, message: str, text: str) -> None:
        """Change what was said."""

        def job() -> None:
            found = self._standing(channel, message)
            found.content, found.edited = text, time.time()
            found.edits += 1
            set_mentions(self._world, found, None)
            self._emit(events.changed(self._world, found))

        self._do(job)

    def remove(self, channel: str, message: str) -> None:
        """Take back what was said, or, as a moderator does, what the bot said."""
        self._do(lambda: remove(self._world, self._standing(channel, message)))

    def react(self, channel: str, message: str, user: str, emoji: str) -> None:
        """React with an emoji: the character itself, or `name:id`.

        Raises:
            NotThere: If the message does not stand, or its thread is archived.
        """

        def job() -> None:
            found = self._reactable(channel, message)
            if (emoji, user) not in found.reactions:
                found.reactions.append((emoji, user))
                self._emit(events.reacted(self._world, found, user, emoji, author=self.names_author))

        self._do(job)

    def unreact(self, channel: str, message: str, user: str, emoji: str) -> None:
        """Take a reaction back."""

        def job() -> None:
            found = self._reactable(channel, message)
            found.reactions.remove((emoji, user))
            self._emit(events.reacted(self._world, found, user, emoji, added=False))

        self._do(job)

    def begin_thread(self, channel: str, user: str, name: str, *, message: str | None = None) -> str:
        """Begin a thread, from a message or without one; returns its id."""

        def job() -> str:
            place = self._world.places[channel]
            found = None if message is None else self._standing(channel, message)
            return begin(self._world, place, {"name": name}, owner=user, message=found).id

        return self._do(job)

    def type(self, channel: str, user: str) -> None:
        """Be seen typing."""
        self._do(lambda: self._emit(events.typing(self._world, channel, user)))

    def archive(self, thread: str, on: bool = True) -> None:
        """Archive a thread, or open it again."""
        self._do(lambda: set_archived(self._world, self._world.places[thread], archived=on))

    def lock(self, thread: str, on: bool = True) -> None:
        """Lock a thread, or unlock it: only who may manage threads can write in it, or open it again."""

        def job() -> None:
            self._world.places[thread].locked = on
            self._emit(events.thread_event(self._world.places[thread], "THREAD_UPDATE"))

        self._do(job)

    def remove_place(self, channel: str) -> None:
        """Delete a thread or a channel."""
        self._do(lambda: remove_place(self._world, self._world.places[channel]))

    def rename(self, channel: str, name: str) -> None:
        """Give a thread or a channel another name."""

        def job() -> None:
            place = self._world.places[channel]
            place.name = name
            if place.is_thread:
                self._emit(events.thread_event(place, "THREAD_UPDATE"))
            else:
                self._emit(events.channel_event(self._world, place, "CHANNEL_UPDATE"))

        self._do(job)

    def _reactable(self, channel: str, message: str) -> Message:
        if self._world.places[channel].archived:
            raise NotThere(f"Nobody reacts in {channel}, which is archived.")
        return self._standing(channel, message)
