"""Who and what Discord brings that is not for us, not allowed, or not what it seems."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.platforms.discord.needs import ESSENTIAL
from tests.bot.discord_desk import DiscordDesk, desk_on, working_desk
from tests.discord.server import Interaction, running_discord
from tests.support.stack import Stack, eventually
from tests.support.wire import wire_to

PRICE = "What is AAPL's last close?"
CLOSE = "252.2"


@pytest.fixture
async def quiet(idle_stack: Stack) -> AsyncGenerator[DiscordDesk]:
    """A server with a worker; no bot listens yet."""
    async with working_desk(idle_stack) as desk:
        yield desk


@pytest.fixture
async def desk(quiet: DiscordDesk) -> AsyncGenerator[DiscordDesk]:
    async with quiet.bot():
        yield quiet


async def whispered(given: Interaction, words: str) -> None:
    """Wait until whoever did something is told something that nobody else sees."""
    found = await eventually(lambda: given.response, f"told: {words}")
    assert words in found.content
    assert found.ephemeral


async def test_machines_are_heard_by_nobody_and_guests_are_told_that_they_may_not_ask(desk: DiscordDesk) -> None:
    robot, guest = desk.discord.user("robot", bot=True), desk.discord.user("guest", pending=True)
    thread, answer = await desk.asked(PRICE)
    desk.mention(PRICE, user=robot)
    desk.discord.say_by_webhook(desk.channel, "News", f"<@{desk.discord.bot_user}> {PRICE}")
    desk.discord.say_by_webhook(thread, "News", "Is it?")
    desk.discord.react(thread, answer.id, robot, "🔁")
    desk.discord.say(thread, guest, "And its volume?")
    desk.mention(PRICE, user=guest)
    await desk.told("You may not ask me here")
    await whispered(desk.discord.command(desk.channel, guest, "research", ticker="AAPL"), "You may not ask me here")
    assert [place.id for place in desk.discord.threads(desk.channel)] == [thread]
    assert len(desk.answers(thread)) == 1
    assert len(desk.stack.sandbox.steps("start")) == 1


@pytest.mark.campaign
async def test_a_reaction_of_somebody_who_left_is_nobodys(desk: DiscordDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.discord.set_user(desk.bob, member=False)
    desk.discord.react(thread, answer.id, desk.bob, "🔁")
    desk.discord.react(thread, answer.id, desk.alice, "🎉")
    theirs = desk.discord.say(thread, desk.alice, f"<@{desk.root}> nice!")
    desk.discord.react(thread, theirs, desk.alice, "🔁")
    await desk.outcome(thread, desk.discord.say(thread, desk.alice, "And its volume?"))
    assert "attempt 2" not in "".join(one.text for one in desk.answers(thread))


@pytest.mark.campaign
async def test_roles_say_who_may_ask_and_who_administers_wherever_they_are_asked_for(quiet: DiscordDesk) -> None:
    discord = quiet.discord
    analysts, chiefs = discord.role("Analysts"), discord.role("Chiefs")
    discord.set_user(quiet.alice, roles=[analysts])
    chief = discord.user("chief", roles=[chiefs])
    settings = {"clew_allowed_users": (f"discord-role:{analysts}",), "clew_admins": (f"discord-role:{chiefs}",)}
    async with quiet.bot(**settings):
        await whispered(discord.command(quiet.channel, quiet.bob, "research", ticker="AAPL"), "You may not ask me here")
        await quiet.asked(PRICE)
        direct = discord.dm(quiet.alice)
        await quiet.outcome(direct, said := discord.say(direct, quiet.alice, PRICE))
        assert said
        theirs = discord.dm(quiet.bob)
        discord.say(theirs, quiet.bob, PRICE)
        await quiet.told("You may not ask me here", channel=theirs)
        refused = discord.command(quiet.channel, quiet.alice, "research-admin", action="status")
        await whispered(refused, "Only administrators")
        shown = discord.command(quiet.channel, chief, "research-admin", action="status")
        await eventually(lambda: (told := shown.response) is not None and "Temporal" in told.content, "the report")


@pytest.mark.campaign
async def test_only_listed_channels_are_listened_to_and_threads_in_them(quiet: DiscordDesk) -> None:
    other = quiet.discord.channel("elsewhere")
    async with quiet.bot(clew_allowed_channels=(f"discord:{quiet.channel}",)):
        quiet.mention(PRICE, channel=other)
        await quiet.told("not set up for this channel", channel=other)
        thread, _ = await quiet.asked(PRICE)
        await quiet.outcome(thread, quiet.discord.say(thread, quiet.alice, "And its volume?"))


async def test_where_the_bot_lacks_a_permission_whoever_commands_is_told_which(desk: DiscordDesk) -> None:
    for number, name in enumerate(ESSENTIAL):
        channel = desk.discord.channel(f"closed-{number}", lacking=[name])
        given = desk.discord.command(channel, desk.alice, "research", ticker="AAPL")
        await whispered(given, "I cannot answer in this channel: I may not ")
        assert desk.discord.threads(channel) == []


@pytest.mark.campaign
async def test_an_announcement_is_answered_and_a_voice_channel_is_said_to_have_no_threads(desk: DiscordDesk) -> None:
    news, voice = desk.discord.channel("news", news=True), desk.discord.channel("talk", voice=True)
    said = desk.mention(PRICE, channel=news)
    assert CLOSE in (await desk.outcome(said, said)).text
    await whispered(desk.discord.command(voice, desk.alice, "research", ticker="AAPL"), "No threads can be opened")
    desk.mention(PRICE, channel=voice)
    await desk.told("No threads can be opened", channel=voice)


@pytest.mark.campaign
async def test_every_event_told_twice_is_one_turn(desk: DiscordDesk) -> None:
    desk.discord.twice()
    thread, answer = await desk.asked(PRICE)
    pressed = desk.press(answer, "retry")
    await desk.outcome(thread, thread, attempt=2)
    assert pressed.acked
    given = desk.discord.command(thread, desk.alice, "research", ticker="AAPL")
    await desk.outcome(thread, given.id)
    assert "attempt 2" in desk.answers(thread)[0].text
    assert [one.id for one in desk.answers(thread)] == sorted({one.id for one in desk.answers(thread)})


@pytest.mark.campaign
async def test_two_bots_at_once_answer_everything_once(quiet: DiscordDesk) -> None:
    async with quiet.bot(), quiet.bot():
        thread, answer = await quiet.asked(PRICE)
        assert CLOSE in answer.text
        pressed = quiet.press(answer, "retry")
        await quiet.outcome(thread, thread, attempt=2)
        opened, given = await quiet.researched("AAPL")
        await quiet.outcome(opened, given.id)
        assert (pressed.failed, given.failed) == (False, False)
    assert len(quiet.discord.threads(quiet.channel)) == 2
    assert len(quiet.answers(thread)) == 1


async def test_what_comes_while_temporal_is_away_is_kept_and_who_pressed_is_told(idle_stack: Stack) -> None:
    port = int(str(idle_stack.settings.clew_embedded_temporal).rpartition(":")[2])
    with running_discord() as discord:
        async with (
            desk_on(idle_stack, discord) as desk,
            idle_stack.worker(),
            wire_to(port) as temporal,
            desk.bot(clew_embedded_temporal=f"127.0.0.1:{temporal.port}"),
        ):
            thread, answer = await desk.asked(PRICE)
            await temporal.down()
            said = desk.mention(PRICE)
            await whispered(desk.press(answer, "retry"), "nothing was done")
            await whispered(desk.discord.command(thread, desk.alice, "research", ticker="AAPL"), "nothing was done")
            await temporal.up()
            await desk.outcome(said, said)
        assert len(desk.answers(said)) == 1
        assert discord.violations == []


@pytest.mark.campaign
async def test_what_comes_while_no_worker_runs_is_answered_once_one_does(idle_stack: Stack) -> None:
    with running_discord() as discord:
        async with desk_on(idle_stack, discord) as desk, desk.bot():
            said = desk.mention(PRICE)
            given = discord.command(desk.channel, desk.alice, "research", ticker="AAPL")
            opened = await eventually(lambda: given.response, "acknowledged")
            async with idle_stack.worker():
                assert CLOSE in (await desk.outcome(said, said)).text
                await desk.outcome(opened.id, given.id)


@pytest.mark.campaign
async def test_a_question_as_long_as_may_be_is_asked_and_named_in_short(desk: DiscordDesk) -> None:
    text = f"{PRICE} {'please ' * 560}"[:3_900]
    said = desk.mention(text)
    await desk.outcome(said, said)
    assert len(desk.discord.place(said).name) <= 100
    thread, given = await desk.researched("AAPL", "why " * 480)
    await desk.outcome(thread, given.id)


async def test_what_a_model_or_a_person_writes_pings_nobody_and_commands_nothing(desk: DiscordDesk) -> None:
    nasty = f"@everyone @here <@{desk.bob}> <@&{desk.discord.own_role}> <#1> </cmd:1> <t:1> https://example.com done"
    await desk.stack.sandbox.fault(kind="text", text=nasty)
    said = desk.mention(f"{PRICE} @everyone </cmd:1> <t:1700000000>")
    answer = await desk.outcome(said, said)
    assert not [live for live in nasty.split()[:7] if live in answer.text]
    assert "done" in answer.text
    assert answer.flags & (1 << 2)
    thread, given = await desk.researched("AAPL", f"@everyone <@{desk.bob}> </cmd:1> [a](https://example.com)")
    for name in (desk.discord.place(said).name, desk.discord.place(thread).name):
        assert not any(live in name for live in ("@everyone", "</", "<t:", "<@"))
    assert given.response is not None
    assert given.response.flags & (1 << 2)


async def test_a_post_whose_acknowledgement_is_lost_stands_once_even_if_its_nonce_is_forgotten(
    desk: DiscordDesk,
) -> None:
    desk.discord.fault("POST /channels/*/messages", "drop", when="after")
    said = desk.mention(PRICE)
    await desk.working(said, said)
    desk.discord.forget_nonce()
    await desk.outcome(said, said)
    assert len(desk.answers(said)) == 1
    assert sum(one.route == "POST /channels/{channel}/messages" for one in desk.discord.ledger) == 1
