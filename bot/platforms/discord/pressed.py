"""What is pressed, chosen or pointed at: told once, and answered in time, whatever is out of reach."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from typing import Any, TypeVar, cast

import discord

from bot import words
from bot.administering import Administering
from bot.commands import Usage, parse_research
from bot.doing import Doing
from bot.gestures import Spoken
from bot.platforms.discord.calls import ALREADY_ACKNOWLEDGED
from bot.platforms.discord.commands import Interaction
from bot.platforms.discord.gestures import action_of, buttons_of, names_of
from bot.platforms.discord.lookup import DiscordLookup
from bot.platforms.discord.markdown import calm
from bot.platforms.discord.places import Place
from bot.platforms.discord.values import DIRECT, FOLLOW_UP, NAME, RETRY, STOP, USEFUL, USELESS
from bot.platforms.discord.words import LOCKED, plain_text
from bot.platforms.promptly import promptly
from bot.rendering import one_line
from workflows.contracts import Research, ThreadRef
from workflows.errors import CallError

T = TypeVar("T")

SOONER = 2.2
"""Seconds for a gesture that Discord never sends again, of the three in which it wants an answer."""

_LONGEST = 1_900
"""Characters of what an administrator is told."""

_LINK = re.compile(
    r"https://(?:\w+\.)?discord\.com/channels/(?P<guild>\d+|@me)/(?P<channel>\d+)(?:/(?P<message>\d+))?/?"
)

_QUIET = discord.AllowedMentions.none()

_log = logging.getLogger(__name__)


class Pressed:
    """One method a gesture. Each answers its interaction exactly once.

    Where two bots run at once both hear of it: both hand over the same ids, and Discord takes the first answer.
    """

    def __init__(self, doing: Doing, lookup: DiscordLookup, administering: Administering) -> None:
        self._doing = doing
        self._lookup = lookup
        self._administering = administering

    # --- Commands ----------------------------------------------------------------------------------------------------

    async def research(self, interaction: Interaction, symbol: str, question: str) -> None:
        """`/research`: in a channel its answer becomes a thread; anywhere else it is asked where it stands."""
        research = parse_research(f"{symbol.strip().replace(' ', '')} {question}")
        if isinstance(research, Usage):
            await _answer(interaction, research.sentence, hidden=True)
            return
        told = await self._tried(interaction, self._researched(interaction, research), words.NOT_DONE)
        await _answer(interaction, told or _opening(interaction, research), hidden=bool(told))

    async def _researched(self, interaction: Interaction, research: Research) -> str:
        place = await self._place(interaction)
        user, request = str(interaction.user.id), str(interaction.id)
        if place.locked:
            return LOCKED
        if place.thread:
            text = f"/research {research.symbol} {research.question}".strip()
            return await self._doing.shortcut(_spoken(place, interaction, request, text))
        told, _ = await self._doing.open(place.workspace, place.channel, user, research, request)
        return told

    async def pointed(self, interaction: Interaction, message: discord.Message) -> None:
        """Research this message: a question in its thread, or in the one that is made from it."""
        text = plain_text(message.content, str(self._lookup.us), names_of(message))

        async def do() -> str:
            place = await self._place(interaction)
            if place.locked:
                return LOCKED
            request = f"shortcut:{interaction.id}"
            spoken = _spoken(place, interaction, request, text, anchor=str(message.id))
            return await self._doing.shortcut(spoken)

        told = await self._tried(interaction, do(), words.NOT_DONE)
        await _answer(interaction, told or "I am on it: the answer comes into that message's thread.", hidden=True)

    async def administer(self, interaction: Interaction, text: str) -> None:
        """`/research-admin …`: for administrators' eyes alone, and each use is logged."""
        user = str(interaction.user.id)
        workspace = DIRECT if interaction.guild_id is None else str(interaction.guild_id)
        allowed = await self._tried(interaction, self._doing.may_administer(workspace, user), None)
        if not allowed:
            _log.info("admin command refused to %s", user)
            await _answer(interaction, words.NOT_DONE if allowed is None else words.NOT_ADMIN, hidden=True)
            return
        # What it says may take longer than Discord waits for.
        await _quietly(interaction.response.defer(ephemeral=True, thinking=True))
        try:
            told = await self._administering.run(text, by=f"{NAME}:{user}", find_thread=self._named, limit=_LONGEST)
        except CallError:
            told = words.NOT_DONE
        await _quietly(interaction.edit_original_response(content=told[:2_000], allowed_mentions=_QUIET))

    async def _named(self, link: str) -> ThreadRef | None:
        """The thread that a link names: to it, to a message in it, or to the message that it was made from."""
        found = _LINK.fullmatch(link)
        if found is None:
            return None
        guild = None if found["guild"] == DIRECT else int(found["guild"])
        place = await self._lookup.places.of(guild, int(found["channel"]))
        return place.thread_of(found["message"]) if place.thread or found["message"] else None

    # --- Buttons -----------------------------------------------------------------------------------------------------

    async def button(self, interaction: Interaction) -> None:
        """A button below an answer. Everything that it takes is in its own id, and in the message that it stands in."""
        data = cast("dict[str, Any]", interaction.data or {})
        custom_id = str(data.get("custom_id") or "")
        action, message = action_of(custom_id), interaction.message
        if message is None or not action:
            return
        if action in (RETRY, STOP):
            await self._wished(interaction, str(message.id), again=action == RETRY)
        elif action.startswith(FOLLOW_UP):
            await self._followed_up(interaction, message, custom_id, action)
        elif action in (USEFUL, USELESS):
            _log.info("feedback %s from %s on %s", custom_id[:100], interaction.user.id, message.id)
            await _answer(interaction, words.THANKS, hidden=True)

    async def _wished(self, interaction: Interaction, message: str, *, again: bool) -> None:
        async def do() -> str:
            thread = (await self._place(interaction)).thread_of(message)
            wish = self._doing.retry if again else self._doing.stop
            return await wish(thread, message, str(interaction.user.id), f"button:{interaction.id}")

        told = await self._tried(interaction, do(), words.NOT_DONE)
        if told:
            await _answer(interaction, told, hidden=True)
        else:
            # The message itself shows what came of it.
            await _quietly(interaction.response.defer())

    async def _followed_up(
        self, interaction: Interaction, message: discord.Message, custom_id: str, action: str
    ) -> None:
        question = _label(message, custom_id)

        async def do() -> str:
            place = await self._place(interaction)
            if place.locked:
                return LOCKED
            thread = place.thread_of(str(message.id))
            request = f"follow-up:{message.id}:{action}"
            return await self._doing.followed_up(thread, str(interaction.user.id), question, request)

        told = await self._tried(interaction, do(), words.NOT_DONE) if question else words.NOT_DONE
        asked = f"<@{interaction.user.id}> asks: {one_line(calm(question))}"
        await _answer(interaction, told or asked, hidden=bool(told))

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _place(self, interaction: Interaction) -> Place:
        return await self._lookup.places.of(interaction.guild_id, interaction.channel_id or 0)

    async def _tried(self, interaction: Interaction, job: Awaitable[T], otherwise: T) -> T:
        """What Discord never sends again has to be answered in time."""
        self._lookup.people.note(interaction.user)
        return await promptly(job, otherwise, within=SOONER)


def _spoken(place: Place, interaction: Interaction, request: str, text: str, *, anchor: str = "") -> Spoken:
    return Spoken(
        thread=place.thread_of(anchor or request),
        message=request,
        user=str(interaction.user.id),
        text=text,
        # By Discord's clock, as all that is said in the thread.
        moment=interaction.created_at.timestamp(),
        direct=place.direct,
        for_us=True,
        opens=not place.thread,
    )


def _opening(interaction: Interaction, research: Research) -> str:
    """The message that a thread is made from: who asked for what. Nobody is notified by it."""
    question = one_line(calm(research.question))[:1_500]
    about = f": {question}" if question else ""
    return f"🔎 **{one_line(calm(research.symbol))}**, asked for by <@{interaction.user.id}>{about}"


def _label(message: discord.Message, custom_id: str) -> str:
    """What a button says, which is the question that it asks."""
    return next((button.label or "" for button in buttons_of(message) if button.custom_id == custom_id), "")


async def _answer(interaction: Interaction, text: str, *, hidden: bool) -> None:
    """Answer an interaction. If it happened and we were not told, or we run again: Discord takes no second answer."""
    await _quietly(
        interaction.response.send_message(text[:2_000], ephemeral=hidden, allowed_mentions=_QUIET, suppress_embeds=True)
    )


async def _quietly(answering: Awaitable[object]) -> None:
    try:
        await answering
    except discord.InteractionResponded:
        return
    except discord.HTTPException as refused:
        if refused.code != ALREADY_ACKNOWLEDGED:
            _log.warning("an interaction could not be answered (%s)", refused.code or refused.status)
    except (OSError, TimeoutError, discord.DiscordException) as error:
        _log.warning("an interaction could not be answered (%s)", type(error).__name__)
