"""What people do with messages: say, change, take back, react, stop."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tests.slack import events
from tests.slack.base import Served
from tests.slack.chat import remove
from tests.slack.errors import NotThere, Refused
from tests.slack.shapes import file_shape, mentions, message_shape, rich_text
from tests.slack.values import Json, Message
from tests.slack.world import BOT_USER


class Gestures(Served):
    """Each of them changes what stands, and sends the events that come of it."""

    mention_first = True
    """Whether `app_mention` comes before its twin, `message`."""

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread: str | None = None,
        subtype: str | None = None,
        files: Sequence[Json] = (),
        client_msg_id: str | None = None,
    ) -> str:
        """Say something; returns its ts. With the bot's mention it comes as two events, except in direct messages.

        `client_msg_id` is the gesture's own; the same one twice is one gesture that came to stand twice.
        """

        def job() -> str:
            person = self._world.people[user]
            place = self._world.places[channel]
            place.members.add(user)
            message = Message(
                channel=channel,
                ts=self._world.new_ts(),
                user=user,
                text=text,
                team=person.team,
                thread_ts=self._world.thread_of(channel, thread),
                subtype=subtype or ("file_share" if files else None),
                files=[file_shape(self._world, person, file) for file in files],
                bot_id=person.bot_id,
                blocks=[] if person.bot_id else rich_text(text),
                client_msg_id=None if person.bot_id else client_msg_id or str(uuid.uuid4()),
            )
            self._world.add(message)
            if not place.member:
                return message.ts
            self._told(message, is_mention=place.kind != "im" and BOT_USER in mentions(text))
            return message.ts

        return self._do(job)

    def _told(self, message: Message, *, is_mention: bool) -> None:
        twins = [events.said(self._world, message)]
        if is_mention:
            twins.append(events.mentioned(self._world, message))
            if self.mention_first:
                twins.reverse()
        for event in twins:
            self._emit(event)

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Change what was said."""

        def job() -> None:
            message = self._standing(channel, ts)
            before = message_shape(self._world, message)
            message.text, message.blocks, message.edited = text, rich_text(text), self._world.new_ts()
            self._emit_in(channel, events.changed(self._world, message, before))

        self._do(job)

    def remove(self, channel: str, ts: str) -> None:
        """Take back what was said, or, as a moderator does, what the bot said."""
        self._do(lambda: remove(self._world, self._standing(channel, ts)))

    def react(self, channel: str, ts: str, user: str, name: str) -> None:
        """React with an emoji."""

        def job() -> None:
            message = self._standing(channel, ts)
            if (name, user) not in message.reactions:
                message.reactions.append((name, user))
                self._emit_in(channel, events.reacted(self._world, message, user, name))

        self._do(job)

    def unreact(self, channel: str, ts: str, user: str, name: str) -> None:
        """Take a reaction back."""

        def job() -> None:
            message = self._standing(channel, ts)
            message.reactions.remove((name, user))
            self._emit_in(channel, events.reacted(self._world, message, user, name, added=False))

        self._do(job)

    def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's home, or, with `messages`, the direct messages with it."""

        def job() -> None:
            dm = self._world.people[user].dm
            assert dm is not None, "a bot has no home"
            self._emit(events.home_opened(self._world, user, dm, tab))

        self._do(job)

    def look_at(self, user: str, channel: str) -> None:
        """Turn to a channel while the app's direct messages stay open beside it."""

        def job() -> None:
            dm = self._world.people[user].dm
            assert dm is not None, "a bot looks at nothing"
            self._emit(events.context_changed(self._world, user, dm, channel))

        self._do(job)

    def stop_session(self, channel: str, thread: str, user: str) -> None:
        """Press Slack's own stop button, which ends the streams of that thread."""

        def job() -> None:
            streams = [message for message in self._world.in_thread(channel, thread) if message.streaming]
            for message in streams:
                message.streaming = False
                self._world.ended_streams[message.ts] = "stopped_by_user"
            self._world.sessions.setdefault((channel, thread), {})["status"] = "active"
            self._world.statuses.pop((channel, thread), None)
            ended = [message.ts for message in streams]
            self._emit(events.session_stopped(self._world, channel, thread, user, ended))

        self._do(job)

    def _standing(self, channel: str, ts: str) -> Message:
        try:
            return self._world.message(channel, ts)
        except Refused as error:
            raise NotThere(f"No message {ts} stands in {channel}.") from error

    def _emit_in(self, channel: str, event: Json) -> None:
        if self._world.places[channel].member:
            self._emit(event)
