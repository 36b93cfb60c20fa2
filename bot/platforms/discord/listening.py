"""Discord, inbound: the gateway. What people do is handed over, and kept until Temporal takes it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import discord
from temporalio.client import Client

from bot.access import Access
from bot.administering import Administering
from bot.catchup import CatchUp
from bot.chat import Inbox
from bot.clock import PlatformClock
from bot.doing import Doing
from bot.gap import BEFORE, Gap
from bot.gestures import Spoken
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.commands import build_tree, register
from bot.platforms.discord.gestures import changed, reacted, removed, spoken
from bot.platforms.discord.lanes import Lanes
from bot.platforms.discord.lookup import DiscordLookup
from bot.platforms.discord.needs import intents
from bot.platforms.discord.past import DiscordPast
from bot.platforms.discord.pressed import Pressed
from bot.platforms.discord.sessions import Sessions
from bot.platforms.discord.values import NAME
from bot.platforms.later import Later
from workflows.errors import CallError, Retriable, Terminal

SETTLING = 0.5
"""Seconds without another server being told of, after which we begin to read; a server told of later is read then."""

CALL = 4.0
"""Seconds for a call of the listening half."""

DEAF = 60.0
"""Seconds without a connection after which everything begins anew: discord.py waits up to 17 minutes between tries."""

_REFUSED = {
    4004: "the token is refused",
    4010: "a shard that does not exist was asked for",
    4011: "the bot is in too many servers for one connection",
    4012: "the gateway's version is refused",
    4013: "an intent is asked for that does not exist",
}
"""Codes of closed connections after which no new one is taken."""

_log = logging.getLogger(__name__)


class DiscordListener:
    """Hears every server that the bot is in."""

    def __init__(
        self,
        token: str,
        access: Access,
        temporal: Client,
        *,
        administering: Administering,
        catch_up: float = 0.0,
        sessions: Sessions | None = None,
    ) -> None:
        """`administering` does what administrators ask.

        `catch_up`: seconds before its start from which on it hands over what nobody heard.
        """
        self._token = token
        self._access = access
        self._temporal = temporal
        self._administering = administering
        self._gap = Gap(catch_up, PlatformClock())
        # It outlives a connection: what a broken gateway costs is counted together.
        self._sessions = sessions if sessions is not None else Sessions()

    async def listen(self, inbox: Inbox) -> None:
        """Hand everything that people do into `inbox`, until cancelled.

        Nothing is acknowledged to Discord. What was missed is read from it once we listen again; of interactions it
        says itself that they failed. Raises Terminal where Discord refuses us, Retriable where it breaks.
        """
        ears = _Ears(self._temporal, inbox, self._access, self._administering, self._sessions, self._gap)
        try:
            await ears.hear(self._token)
        except discord.LoginFailure:
            raise Terminal("the token is refused", code="chat_access", status=401) from None
        except discord.PrivilegedIntentsRequired:
            raise Terminal("the Message Content intent is switched off", code="chat_access", status=403) from None
        except discord.ConnectionClosed as closed:
            if closed.code in _REFUSED:
                raise Terminal(_REFUSED[closed.code], code="chat_access", status=403) from None
            raise Retriable(f"the gateway closed the connection ({closed.code})") from None
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Retriable(f"the gateway cannot be reached ({type(error).__name__})") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A connection that breaks while it begins, or an event that lacks something, ends discord.py so.
            raise Retriable(f"discord.py broke ({type(error).__name__})") from None
        finally:
            await ears.close()
        raise Retriable("the gateway closed the connection")


class _Ears(discord.Client):
    """One method an event; discord.py calls them by their names."""

    def __init__(
        self,
        temporal: Client,
        inbox: Inbox,
        access: Access,
        administering: Administering,
        sessions: Sessions,
        gap: Gap,
    ) -> None:
        super().__init__(
            intents=intents(),
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=SETTLING,
            # Nobody's status is of interest, and members are told of with what they do.
            chunk_guilds_at_startup=False,
            http_trace=_asked_the_time(gap.clock),
        )
        rest = Rest("", limit=CALL, client=self)
        self._lookup = DiscordLookup(self, rest)
        self._doing = Doing(self._lookup, inbox, access)
        self._pressed = Pressed(self._doing, self._lookup, administering)
        self._lanes = Lanes(gap.clock)
        self._catch_up = CatchUp(
            temporal, self._doing, DiscordPast(self, self._lookup, self._left_out), NAME, clock=gap.clock
        )
        self._sessions = sessions
        self._gap = gap
        self._broken = 0.0
        self._deaf = asyncio.Event()
        self._giving_up: asyncio.TimerHandle | None = None
        self._again = False
        self._ready_before = False
        self._away: dict[int, float] = {}
        """Servers of which nothing is told just now, and since when."""
        self._tree = build_tree(self, self._pressed)
        self._later = Later(CallError, discord.DiscordException)

    # --- The connection ----------------------------------------------------------------------------------------------

    async def hear(self, token: str) -> None:
        """Be connected for as long as that can be done. Raises as discord.py does, or TimeoutError after DEAF."""
        hearing = asyncio.create_task(self.start(token))
        deaf = asyncio.create_task(self._deaf.wait())
        try:
            await asyncio.wait((hearing, deaf), return_when=asyncio.FIRST_COMPLETED)
            if not hearing.done():
                raise TimeoutError
            await hearing
        finally:
            for task in (hearing, deaf):
                task.cancel()
            await asyncio.gather(hearing, deaf, return_exceptions=True)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Begin no more sessions than Discord allows."""
        # Whoever waits for its turn here has a connection.
        self._keep_on()
        await self._sessions.begin()

    async def on_ready(self) -> None:
        """A session has begun, and nothing of what happened before it is told of."""
        missed = self._broken if self._ready_before else 0.0
        for guild in self.guilds:
            if guild.unavailable:
                self._left_out(guild.id, missed)
            else:
                self._back(guild)
        self._heard_again()
        _log.info("listening to Discord as %s in %d servers", self.user, len(self.guilds))
        if not self._ready_before:
            self._ready_before = True
            # Only now, so that nothing is said between what is read and what is heard.
            self._later.do(self._catch_up.keep(self._gap))
            self._later.do(self._register())

    async def on_disconnect(self) -> None:
        """From now on nothing is heard; and then it may be told of again what was told of already."""
        self._again = True
        if self._giving_up is None:
            self._giving_up = asyncio.get_running_loop().call_later(DEAF, self._deaf.set)
        self._broken = self._broken or self._gap.clock.now() - BEFORE

    async def on_resumed(self) -> None:
        """Everything has been told of again, as far as Discord kept it."""
        self._heard_again()

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        """A server is away, and nothing is told of it until it is back."""
        # Told of again after a break, it may have been away for as long.
        self._left_out(guild.id, self._broken or self._gap.clock.now() - BEFORE)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server is there, or back."""
        self._back(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """We are in a server anew, or discord.py does not know that we were."""
        self._back(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """We are in a server no more."""
        self._away.pop(guild.id, None)

    def _left_out(self, guild: int, since: float) -> None:
        self._away[guild] = min(since, self._away.get(guild, since))

    def _back(self, guild: discord.Guild) -> None:
        since = self._away.pop(guild.id, None)
        if since is not None:
            self._gap.widen(since)

    def _heard_again(self) -> None:
        self._again = False
        self._keep_on()
        if self._broken:
            self._gap.widen(self._broken)
            self._broken = 0.0

    def _keep_on(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    async def on_error(self, event_method: str, /, *_args: Any, **_named: Any) -> None:
        """An event was not handled, for a reason that trying again does not mend."""
        _log.exception("%s was left undone", event_method)

    async def close(self) -> None:
        """End the session, and what is still being tried: it is read when somebody listens again."""
        self._gap.widen(min(self._lanes.oldest, self._gap.clock.now()) - BEFORE)
        for since in self._away.values():
            self._gap.widen(since)
        self._lanes.close()
        self._later.close()
        await super().close()

    # --- Messages ----------------------------------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """Somebody said something."""
        if message.author.bot:
            return
        self._lookup.people.note(message.author)

        async def do() -> None:
            place = await self._lookup.places.of(_guild(message.guild), message.channel.id)
            said = spoken(message, place, self._lookup.us)
            if said is not None:
                self._tell(said, await self._doing.said(said))

        await self._lanes.run(str(message.channel.id), do)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Somebody changed what they had said."""
        if event.message.author.bot:
            return
        self._lookup.people.note(event.message.author)

        async def do() -> None:
            place = await self._lookup.places.of(event.guild_id, event.channel_id)
            change = changed(event, place, self._lookup.us, self._gap.clock.now())
            if change is not None:
                self._tell(change.after, await self._doing.changed(change))

        await self._lanes.run(str(event.channel_id), do)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message is gone: somebody's, or one of ours."""
        await self._removed(event.guild_id, event.channel_id, event.message_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Many messages are gone at once."""
        for message in sorted(event.message_ids):
            await self._removed(event.guild_id, event.channel_id, message)

    async def _removed(self, guild: int | None, channel: int, message: int) -> None:
        async def do() -> None:
            await self._doing.removed(removed(await self._lookup.places.of(guild, channel), message))

        await self._lanes.run(str(channel), do)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """🔁 or 🛑."""
        wish = reacted(event, self._lookup.us, late=self._again)
        if wish is None:
            return
        if event.member is not None:
            self._lookup.people.note(event.member)

        async def do() -> None:
            # Whoever may not, or comes too late, sees that nothing happens: a reaction has nowhere to be answered.
            await self._doing.reacted(wish)

        await self._lanes.run(str(event.channel_id), do)

    # --- Interactions ------------------------------------------------------------------------------------------------

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        """A button; commands go their own way."""
        if interaction.type is discord.InteractionType.component:
            await self._pressed.button(interaction)

    # --- How ---------------------------------------------------------------------------------------------------------

    def _tell(self, said: Spoken, text: str) -> None:
        if text:
            self._later.do(self._lookup.reply(said, text))

    async def _register(self) -> None:
        await register(self._tree)


def _guild(guild: discord.Guild | None) -> int | None:
    return None if guild is None else guild.id


def _asked_the_time(clock: PlatformClock) -> aiohttp.TraceConfig:
    """Each answer of Discord's tells what time it is there."""

    async def ended(_session: object, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
        clock.told(params.response.headers.get("Date"))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace
