"""What Discord's gateway does to a bot: nothing is lost, nothing is answered twice, and a refusal is plain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from discord.backoff import ExponentialBackoff

from bot.gap import BEFORE
from bot.platforms.discord import build, listening
from bot.platforms.discord.messages import moment_of
from bot.roles import bot as bot_role
from bot.settings import SettingsError
from tests.bot.discord_desk import DiscordDesk, desk_on, working_desk
from tests.discord.server import Discord, running_discord
from tests.support.stack import Stack, eventually

HISTORY = "GET /channels/{channel}/messages"
PRICE = "What is AAPL's last close?"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long before the next try."""

    def delay(_: ExponentialBackoff[bool]) -> float:
        return 0.02

    monkeypatch.setattr(ExponentialBackoff, "delay", delay)
    monkeypatch.setattr(bot_role, "_AGAIN", (0.02, 0.1))


@pytest.fixture
async def quiet(idle_stack: Stack) -> AsyncGenerator[DiscordDesk]:
    """A server with a worker; no bot listens yet."""
    async with working_desk(idle_stack) as desk:
        yield desk


@pytest.fixture
async def desk(quiet: DiscordDesk) -> AsyncGenerator[DiscordDesk]:
    async with quiet.bot():
        yield quiet


def posts(discord: Discord, thread: str) -> int:
    """How often something was posted in a thread."""
    return sum(one.route.startswith("POST") and one.channel == thread and bool(one.nonce) for one in discord.ledger)


async def test_what_was_said_while_the_connection_was_cut_is_answered_once(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    desk.discord.cut_gateway(4000)
    missed = desk.discord.say(thread, desk.alice, "And its volume?")
    await desk.outcome(thread, missed)
    await eventually(lambda: desk.discord.resumes == 1, "the session goes on")
    await desk.outcome(thread, desk.discord.say(thread, desk.alice, "And its market cap?"))
    assert posts(desk.discord, thread) == 3
    assert desk.discord.identifies == 1


async def test_what_was_said_a_moment_ago_is_read_before_the_rest_of_the_gap(quiet: DiscordDesk) -> None:
    async with quiet.bot():
        thread, _ = await quiet.asked(PRICE)
    missed = quiet.discord.say(thread, quiet.alice, "And its volume?")
    before = len(quiet.discord.asked(HISTORY))
    async with quiet.bot():
        await quiet.outcome(thread, missed)
    readings = [one.arguments for one in quiet.discord.asked(HISTORY)[before:] if one.arguments["channel"] == thread]
    assert moment_of(str(readings[0]["after"])) == pytest.approx(moment_of(thread) - BEFORE, abs=0.01)


async def test_what_was_said_in_a_server_that_was_away_is_caught_up_with(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    desk.discord.outage()
    missed = desk.discord.say(thread, desk.alice, "And its volume?")
    desk.discord.outage(on=False)
    await desk.outcome(thread, missed)
    assert posts(desk.discord, thread) == 2


@pytest.mark.campaign
async def test_a_connection_that_is_reset_or_asked_to_reconnect_loses_and_doubles_nothing(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    for number, disturb in enumerate((desk.discord.cut_gateway, desk.discord.reconnect), 1):
        disturb()
        said = desk.discord.say(thread, desk.alice, f"And {number}?")
        await desk.outcome(thread, said)
    assert posts(desk.discord, thread) == 3


@pytest.mark.campaign
async def test_what_was_said_in_a_session_that_is_gone_is_caught_up_with(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    desk.discord.down()
    desk.discord.invalidate_session()
    missed = desk.discord.say(thread, desk.alice, "And its volume?")
    desk.discord.down(on=False)
    await desk.outcome(thread, missed)
    assert desk.discord.identifies == 2
    assert posts(desk.discord, thread) == 2


@pytest.mark.campaign
async def test_a_reaction_that_is_told_of_again_is_one_retry(desk: DiscordDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.discord.twice()
    desk.discord.react(thread, answer.id, desk.alice, "🔁")
    desk.discord.cut_gateway(4000)
    await desk.outcome(thread, thread, attempt=2)
    await desk.outcome(thread, desk.discord.say(thread, desk.alice, "And its volume?"))
    assert "attempt 2" in desk.answers(thread)[0].text
    assert len(desk.stack.sandbox.steps("start")) + len(desk.stack.sandbox.steps("restart")) == 2


@pytest.mark.campaign
async def test_a_malformed_event_ends_nothing_for_long(desk: DiscordDesk) -> None:
    desk.discord.malformed_event()
    await desk.asked(PRICE)


@pytest.mark.campaign
async def test_a_gateway_that_is_down_when_we_start_is_tried_again(quiet: DiscordDesk) -> None:
    quiet.discord.down()
    until = asyncio.Event()
    task = asyncio.create_task(bot_role.run(quiet.stack.settings, until))
    await eventually(lambda: len(quiet.discord.asked("GET /users/@me")) > 3, "it is tried again")
    quiet.discord.down(on=False)
    await eventually(lambda: quiet.discord.connected > 0, "it listens")
    await quiet.asked(PRICE)
    until.set()
    await task


async def test_a_connection_that_cannot_be_had_again_for_long_begins_anew(
    desk: DiscordDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delay(_: ExponentialBackoff[bool]) -> float:
        return 600.0

    monkeypatch.setattr(ExponentialBackoff, "delay", delay)
    monkeypatch.setattr(listening, "DEAF", 0.2)
    desk.discord.down()
    await eventually(lambda: len(desk.discord.asked("GET /users/@me")) > 1, "another beginning")
    desk.discord.down(on=False)
    await eventually(lambda: desk.discord.identifies == 2, "another session")
    await desk.asked(PRICE)


@pytest.mark.parametrize(("code", "words"), [(4004, "token is refused"), (4013, "intent")])
async def test_a_connection_that_is_closed_for_good_ends_in_plain_words(
    idle_stack: Stack, code: int, words: str
) -> None:
    with running_discord() as discord:
        async with desk_on(idle_stack, discord) as desk:
            task = asyncio.create_task(bot_role.run(desk.stack.settings, asyncio.Event()))
            await eventually(lambda: discord.connected > 0, "it listens")
            discord.cut_gateway(code)
            with pytest.raises(SettingsError) as refused:
                await task
    assert words in str(refused.value)
    assert "Discord refuses us" in str(refused.value)
    assert discord.token not in str(refused.value)


async def test_a_refused_token_or_intent_ends_in_plain_words(idle_stack: Stack) -> None:
    with running_discord() as discord:
        async with desk_on(idle_stack, discord) as desk:
            discord.refuse_intents(content=True)
            with pytest.raises(SettingsError, match="Message Content intent is switched off"):
                await bot_role.run(desk.stack.settings, asyncio.Event())
            discord.revoke_token()
            with pytest.raises(SettingsError, match="the token is refused"):
                await bot_role.run(desk.stack.settings, asyncio.Event())


class Turnstile:
    """In the place of what counts sessions: lets two pass, and everybody once it is open."""

    def __init__(self, *_: object) -> None:
        self.came = 0
        self.open = asyncio.Event()
        made.append(self)

    async def begin(self) -> None:
        self.came += 1
        if self.came > 2:
            await self.open.wait()


made: list[Turnstile] = []


@pytest.mark.campaign
async def test_no_session_begins_before_the_budget_lets_it(quiet: DiscordDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "Sessions", Turnstile)
    monkeypatch.setattr(listening, "DEAF", 0.1)
    async with quiet.bot():
        turnstile = made[-1]
        quiet.discord.malformed_event()
        await eventually(lambda: quiet.discord.identifies == 2 and quiet.discord.connections == 1, "a second session")
        quiet.discord.malformed_event()
        await eventually(lambda: turnstile.came == 3, "a third one is wanted")
        said = quiet.mention(PRICE)
        assert quiet.discord.identifies == 2
        turnstile.open.set()
        await quiet.outcome(said, said)
    assert turnstile.came == quiet.discord.identifies == 3
