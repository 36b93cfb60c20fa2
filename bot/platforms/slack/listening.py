"""Slack, inbound: Bolt over Socket Mode. Each listener hands over, and only then is its event acknowledged."""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.client import Client
from temporalio.service import RPCError

from bot.access import Access
from bot.administering import Administering
from bot.catchup import CatchUp
from bot.chat import Inbox, Unavailable
from bot.doing import Doing
from bot.gap import BEFORE, Gap
from bot.gestures import Spoken, timed
from bot.overview import overview
from bot.platforms.later import Later
from bot.platforms.order import Order
from bot.platforms.shapes import Json
from bot.platforms.slack import values
from bot.platforms.slack.calls import build_client, call, clock_of, read
from bot.platforms.slack.gestures import (
    changed,
    reacted,
    removed,
    spoken,
)
from bot.platforms.slack.lookup import SlackLookup, Us
from bot.platforms.slack.order import thread_of
from bot.platforms.slack.past import SlackPast
from bot.platforms.slack.pressed import Pressed
from bot.platforms.slack.views import home
from workflows.errors import CallError, Retriable, Terminal

LIMIT = 2.7
"""Seconds for one event: Slack waits three for its acknowledgement, and what is not acknowledged comes again."""

DEAF = 20.0
"""Seconds without an open socket after which everything begins anew, tokens and address included."""

PROMPTS = (
    ("Research a company", "/research NVDA Is it expensive?"),
    ("Compare two companies", "Compare AMD and NVDA over the last year"),
    ("See what I can do", "help"),
)
"""Suggested in a direct message; titles and messages."""

_log = logging.getLogger(__name__)


class SlackListener:
    """Hears one workspace."""

    def __init__(
        self,
        client: AsyncWebClient,
        app_token: str,
        access: Access,
        temporal: Client,
        *,
        administering: Administering,
        budget: int | None = None,
        catch_up: float = 0.0,
    ) -> None:
        """`budget` is what one person may use a day.

        `catch_up`: seconds before its start from which on it hands over what nobody heard.
        """
        self._client = client
        self._app_token = app_token
        self._access = access
        self._temporal = temporal
        self._administering = administering
        self._budget = budget
        self._gap = Gap(catch_up, clock_of(client))
        self._later = Later(Terminal)

    async def listen(self, inbox: Inbox) -> None:
        """Hand everything that people do into `inbox`, until cancelled.

        An event is acknowledged once it is durable. If it was and Slack was not told: it comes again, and its id is
        known. What was missed, then or before, is read from Slack beside it. Raises Terminal where Slack refuses our
        tokens, Retriable where it does not answer.
        """
        me = await read(self._client, "auth.test")
        us = Us(
            team=str(me["team_id"]),
            user=str(me["user_id"]),
            bot=str(me.get("bot_id") or ""),
            url=str(me.get("url") or ""),
        )
        lookup = SlackLookup(self._client, us)
        doing = Doing(lookup, inbox, self._access)
        handler: Any = AsyncSocketModeHandler(self.app(doing, lookup, us), self._app_token)
        await call(self._app_client(), "apps.connections.open")
        try:
            await _connected(handler)
            _log.info("listening to Slack workspace %s", us.team)
            # Only now, so that nothing is said between what is read and what is heard.
            past = SlackPast(build_client(str(self._client.token), self._client.base_url), us)
            catch_up = CatchUp(self._temporal, doing, past, values.NAME, clock=self._gap.clock)
            self._later.do(catch_up.keep(self._gap))
            await _deaf(handler, self._gap)
        finally:
            await handler.close_async()
            self._later.close()

    def _app_client(self) -> AsyncWebClient:
        """With the app's own token, whose refusal is told apart from a socket that breaks."""
        return AsyncWebClient(token=self._app_token, base_url=self._client.base_url, retry_handlers=[])

    def app(self, doing: Doing, lookup: SlackLookup, us: Us) -> AsyncApp:
        """The Bolt app: which event is whose."""
        # The default acknowledges before a listener runs, and would lose what a crash interrupts.
        # It would also ask Slack who we are at the first event, and acknowledge all that comes until Slack answers.
        app = AsyncApp(
            client=self._client,
            authorize=_authorized(self._client, us),
            process_before_response=True,
            # It takes a moderator's removal of a message of ours for something that we did.
            ignoring_self_events_enabled=False,
            request_verification_enabled=False,
        )
        ears = _Ears(self, doing, lookup, us, self._later)
        pressed = Pressed(self._client, doing, lookup, us, self._administering, self._later)
        on: Any = app
        on.event("message")(_in_time(ears.message, self._missed))
        on.event("app_mention")(_in_time(ears.message, self._missed))
        on.event("reaction_added")(_in_time(ears.reaction, self._missed))
        on.event("agent_session_stopped")(_in_time(ears.session_stopped))
        on.event("app_home_opened")(_in_time(ears.home_opened))
        on.command(values.RESEARCH_COMMAND)(_in_time(pressed.research))
        on.command(values.ADMIN_COMMAND)(_in_time(pressed.administer))
        on.shortcut(values.MESSAGE_SHORTCUT)(_in_time(pressed.message_shortcut))
        on.shortcut(values.GLOBAL_SHORTCUT)(_in_time(pressed.global_shortcut))
        on.view(values.RESEARCH_FORM)(_in_time(pressed.form))
        on.action(values.RETRY_ACTION)(_in_time(pressed.retry))
        on.action(values.STOP_ACTION)(_in_time(pressed.stop))
        on.action(values.FEEDBACK_ACTION)(_in_time(pressed.feedback))
        on.action(re.compile(rf"^{values.FOLLOW_UP_ACTION}_\d$"))(_in_time(pressed.follow_up))
        # What nobody listens to would never be acknowledged, and come four times.
        on.event(re.compile(".*"))(ears.nothing)
        on.action(re.compile(".*"))(ears.nothing)
        return app

    def _missed(self) -> None:
        """An event could not be handed over. Slack sends it again for some minutes only."""
        self._gap.widen(self._gap.clock.now() - BEFORE)

    def timed(self, said: Spoken) -> Spoken:
        """Marked as late, if it is."""
        return timed(said, self._gap.clock.now())

    async def show_home(self, user: str, us: Us) -> None:
        """Publish somebody's App Home. Run again: it is the same home."""
        try:
            seen = await overview(self._temporal, values.NAME, us.team, user)
        except RPCError:
            return
        view = home(seen, team_url=us.url, budget=self._budget)
        await call(self._client, "views.publish", user_id=user, view=view)

    async def suggest(self, channel: str) -> None:
        """Suggest first questions in a direct message. Run again: they are the same."""
        prompts = [{"title": title, "message": message} for title, message in PROMPTS]
        await call(self._client, "assistant.threads.setSuggestedPrompts", channel_id=channel, prompts=prompts)


class _Ears:
    """One method an event; Bolt hands over what their arguments name."""

    def __init__(self, listener: SlackListener, doing: Doing, lookup: SlackLookup, us: Us, later: Later) -> None:
        self._listener = listener
        self._doing = doing
        self._lookup = lookup
        self._us = us
        self._later = later
        self._order = Order()

    async def nothing(self) -> None:
        """Acknowledge what means nothing to us."""

    async def message(self, event: Json, request: AsyncBoltRequest) -> None:
        """A message, a mention, a change, a removal."""
        async with self._order.turn(thread_of(event)):
            await self._message(event, request)

    async def _message(self, event: Json, request: AsyncBoltRequest) -> None:
        us = self._us
        gone = removed(event, us.team, us.user)
        if gone is not None:
            await self._doing.removed(gone)
            return
        if event.get("subtype") == "message_changed":
            change = changed(event, us.team, us.user)
            if change is not None:
                self._tell(change.after, await self._doing.changed(change))
            return
        said = spoken(event, us.team, us.user)
        if said is not None:
            again = request.headers.get("x-slack-retry-num", ["0"]) != ["0"]
            self._tell(said, await self._doing.said(self._listener.timed(said) if again else said))

    async def reaction(self, event: Json) -> None:
        """🔁 or 🛑."""
        wish = reacted(event, self._us.team, self._us.user)
        if wish is not None:
            self._whisper(wish.channel, "", wish.user, await self._doing.reacted(wish))

    async def session_stopped(self, event: Json) -> None:
        """Slack's own Stop button."""
        channel, thread, user = (str(event.get(name) or "") for name in ("channel", "thread_ts", "user"))
        request = f"session:{channel}:{thread}:{event.get('event_ts')}"
        told = await self._doing.stop(self._lookup.thread(channel, thread), "", user, request)
        self._whisper(channel, thread, user, told)

    async def home_opened(self, event: Json) -> None:
        """The App Home, or the direct message beside it."""
        user, channel = str(event.get("user") or ""), str(event.get("channel") or "")
        if event.get("tab") == "messages":
            self._later.do(self._listener.suggest(channel))
        else:
            self._later.do(self._listener.show_home(user, self._us))

    # --- How ---------------------------------------------------------------------------------------------------------

    def _tell(self, said: Spoken, text: str) -> None:
        """Tell somebody something about their message: in its thread, if it stands in one."""
        self._whisper(said.thread.channel, "" if said.alone else said.thread.thread, said.user, text)

    def _whisper(self, channel: str, thread: str, user: str, text: str) -> None:
        if text:
            self._later.do(self._lookup.whisper(channel, thread, user, text))


async def _connected(handler: Any) -> None:
    """Connect. The SDK tries one address for ever, whose ticket may be spent. Raises Retriable."""
    try:
        async with asyncio.timeout(DEAF):
            await handler.connect_async()
    except TimeoutError:
        raise Retriable("the socket does not open") from None


async def _deaf(handler: Any, gap: Gap) -> None:
    """Return never; raise Retriable once no socket was open for a while, whatever the SDK still tries.

    Between two sockets, events go nowhere: what was said then is a gap.
    """
    since, heard, session = time.monotonic(), gap.clock.now(), handler.client.current_session
    while time.monotonic() - since < DEAF:
        if await handler.client.is_connected():
            if handler.client.current_session is not session:
                gap.widen(heard - BEFORE)
            since, heard, session = time.monotonic(), gap.clock.now(), handler.client.current_session
        await asyncio.sleep(1)
    gap.widen(heard - BEFORE)
    raise Retriable("no socket is open")


def _authorized(client: AsyncWebClient, us: Us) -> Callable[..., Awaitable[AuthorizeResult]]:
    """What `auth.test` said once, for every event."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=us.team,
            bot_user_id=us.user,
            bot_id=us.bot,
            bot_token=client.token,
        )

    return authorize


def _in_time(
    ear: Callable[..., Awaitable[None]], missed: Callable[[], None] | None = None
) -> Callable[..., Awaitable[None]]:
    """A listener that gives up in time: what it raises is no acknowledgement, and Slack sends the event again."""

    @functools.wraps(ear)
    async def in_time(*arguments: Any, **named: Any) -> None:
        try:
            async with asyncio.timeout(LIMIT):
                await ear(*arguments, **named)
        except (Unavailable, CallError, TimeoutError):
            if missed is not None:
                missed()
            raise

    return in_time
