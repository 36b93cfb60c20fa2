"""What people did on Discord while the bot was away comes in once, in order, marked as late; and nothing else does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from bot import catchup
from tests.bot.discord_desk import DiscordDesk, desk_on, mark
from tests.discord.server import Message, running_discord
from tests.support.stack import Stack, eventually
from workflows.contracts import ThreadRef
from workflows.identity import conversation_id
from workflows.sentences import LATE

AGO = 3_600.0
"""Seconds since people did what they do."""

PRICE = "What is AAPL's last close?"

CaughtUp = Callable[[int], Awaitable[None]]


@pytest.fixture
async def desk(idle_stack: Stack) -> AsyncGenerator[DiscordDesk]:
    """A server with a worker, in which people did an hour ago what they do now; no bot listens."""
    with running_discord() as discord:
        discord.clock_behind(AGO)
        async with desk_on(idle_stack, discord) as desk, idle_stack.worker():
            yield desk
        assert discord.violations == []
        assert discord.unknown_routes() == []


@pytest.fixture
def caught_up(caplog: pytest.LogCaptureFixture) -> CaughtUp:
    """Waits until a bot has read all there is, so many times in all."""
    caplog.set_level(logging.INFO, catchup.__name__)

    async def wait(times: int) -> None:
        def look() -> bool:
            said = [record.getMessage() for record in caplog.records if record.name == catchup.__name__]
            return sum(text.startswith("caught up") for text in said) >= times

        await eventually(look, "caught up")

    return wait


async def outcomes(desk: DiscordDesk, thread: str, asked: list[str]) -> list[Message]:
    """Wait for the outcomes of some questions, which are all that stands in the thread, in order."""
    found = [await desk.outcome(thread, key) for key in asked]
    assert [one.id for one in desk.answers(thread)] == [one.id for one in found]
    return found


def is_late(answer: Message) -> bool:
    """Whether an answer says that it is late."""
    return LATE in answer.text


async def history(desk: DiscordDesk, thread: str) -> int:
    """How long a thread's history is, once nothing goes on in it."""
    where = ThreadRef(platform="discord", workspace=desk.discord.guild, channel=desk.channel, thread=thread)
    handle = desk.stack.client.get_workflow_handle(conversation_id(where))
    while True:
        described = (await handle.describe()).raw_description
        if not described.pending_activities and not described.HasField("pending_workflow_task"):
            return described.workflow_execution_info.history_length
        await asyncio.sleep(0.02)


async def test_what_was_said_is_answered_once_in_order_and_says_that_it_is_late(
    desk: DiscordDesk, caught_up: CaughtUp
) -> None:
    discord = desk.discord
    async with desk.bot():
        # What it reads at its start would be late, though it is told of it too.
        await caught_up(1)
        thread, first = await desk.asked(PRICE)
        direct = discord.dm(desk.bob)
        before = discord.say(direct, desk.bob, PRICE)
        await desk.outcome(direct, before)
    followed = [discord.say(thread, desk.alice, f"And in 202{number}?") for number in range(2)]
    opened = desk.mention(PRICE)
    written = discord.say(direct, desk.bob, "And its volume?")
    lunch = discord.say(desk.channel, desk.bob, "Lunch?")
    other = discord.begin_thread(desk.channel, desk.bob, "Lunch", message=lunch)
    discord.say(other, desk.alice, "Yes!")
    among = desk.mention(PRICE, channel=other)
    discord.archive(thread)
    async with desk.bot():
        [_, *late] = await outcomes(desk, thread, [thread, *followed])
        late += await outcomes(desk, opened, [opened])
        late += (await outcomes(desk, direct, [before, written]))[1:]
        late += await outcomes(desk, other, [among])
    assert not is_late(first)
    assert [is_late(answer) for answer in late] == [True] * 5


async def test_a_bot_that_comes_back_hands_over_nothing_twice_and_tells_nobody_anything_again(
    desk: DiscordDesk, caught_up: CaughtUp
) -> None:
    discord = desk.discord
    async with desk.bot(clew_allowed_users=(f"discord:{desk.alice}",)):
        thread, answer = await desk.asked(PRICE)
        discord.react(thread, answer.id, desk.alice, "🔁")
        await desk.outcome(thread, thread, attempt=2)
        desk.mention(PRICE, user=desk.bob)
        await desk.told("You may not ask me here")
        await caught_up(1)
    length, written = await history(desk, thread), len(discord.asked("POST /channels/*/messages"))
    for times in range(2, 5):
        async with desk.bot(clew_allowed_users=(f"discord:{desk.alice}",)):
            await caught_up(times)
    assert await history(desk, thread) == length
    assert len(discord.asked("POST /channels/*/messages")) == written


@pytest.mark.parametrize("cut", [False, True], ids=["connected at once", "cut off at first"])
async def test_what_was_said_in_a_server_that_is_away_as_we_begin_is_read_once_it_is_back(
    desk: DiscordDesk, caught_up: CaughtUp, cut: bool
) -> None:
    discord = desk.discord
    before = desk.mention(PRICE)
    discord.outage()
    if cut:
        discord.fault("gateway", "drop", event="READY")
    async with desk.bot():
        await caught_up(1)
        assert discord.identifies == 1 + cut
        assert [one for one in discord.messages(desk.channel) if one.user == discord.bot_user] == []
        discord.outage(on=False)
        await outcomes(desk, before, [before])


@pytest.mark.campaign
async def test_a_reaction_made_meanwhile_is_one_retry(desk: DiscordDesk, caught_up: CaughtUp) -> None:
    async with desk.bot():
        thread, answer = await desk.asked(PRICE)
    desk.discord.react(thread, answer.id, desk.alice, "🔁")
    async with desk.bot():
        await desk.outcome(thread, thread, attempt=2)
    async with desk.bot():
        await caught_up(3)
        after = desk.discord.say(thread, desk.alice, "And its volume?")
        await desk.outcome(thread, after)
    assert [found.attempt for one in desk.answers(thread) if (found := mark(one)) is not None] == [2, 1]


@pytest.mark.campaign
@pytest.mark.timeout(400)
async def test_130_messages_in_5_threads_are_answered_once_each_in_order(desk: DiscordDesk) -> None:
    async with desk.bot():
        threads = [(await desk.asked(PRICE))[0]]
    threads += [desk.mention(PRICE) for _ in range(4)]
    for thread in threads[1:]:
        desk.discord.begin_thread(desk.channel, desk.alice, "Theirs", message=thread)
    said = {thread: [thread] for thread in threads}
    for number in range(130):
        thread = threads[number % 5]
        said[thread].append(
            desk.discord.say(thread, desk.alice, f"<@{desk.discord.bot_user}> {number}: what is a bond?")
        )
    async with desk.bot():
        for thread, asked in said.items():
            answers = await outcomes(desk, thread, asked)
            assert [is_late(answer) for answer in answers] == [thread != threads[0], *[True] * 26]
