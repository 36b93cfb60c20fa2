"""What people do on Discord, each surface, through bot and worker."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.bot.discord_desk import DiscordDesk, working_desk
from tests.discord.server import Interaction
from tests.support.stack import Stack, eventually

# tests/e2e does the same through processes; here each surface stands alone.
pytestmark = pytest.mark.campaign

PRICE = "What is AAPL's last close?"
CLOSE = "252.2"


@pytest.fixture
async def quiet(idle_stack: Stack) -> AsyncGenerator[DiscordDesk]:
    """A server with a worker; no bot listens yet."""
    async with working_desk(idle_stack) as desk:
        yield desk


@pytest.fixture
async def desk(quiet: DiscordDesk) -> AsyncGenerator[DiscordDesk]:
    """A server with worker and bot."""
    async with quiet.bot():
        yield quiet


async def whispered(given: Interaction, words: str) -> None:
    """Wait until whoever did something is told something that nobody else sees."""
    found = await eventually(lambda: given.response, f"told: {words}")
    assert words in found.content
    assert found.ephemeral


async def test_a_mention_is_answered_once_in_its_thread_and_a_reply_there_needs_none(desk: DiscordDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    assert CLOSE in answer.text
    reply = desk.discord.say(thread, desk.alice, "And its 52-week range?")
    await desk.outcome(thread, reply)
    assert len(desk.answers(thread)) == 2


async def test_a_mention_of_the_role_that_bears_our_name_means_us(desk: DiscordDesk) -> None:
    thread = desk.discord.say(desk.channel, desk.alice, f"<@&{desk.discord.own_role}> {PRICE}")
    assert CLOSE in (await desk.outcome(thread, thread)).text
    assert desk.discord.place(thread).name == PRICE


async def test_a_reply_that_addresses_somebody_else_is_theirs(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    desk.discord.say(thread, desk.alice, f"<@{desk.bob}> look at this")
    theirs = desk.discord.say(thread, desk.bob, "I have seen it")
    later = desk.discord.say(thread, desk.alice, "And its volume?")
    await desk.outcome(thread, theirs)
    desk.discord.say(thread, desk.alice, "Well done", reply_to=theirs)
    last = desk.mention("And its market cap?", channel=thread)
    await desk.outcome(thread, later)
    await desk.outcome(thread, last)
    assert len(desk.answers(thread)) == 4


async def test_a_thread_of_others_is_theirs_until_somebody_mentions_us_there(desk: DiscordDesk) -> None:
    root = desk.discord.say(desk.channel, desk.bob, "Apple, anyone?")
    thread = desk.discord.begin_thread(desk.channel, desk.bob, "Apple", message=root)
    desk.discord.say(thread, desk.alice, "Let us ask.")
    asked = desk.mention(PRICE, channel=thread)
    assert CLOSE in (await desk.outcome(thread, asked)).text
    assert len(desk.answers(thread)) == 1


async def test_direct_messages_need_no_mention_and_are_one_long_thread(desk: DiscordDesk) -> None:
    direct = desk.discord.dm(desk.alice)
    first = desk.discord.say(direct, desk.alice, PRICE)
    assert CLOSE in (await desk.outcome(direct, first)).text
    given = desk.discord.command(direct, desk.alice, "research", ticker="AAPL")
    await desk.outcome(direct, given.id)
    second = desk.discord.say(direct, desk.alice, "And its volume?")
    await desk.outcome(direct, second)


async def test_a_slash_command_opens_a_thread_with_a_report(desk: DiscordDesk) -> None:
    thread, given = await desk.researched("AAPL", "Is it expensive?")
    answer = await desk.last(thread, given.id)
    assert given.response is not None
    assert given.response.id == thread
    assert "AAPL" in desk.discord.place(thread).name
    assert answer.attachments
    assert {"retry", "up", "down"} <= {one.split(":")[1] for one in answer.custom_ids}
    follow_up = desk.press(answer, "ask1", user=desk.bob)
    desk.press(answer, "ask1", user=desk.bob)
    await desk.outcome(thread, f"follow-up:{answer.id}:ask1")
    shown = await eventually(lambda: follow_up.response, "what was asked")
    assert f"<@{desk.bob}> asks: " in shown.content
    assert not shown.ephemeral
    thanked = desk.press(answer, "up")
    await whispered(thanked, "Thank you")


async def test_a_slash_command_within_a_thread_is_answered_there(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    given = desk.discord.command(thread, desk.alice, "research", ticker="AAPL")
    await desk.outcome(thread, given.id)
    assert [place.id for place in desk.discord.threads(desk.channel)] == [thread]


async def test_a_symbol_that_is_none_is_told_what_can_be_asked(desk: DiscordDesk) -> None:
    given = desk.discord.command(desk.channel, desk.alice, "research", ticker="<@&1>")
    await whispered(given, "")
    assert desk.discord.messages(desk.channel) == []


async def test_research_this_answers_a_message_in_a_thread_of_its_own(desk: DiscordDesk) -> None:
    theirs = desk.discord.say(desk.channel, desk.bob, PRICE)
    given = desk.discord.context(desk.channel, desk.alice, "Research this", theirs)
    await whispered(given, "I am on it")
    assert CLOSE in (await desk.outcome(theirs, f"shortcut:{given.id}")).text


async def test_research_this_within_a_thread_answers_there(desk: DiscordDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    theirs = desk.discord.say(thread, desk.bob, f"<@{desk.alice}> what is MSFT's last close?")
    given = desk.discord.context(thread, desk.alice, "Research this", theirs)
    answer = await desk.outcome(thread, f"shortcut:{given.id}")
    assert answer.channel == thread


async def test_symbols_are_suggested_while_one_is_typed(desk: DiscordDesk) -> None:
    typed = desk.discord.autocomplete(desk.channel, desk.alice, "research", "ticker", "nvid")
    choices = await eventually(lambda: typed.choices, "suggestions")
    assert {"name": "NVDA · NVIDIA", "value": "NVDA"} in choices


@pytest.mark.parametrize("names_author", [True, False])
async def test_the_reaction_tries_again_in_place(desk: DiscordDesk, names_author: bool) -> None:
    desk.discord.names_author = names_author
    thread, answer = await desk.asked(PRICE)
    desk.discord.react(thread, answer.id, desk.alice, "🔁")
    again = await desk.outcome(thread, thread, attempt=2)
    assert again.id == answer.id


@pytest.mark.parametrize("names_author", [True, False])
async def test_the_stop_sign_stops(desk: DiscordDesk, names_author: bool) -> None:
    desk.discord.names_author = names_author
    await desk.stack.sandbox.fault(kind="hold")
    thread = desk.mention(PRICE)
    placeholder = await desk.working(thread, thread)
    desk.discord.react(thread, placeholder.id, desk.alice, "🛑")
    assert desk.state(await desk.outcome(thread, thread)) == "stopped"


async def test_the_buttons_stop_and_try_again(desk: DiscordDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    thread = desk.mention(PRICE)
    stopped = desk.press(await desk.working(thread, thread), "stop")
    answer = await desk.outcome(thread, thread)
    assert desk.state(answer) == "stopped"
    await desk.stack.sandbox.clear()
    again = desk.press(answer, "retry")
    assert CLOSE in (await desk.outcome(thread, thread, attempt=2)).text
    assert (stopped.acked, again.acked) == (True, True)
    assert desk.discord.ephemerals(thread, desk.alice) == []


async def test_the_retry_button_of_somebody_else_is_refused_in_words(desk: DiscordDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.press(answer, "retry", user=desk.bob)
    await eventually(
        lambda: any("Only the person who asked" in one.text for one in desk.answers(thread)), "it is refused"
    )


async def test_a_plain_word_stops_tries_again_and_tells(desk: DiscordDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    thread = desk.mention(PRICE)
    await desk.working(thread, thread)
    desk.discord.say(thread, desk.alice, "status")
    await desk.told("This thread is", channel=thread)
    desk.discord.say(thread, desk.alice, "stop")
    assert desk.state(await desk.outcome(thread, thread)) == "stopped"
    await desk.stack.sandbox.clear()
    desk.discord.say(thread, desk.alice, "retry")
    assert CLOSE in (await desk.outcome(thread, thread, attempt=2)).text
    desk.mention("help")
    await desk.told("/research SYMBOL")


async def test_the_admin_command_is_for_administrators(desk: DiscordDesk) -> None:
    manager = desk.discord.user("manager", admin=True)
    desk.discord.set_user(desk.root, admin=True)
    refused = desk.discord.command(desk.channel, manager, "research-admin", action="status")
    await whispered(refused, "Only administrators")
    shown = desk.discord.command(desk.channel, desk.root, "research-admin", action="status")
    await eventually(lambda: (told := shown.response) is not None and "Temporal" in told.content, "the report")


async def test_edits_stay_below_discords_limit_and_the_last_word_is_not_held_up(desk: DiscordDesk) -> None:
    desk.discord.rate_limits()
    keys = [await desk.researched(symbol) for symbol in ("AAPL", "MSFT", "IBM")]
    for thread, given in keys:
        await desk.last(thread, given.id)
    edits = desk.discord.asked("PATCH /channels/*/messages/*")
    assert len(edits) >= 3
    assert [one.status for one in edits if one.status != 200] == []
    desk.discord.rate_limits(on=False)
