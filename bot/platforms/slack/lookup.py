"""What Slack can say of people, channels and our messages; and what only one person is told there."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Person
from bot.gestures import Shown
from bot.platforms.shapes import inner, items
from bot.platforms.slack import words
from bot.platforms.slack.blocks import escape
from bot.platforms.slack.calls import call, read
from bot.platforms.slack.messages import attempt_of, key_of, state_of
from bot.platforms.slack.people import People
from bot.platforms.slack.values import ANSWER, DIRECT, ECHO, NAME
from bot.rendering import one_line
from workflows.contracts import ThreadRef
from workflows.errors import CallError, Terminal

_MEMBERS = 999
"""Members of a channel that are asked for at once; Slack takes less than a thousand."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """Who we are in the workspace, as `auth.test` says."""

    team: str
    user: str
    url: str
    bot: str = ""


class SlackLookup:
    """One workspace."""

    def __init__(self, client: AsyncWebClient, us: Us) -> None:
        self._client = client
        self._us = us
        self._people = People(client, us.team)

    @property
    def platform(self) -> str:
        """`slack`."""
        return NAME

    async def find(self, _workspace: str, user: str) -> tuple[Person, str]:
        """Somebody, and the name to show. Raises Retriable where Slack does not answer."""
        return await self._people.find(user)

    def is_direct(self, _workspace: str, channel: str) -> bool:
        """Ids of direct messages say so."""
        return channel.startswith(DIRECT)

    async def absent(self, _workspace: str, channel: str) -> str:
        """Why nothing can be posted in a channel, in words; "" if it can, or if Slack does not say."""
        try:
            place = inner(await read(self._client, "conversations.info", channel=channel), "channel")
        except Terminal as error:
            return words.INVITE if error.code == "thread_gone" else ""
        except CallError:
            return ""
        if place.get("is_archived"):
            return words.ARCHIVED
        return "" if place.get("is_im") or place.get("is_member") else words.INVITE

    async def hidden(self, channel: str, user: str) -> bool:
        """Whether somebody cannot see a channel: a private one is its members', and direct messages are one person's.

        For ids that people hand in themselves, in a form; those in an event are Slack's word. Raises CallError.
        """
        place = inner(await read(self._client, "conversations.info", channel=channel), "channel")
        if place.get("is_im"):
            return place.get("user") != user
        if not (place.get("is_private") or place.get("is_mpim")):
            return False
        cursor = ""
        while True:
            page = await read(
                self._client, "conversations.members", channel=channel, limit=_MEMBERS, cursor=cursor or None
            )
            members: object = page.get("members")
            if isinstance(members, list) and user in members:
                return False
            cursor = str(inner(page, "response_metadata").get("next_cursor") or "")
            if not cursor:
                return True

    async def shown(self, _workspace: str, channel: str, message: str) -> Shown | None:
        """What one of our answers shows, or None if it is none of ours. Raises Retriable."""
        try:
            page = await read(
                self._client,
                "conversations.replies",
                channel=channel,
                ts=message,
                oldest=message,
                inclusive="true",
                # One is asked for, but Slack may put the thread's first message before it.
                limit=3,
                include_all_metadata="true",
            )
        except Terminal:
            return None
        for found in items(page, "messages"):
            if found.get("ts") == message and found.get("user") == self._us.user and key_of(found, ANSWER):
                thread = self.thread(channel, str(found.get("thread_ts") or message))
                return Shown(thread=thread, state=state_of(found), attempt=attempt_of(found))
        return None

    def thread(self, channel: str, thread: str) -> ThreadRef:
        """A thread of the workspace."""
        return ThreadRef(platform=NAME, workspace=self._us.team, channel=channel, thread=thread)

    async def echo(self, channel: str, thread: str, user: str, question: str, request: str) -> None:
        """Show in the thread what a button asked. Best effort.

        If it happened and we were not told, or we run again: a line stands twice; no answer depends on it.
        """
        try:
            await call(
                self._client,
                "chat.postMessage",
                channel=channel,
                thread_ts=thread,
                text=f"<@{user}> asks: {escape(one_line(question))}",
                metadata={"event_type": ECHO, "event_payload": {"key": request}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except CallError as error:
            _log.warning("a follow-up could not be shown: %s", error)

    async def whisper(self, channel: str, thread: str, user: str, text: str) -> None:
        """Tell one person something that nobody else sees, best effort. Run again: it is said again."""
        try:
            await call(
                self._client, "chat.postEphemeral", channel=channel, thread_ts=thread or None, user=user, text=text
            )
        except CallError as error:
            _log.warning("somebody could not be told something: %s", error)
