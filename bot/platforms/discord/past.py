"""What Discord still shows of what people did: threads, channels and known direct messages, read page by page."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Sequence

import aiohttp
import discord

from bot.catchup import SAID, Gesture, patiently
from bot.gestures import Changed, Reacted, Shown, Spoken
from bot.platforms.discord.calls import refusal
from bot.platforms.discord.gestures import buttons_of, spoken, wish_of
from bot.platforms.discord.lookup import DiscordLookup
from bot.platforms.discord.messages import moment_of, read_mark, snowflake_of
from bot.platforms.discord.places import Place
from bot.platforms.discord.values import DIRECT
from workflows.contracts import ThreadRef
from workflows.errors import Ambiguous, CallError, Retriable

REACH = 6 * 3600.0
"""Seconds before the gap from which on answers are read again: only reactions on newer ones are found."""

CHANNELS = 300
"""Channels of one server that are looked through."""

THREADS = 100
"""Threads of one server, in which we had no part lately, that are looked through; the newest."""

MESSAGES = 2_000
"""Messages of one channel that are looked through, from the beginning of the gap."""

_log = logging.getLogger(__name__)


class DiscordPast:
    """Every server that the bot is in. Discord lists no direct messages: only those of known conversations are read."""

    def __init__(
        self,
        client: discord.Client,
        lookup: DiscordLookup,
        left_out: Callable[[int, float], None] = lambda _guild, _since: None,
    ) -> None:
        """`left_out` is told which servers could not be read just now, since they are away, and from when on."""
        self._left_out = left_out
        self._client = client
        self._lookup = lookup

    async def lately(self, threads: Sequence[ThreadRef], since: float) -> Collection[ThreadRef]:
        """Servers tell what was said last in their threads; direct messages are few, and all read."""
        last: dict[str, float] = {}
        untold: set[str] = {DIRECT}
        for guild in [one for one in self._client.guilds if not one.unavailable]:
            try:
                active = await _active(guild)
            except CallError as closed:
                _log.info("a server does not tell what was said last: %s", closed)
                untold.add(str(guild.id))
                continue
            last |= {str(one.id): moment_of(str(one.last_message_id or one.id)) for one in active}
        return {one for one in threads if one.workspace in untold or last.get(one.thread, 0.0) >= since}

    async def thread(self, thread: ThreadRef, since: float, *, said_only: bool = False) -> Sequence[Gesture]:
        """What happened in a thread. Raises CallError where it cannot be read."""
        guild = None if thread.workspace == DIRECT else int(thread.workspace)
        known = None if guild is None else self._client.get_guild(guild)
        if known is not None and known.unavailable:
            # Once it is back it is read.
            self._left_out(known.id, since)
            raise Retriable("its server is away", sent=False)
        place = await patiently(lambda: self._lookup.places.of(guild, int(thread.thread)))
        oldest = since - (0.0 if said_only else REACH)
        return await patiently(lambda: self._read(place, thread, since, oldest))

    async def elsewhere(
        self, since: float, known: Collection[ThreadRef]
    ) -> AsyncIterator[tuple[ThreadRef, Sequence[Gesture]]]:
        """Channels and threads of all servers in which something was said since, as far as we may read them."""
        for guild in self._available(since):
            for channel in self._touched(guild, since):
                try:
                    found = await patiently(lambda channel=channel: self._mentions(channel, since))
                except CallError as closed:
                    _log.info("a channel cannot be read: %s", closed)
                    continue
                for said in found:
                    if said.thread not in known:
                        yield said.thread, [said]
            try:
                threads = await patiently(lambda guild=guild: self._threads(guild, since))
            except CallError as closed:
                _log.info("a server's threads cannot be read: %s", closed)
                continue
            for ref in threads:
                if ref in known:
                    continue
                try:
                    yield ref, await self.thread(ref, since)
                except CallError as closed:
                    _log.info("a thread cannot be read: %s", closed)

    # --- How ---------------------------------------------------------------------------------------------------------

    def _available(self, since: float) -> Iterator[discord.Guild]:
        for guild in self._client.guilds:
            if guild.unavailable:
                self._left_out(guild.id, since)
            else:
                yield guild

    async def _read(self, place: Place, thread: ThreadRef, since: float, oldest: float) -> Sequence[Gesture]:
        found: deque[Gesture] = deque(maxlen=SAID)
        async for message in self._after(thread.workspace, thread.thread, oldest):
            found.extend(await self._gestures(message, place, since))
        return tuple(found)

    async def _mentions(self, channel: discord.TextChannel, since: float) -> list[Spoken]:
        """What was said to us in a channel; nothing else there is ours to read."""
        place = Place(workspace=str(channel.guild.id), channel=str(channel.id))
        found: list[Spoken] = []
        count = 0
        async for message in self._after(str(channel.guild.id), str(channel.id), since):
            count += 1
            if count > MESSAGES:
                _log.warning("only %d messages of a channel are looked through", MESSAGES)
                break
            said = spoken(message, place, self._lookup.us)
            if said is not None and said.for_us:
                found.append(said)
        return found

    def _touched(self, guild: discord.Guild, since: float) -> Sequence[discord.TextChannel]:
        """Channels in which something was said since, the latest first. Discord told us of that when we connected."""
        if guild.me is None:  # pyright: ignore[reportUnnecessaryComparison] - before the server is known whole
            return ()
        found = [
            channel
            for channel in guild.text_channels
            if channel.last_message_id is not None
            and moment_of(str(channel.last_message_id)) >= since
            and channel.permissions_for(guild.me).read_message_history
            and channel.permissions_for(guild.me).view_channel
        ]
        return sorted(found, key=lambda channel: channel.last_message_id or 0, reverse=True)[:CHANNELS]

    async def _threads(self, guild: discord.Guild, since: float) -> Sequence[ThreadRef]:
        active = await _active(guild)
        touched = [one for one in active if moment_of(str(one.last_message_id or one.id)) >= since]
        touched.sort(key=lambda one: one.last_message_id or one.id, reverse=True)
        places = [Place(workspace=str(guild.id), channel=str(one.parent_id), thread=str(one.id)) for one in touched]
        return [place.thread_of("") for place in places[:THREADS]]

    async def _after(self, workspace: str, channel: str, since: float) -> AsyncGenerator[discord.Message]:
        guild = None if workspace == DIRECT else int(workspace)
        place = self._client.get_partial_messageable(int(channel), guild_id=guild)
        begin = discord.Object(int(snowflake_of(since)))
        try:
            async for message in place.history(after=begin, oldest_first=True, limit=None):
                yield message
        except discord.DiscordException as error:
            raise _told("history", error) from None
        except (OSError, TimeoutError) as error:
            raise Retriable(f"history: {type(error).__name__}") from None

    async def _gestures(self, message: discord.Message, place: Place, since: float) -> Sequence[Gesture]:
        """What people did with one message."""
        if message.author.id == self._lookup.us:
            return await self._reactions(message, place)
        said = spoken(message, place, self._lookup.us)
        if said is None:
            return ()
        if message.edited_at is not None and message.edited_at.timestamp() >= since:
            return (Changed(after=said),)
        return (said,) if said.moment >= since else ()

    async def _reactions(self, answer: discord.Message, place: Place) -> Sequence[Gesture]:
        its = next(filter(None, (read_mark(button.custom_id or "") for button in buttons_of(answer))), None)
        if its is None:
            return ()
        shown = Shown(thread=place.thread_of(str(answer.id)), state=its.state, attempt=its.attempt)
        found: list[Gesture] = []
        for reaction in answer.reactions:
            again = wish_of(str(reaction.emoji))
            if again is None:
                continue
            found += [
                Reacted(
                    workspace=place.workspace,
                    channel=str(answer.channel.id),
                    message=str(answer.id),
                    user=str(person.id),
                    again=again,
                    late=True,
                    shown=shown,
                )
                async for person in reaction.users()
                if person.id != self._lookup.us
            ]
        return found


async def _active(guild: discord.Guild) -> Sequence[discord.Thread]:
    try:
        return await guild.active_threads()
    except discord.DiscordException as error:
        raise _told("active threads", error) from None
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        raise Retriable(f"active threads: {type(error).__name__}") from None


def _told(name: str, error: discord.DiscordException) -> CallError:
    told = refusal(name, error)
    return Retriable(str(told)) if isinstance(told, Ambiguous) else told
