"""What people do on Discord, each surface, through bot and worker."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.bot.discord_desk import DiscordDesk, desk_on
from tests.discord.server import running_discord
from tests.support.stack import Stack, eventually

PRICE = "What is AAPL's last close?"
CLOSE = "252.2"


@pytest.fixture
async def quiet(idle_stack: Stack) -> AsyncGenerator[DiscordDesk]:
    """A server with a worker; no bot listens yet."""
    with running_discord() as discord:
        async with desk_on(idle_stack, discord) as desk, idle_stack.worker():
            yield desk
        assert discord.violations == []
        assert discord.unknown_routes() == []


@pytest.fixture
async def desk(quiet: DiscordDesk) -> AsyncGenerator[DiscordDesk]:
    """A server with worker and bot."""
    async with quiet.bot():
        yield quiet


async def test_a_mention_is_answered_once_in_its_thread_and_a_reply_there_needs_none(desk: DiscordDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    assert CLOSE in answer.text
    reply = desk.discord.say(thread, desk.alice, "And its 52-week range?")
    await desk.outcome(thread, reply)
    assert len(desk.answers(thread)) == 2


async def test_a_slash_command_opens_a_thread_with_a_report(desk: DiscordDesk) -> None:
    thread, given = await desk.researched("AAPL", "Is it expensive?")
    await desk.outcome(thread, given.id)
    answer = desk.answers(thread)[-1]
    assert "AAPL" in desk.discord.place(thread).name
    assert answer.attachments
    assert {"retry", "up", "down"} <= {one.split(":")[1] for one in answer.custom_ids}
    follow_up = desk.press(answer, "ask1")
    await eventually(lambda: follow_up.acked, "acknowledged")
    await desk.outcome(thread, f"follow-up:{answer.id}:ask1")
