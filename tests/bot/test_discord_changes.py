"""What people change and take back on Discord; and threads that are closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.bot.discord_desk import DiscordDesk, working_desk
from tests.support.stack import Stack, eventually

PRICE = "What is AAPL's last close?"
CLOSE = "252.2"


@pytest.fixture
async def desk(idle_stack: Stack) -> AsyncGenerator[DiscordDesk]:
    async with working_desk(idle_stack) as desk, desk.bot():
        yield desk


async def held(desk: DiscordDesk) -> str:
    """A thread with an answer that takes until the sandbox is cleared."""
    await desk.stack.sandbox.fault(kind="hold")
    thread = desk.mention(PRICE)
    await desk.working(thread, thread)
    return thread


@pytest.mark.campaign
async def test_a_queued_question_that_is_edited_is_answered_as_it_reads_now(desk: DiscordDesk) -> None:
    thread = await held(desk)
    second = desk.discord.say(thread, desk.alice, "What is IBM's last close?")
    assert desk.state(await desk.working(thread, second)) == "waiting"
    desk.discord.edit(thread, second, "What is MSFT's last close?")
    # Gestures of one thread are taken in order.
    desk.discord.say(thread, desk.alice, "status")
    await desk.told("This thread is", channel=thread)
    await desk.stack.sandbox.clear()
    assert "27.95" in (await desk.outcome(thread, second)).text


@pytest.mark.campaign
async def test_a_question_that_is_deleted_while_it_waits_leaves_nothing_behind(desk: DiscordDesk) -> None:
    thread = await held(desk)
    second = desk.discord.say(thread, desk.alice, "And its volume?")
    await desk.working(thread, second)
    desk.discord.remove(thread, second)
    await eventually(lambda: len(desk.answers(thread)) == 1, "the placeholder is withdrawn")
    await desk.stack.sandbox.clear()
    await desk.outcome(thread, thread)


@pytest.mark.campaign
async def test_a_question_that_is_deleted_while_it_is_answered_is_stopped(desk: DiscordDesk) -> None:
    thread = await held(desk)
    desk.discord.remove(desk.channel, thread)
    assert desk.state(await desk.outcome(thread, thread)) == "stopped"


@pytest.mark.campaign
async def test_a_mention_that_is_edited_in_later_is_a_question(desk: DiscordDesk) -> None:
    said = desk.discord.say(desk.channel, desk.alice, PRICE)
    desk.discord.edit(desk.channel, said, f"<@{desk.discord.bot_user}> {PRICE}")
    assert CLOSE in (await desk.outcome(said, said)).text


async def test_a_placeholder_that_a_moderator_deletes_is_a_stop_and_nothing_comes_back(desk: DiscordDesk) -> None:
    thread = await held(desk)
    placeholder = await desk.working(thread, thread)
    desk.discord.remove(thread, placeholder.id)
    await desk.stack.sandbox.clear()
    later = desk.discord.say(thread, desk.alice, "And its volume?")
    await desk.outcome(thread, later)
    assert len(desk.answers(thread)) == 1


async def test_an_answer_into_a_thread_that_was_archived_meanwhile_opens_it_again(desk: DiscordDesk) -> None:
    thread = await held(desk)
    desk.discord.archive(thread)
    await desk.stack.sandbox.clear()
    assert CLOSE in (await desk.outcome(thread, thread)).text
    assert not desk.discord.place(thread).archived


@pytest.mark.campaign
async def test_a_button_below_an_answer_in_an_archived_thread_works(desk: DiscordDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.discord.archive(thread)
    desk.press(answer, "retry")
    assert CLOSE in (await desk.outcome(thread, thread, attempt=2)).text
    assert not desk.discord.place(thread).archived


@pytest.mark.parametrize("archived", [pytest.param(False, marks=pytest.mark.campaign), True])
async def test_in_a_locked_thread_whoever_asks_by_a_menu_is_told_that_nothing_can_be_said_there(
    desk: DiscordDesk, archived: bool
) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.discord.lock(thread)
    desk.discord.archive(thread, on=archived)
    given = desk.discord.context(thread, desk.bob, "Research this", answer.id)
    commanded = desk.discord.command(thread, desk.bob, "research", ticker="AAPL")
    for each in (given, commanded):
        told = await eventually(lambda each=each: each.response, "told")
        assert "locked" in told.content
        assert told.ephemeral
    desk.discord.lock(thread, on=False)
    later = desk.mention("And its volume?", channel=thread)
    await desk.outcome(thread, later)
    assert len(desk.answers(thread)) == 2


@pytest.mark.campaign
async def test_an_answer_into_a_thread_that_was_deleted_meanwhile_is_parked(desk: DiscordDesk) -> None:
    thread = await held(desk)
    desk.discord.remove_place(thread)
    await desk.stack.sandbox.clear()
    desk.discord.set_user(desk.root, admin=True)

    told = ""
    while "1 parked" not in told:
        shown = desk.discord.command(desk.channel, desk.root, "research-admin", action="status")
        told = await eventually(lambda shown=shown: ((found := shown.response) and found.content) or None, "the report")
