"""What is pressed, filled in or commanded: told once, and answered in time, whatever is out of reach."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot import words
from bot.administering import Administering
from bot.commands import Usage, parse_research
from bot.doing import Doing
from bot.gestures import Spoken
from bot.platforms.later import Later
from bot.platforms.promptly import promptly
from bot.platforms.shapes import Json, inner
from bot.platforms.slack.blocks import escape
from bot.platforms.slack.calls import call
from bot.platforms.slack.gestures import action_of, form_values, message_of, moment_of
from bot.platforms.slack.links import thread_in
from bot.platforms.slack.lookup import SlackLookup, Us
from bot.platforms.slack.values import NAME
from bot.platforms.slack.views import CHANNEL, QUESTION, SYMBOL, research_form
from bot.platforms.slack.words import INVITE, NOT_OPENED, plain_text
from workflows.contracts import OpenThreadRequest, Research, ThreadRef
from workflows.errors import CallError, Terminal

T = TypeVar("T")

Say = Callable[..., Awaitable[Any]]

SOONER = 2.3
"""Seconds for a gesture that Slack never sends again: in time to say that nothing was done."""

_log = logging.getLogger(__name__)


class Pressed:
    """One method a gesture; Bolt hands over what their arguments name. Each acknowledges exactly once."""

    def __init__(
        self,
        client: AsyncWebClient,
        doing: Doing,
        lookup: SlackLookup,
        us: Us,
        administering: Administering,
        later: Later,
    ) -> None:
        self._client = client
        self._doing = doing
        self._lookup = lookup
        self._us = us
        self._administering = administering
        self._later = later

    # --- Commands, shortcuts, the form -------------------------------------------------------------------------------

    async def research(self, ack: Say, command: Json, respond: Say) -> None:
        """`/research SYMBOL [question]`."""
        channel, user = str(command.get("channel_id") or ""), str(command.get("user_id") or "")
        told, opening = await self._tried(
            self._doing.command(
                self._us.team,
                channel,
                user,
                plain_text(str(command.get("text") or ""), self._us.user),
                str(command["trigger_id"]),
            ),
            (words.NOT_DONE, None),
        )
        await (ack(told) if told else ack())
        if opening is not None:
            self._later.do(self._opened(opening, respond))

    async def administer(self, ack: Say, command: Json) -> None:
        """`/research-admin …`: for administrators' eyes alone, and each use is logged."""
        user, text = str(command.get("user_id") or ""), str(command.get("text") or "")
        try:
            async with asyncio.timeout(1.0):
                allowed = await self._doing.may_administer(self._us.team, user)
        except (CallError, TimeoutError):
            await ack(words.NOT_DONE)
            return
        if not allowed:
            _log.info("admin command refused to %s", user)
            await ack(words.NOT_ADMIN)
            return

        async def find(link: str) -> ThreadRef | None:
            return thread_in(link, self._us.team)

        told = await self._administering.run(text, by=f"{NAME}:{user}", find_thread=find)
        await ack(escape(told))

    async def message_shortcut(self, ack: Say, body: Json, respond: Say) -> None:
        """Research this message."""
        channel, thread, _ = message_of(body)
        user, text = str(inner(body, "user").get("id")), str(inner(body, "message").get("text") or "")
        pointed = Spoken(
            thread=self._lookup.thread(channel, thread),
            message=f"shortcut:{body.get('action_ts') or body.get('trigger_id')}",
            user=user,
            text=plain_text(text, self._us.user),
            moment=moment_of(str(body.get("action_ts") or "")) or time.time(),
            for_us=True,
        )
        told = await self._tried(self._doing.shortcut(pointed), words.NOT_DONE)
        await ack()
        if told:
            self._later.do(_respond(respond, told))

    async def global_shortcut(self, ack: Say, body: Json) -> None:
        """A new research, from anywhere."""
        await self._form(str(body["trigger_id"]))
        await ack()

    async def form(self, ack: Say, body: Json) -> None:
        """The form was filled in."""
        filled, user = form_values(body), str(inner(body, "user").get("id"))
        research = parse_research(f"{filled.get(SYMBOL, '')} {filled.get(QUESTION, '')}")
        if isinstance(research, Usage):
            await ack(response_action="errors", errors={SYMBOL: "Which company? A symbol such as NVDA."})
            return
        request = str(inner(body, "view").get("id"))
        channel = filled.get(CHANNEL, "")
        told, opening = await self._tried(self._filled_in(channel, user, research, request), (words.NOT_DONE, None))
        if told:
            await ack(response_action="errors", errors={CHANNEL: told})
            return
        await ack()
        if opening is not None:
            self._later.do(self._opened(opening, None))

    async def _filled_in(
        self, channel: str, user: str, research: Research, request: str
    ) -> tuple[str, OpenThreadRequest | None]:
        """Open a thread in a channel that somebody named. One that they cannot see is as good as none."""
        try:
            hidden = await self._lookup.hidden(channel, user)
        except Terminal:
            hidden = True
        if hidden:
            return INVITE, None
        return await self._doing.open(self._us.team, channel, user, research, request)

    # --- Buttons -----------------------------------------------------------------------------------------------------

    async def retry(self, ack: Say, body: Json) -> None:
        """The Retry button."""
        await self._pressed(ack, body, self._doing.retry)

    async def stop(self, ack: Say, body: Json) -> None:
        """The Stop button."""
        await self._pressed(ack, body, self._doing.stop)

    async def follow_up(self, ack: Say, body: Json) -> None:
        """A follow-up question's button."""
        channel, thread, ts = message_of(body)
        action, user = action_of(body), str(inner(body, "user").get("id"))
        question = str(action.get("value") or "")
        request = f"follow-up:{ts}:{action.get('action_id')}"
        place = self._lookup.thread(channel, thread)
        told = await self._tried(self._doing.followed_up(place, user, question, request), words.NOT_DONE)
        if not told:
            self._later.do(self._lookup.echo(channel, thread, user, question, request))
        self._whisper(channel, thread, user, told)
        await ack()

    async def feedback(self, ack: Say, body: Json) -> None:
        """👍 or 👎. It goes into the log, by the answer's key."""
        channel, thread, _ = message_of(body)
        user = str(inner(body, "user").get("id"))
        _log.info("feedback %s from %s in %s %s", str(action_of(body).get("value"))[:200], user, channel, thread)
        self._whisper(channel, thread, user, words.THANKS)
        await ack()

    # --- How ---------------------------------------------------------------------------------------------------------

    def _whisper(self, channel: str, thread: str, user: str, text: str) -> None:
        if text:
            self._later.do(self._lookup.whisper(channel, thread, user, text))

    async def _form(self, trigger: str) -> None:
        """Open the form of a new research. A trigger opens one form."""
        await call(self._client, "views.open", trigger_id=trigger, view=research_form())

    async def _pressed(self, ack: Say, body: Json, do: Callable[[ThreadRef, str, str, str], Awaitable[str]]) -> None:
        """A button below an answer. The moment of the press tells two presses apart."""
        channel, thread, ts = message_of(body)
        user, moment = str(inner(body, "user").get("id")), action_of(body).get("action_ts")
        request = f"button:{channel}:{ts}:{user}:{moment}"
        done = do(self._lookup.thread(channel, thread), ts, user, request)
        self._whisper(channel, thread, user, await self._tried(done, words.NOT_DONE))
        await ack()

    async def _tried(self, job: Awaitable[T], otherwise: T) -> T:
        """What Slack never sends again has to be answered at once, whatever is out of reach."""
        return await promptly(job, otherwise, within=SOONER)

    async def _opened(self, opening: OpenThreadRequest, respond: Say | None) -> None:
        if await self._doing.is_opened(opening):
            return
        if respond is not None:
            await respond(NOT_OPENED, response_type="ephemeral")
        else:
            await self._lookup.whisper(opening.channel, "", opening.asker.user, NOT_OPENED)


async def _respond(respond: Say, text: str) -> None:
    await respond(text, response_type="ephemeral")
