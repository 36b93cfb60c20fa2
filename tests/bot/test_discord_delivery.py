"""What Discord's faults do to one call, and that nothing is written over an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.platforms.discord import words
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.progress import Alive
from tests.bot.discord_rig import DiscordRig
from tests.contracts.chat import answer, found, opening, working
from tests.discord.client import pointed_at, until
from tests.discord.server import running_discord
from workflows.blobs import FileBlobStore
from workflows.contracts import Chart, MessageRef, ThreadRef
from workflows.errors import Ambiguous, Retriable, Terminal

POST, EDIT = "POST /channels/*/messages", "PATCH /channels/*/messages/*"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[DiscordRig]:
    with running_discord() as discord, pointed_at(discord):
        rig = DiscordRig(discord, FileBlobStore(tmp_path))
        yield rig
        await rig.rest.close()
        assert discord.violations == []


async def posted(rig: DiscordRig) -> MessageRef:
    return await rig.chat.post(await rig.thread(), working(""))


def shown(rig: DiscordRig, message: MessageRef) -> str:
    return rig.discord.message(message.thread.thread, message.message).text


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_servers_fault_is_waited_out_within_the_call_and_one_post_stands(rig: DiscordRig, when: str) -> None:
    thread = await rig.thread()
    rig.discord.fault(POST, "status", status=502, when="after" if when == "after" else "before")
    message = await rig.chat.post(thread, answer())
    assert await found(rig.chat, thread, "turn1") == [message]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_fault_that_is_not_repeated_is_ambiguous_and_what_stands_is_found(rig: DiscordRig, when: str) -> None:
    thread = await rig.thread()
    rig.discord.fault(POST, "status", status=503, when="after" if when == "after" else "before")
    with pytest.raises(Ambiguous):
        await rig.chat.post(thread, answer())
    assert len(await rig.chat.find(thread, "turn1")) == (when == "after")


async def test_posted_again_within_some_minutes_it_stands_once(rig: DiscordRig) -> None:
    thread = await rig.thread()
    first = await rig.chat.post(thread, answer())
    assert await rig.chat.post(thread, answer()) == first
    assert len(await rig.chat.find(thread, "turn1")) == 1


async def test_a_rate_that_is_refused_without_discords_own_mark_is_told_all_the_same(rig: DiscordRig) -> None:
    thread = await rig.thread()
    rig.discord.fault(POST, "status", status=429, retry_after=7, via=False)
    with pytest.raises(Retriable) as refused:
        await rig.chat.post(thread, answer())
    assert refused.value.retry_after == 7


async def test_a_short_rate_limit_is_waited_out_within_the_call(rig: DiscordRig) -> None:
    thread = await rig.thread()
    rig.discord.fault(POST, "status", status=429, retry_after=0.1)
    await rig.chat.post(thread, answer())
    assert [one.early for one in rig.discord.asked(POST)] == [False, False]


async def test_where_the_history_may_not_be_read_nothing_is_taken_for_absent(rig: DiscordRig) -> None:
    message = await posted(rig)
    rig.discord.set_channel(rig.channel, lacking=["read_message_history"])
    with pytest.raises(Terminal) as refused:
        await rig.chat.find(message.thread, "turn1")
    assert refused.value.code == "chat_access"


async def test_a_chart_that_discord_refuses_is_left_out_and_said_to_be(rig: DiscordRig, tmp_path: Path) -> None:
    image = await FileBlobStore(tmp_path).put(b"no picture", "image/png")
    charted = replace(answer(text="The words."), chart=Chart(image=image, title="T", alt="A", as_of=""))
    message = await posted(rig)
    rig.discord.fault(EDIT, "error", status=400, code=50006)
    await rig.chat.edit(message, charted)
    found = rig.discord.message(message.thread.thread, message.message)
    assert "The words." in found.text
    assert "chart could not be attached" in found.text
    assert found.attachments == []
    await rig.chat.edit(message, charted)
    assert [one.content for one in rig.discord.message(message.thread.thread, message.message).attachments] == [
        b"no picture"
    ]
    await rig.chat.edit(message, replace(answer(), attempt=2))
    assert rig.discord.message(message.thread.thread, message.message).attachments == []


async def test_progress_that_discord_takes_its_time_over_is_waited_for_before_the_last_word(rig: DiscordRig) -> None:
    message = await posted(rig)
    fault = rig.discord.fault(EDIT, "hold")

    async def show() -> None:
        async with rig.chat.live(message) as live:
            await live.show(working("Half a word"))

    running = asyncio.create_task(show())
    await until(lambda: bool(fault.held), "a call is under way")
    running.cancel()
    fault.release()
    await asyncio.gather(running, return_exceptions=True)
    await rig.chat.edit(message, answer(text="The last word."))
    assert "The last word." in shown(rig, message)


async def test_a_worker_that_was_away_for_long_looks_before_it_shows_progress(rig: DiscordRig, tmp_path: Path) -> None:
    message = await posted(rig)
    rest = Rest(rig.discord.token)
    await DiscordPlatform(rest, FileBlobStore(tmp_path)).edit(message, answer(text="The last word."))
    alive = Alive()
    alive.at = -1e9
    await rig.platform.progress(message, working("Late"), alive)
    assert "The last word." in shown(rig, message)
    await rest.close()


async def test_a_locked_thread_and_a_forbidden_channel_are_no_place_to_post(rig: DiscordRig) -> None:
    thread = await rig.thread()
    rig.discord.lock(thread.thread)
    with pytest.raises(Terminal) as locked:
        await rig.chat.post(thread, answer())
    rig.discord.set_channel(rig.channel, lacking=["view_channel"])
    with pytest.raises(Terminal) as hidden:
        await rig.chat.post(thread, answer())
    assert (locked.value.code, hidden.value.code) == ("chat_access", "chat_access")


@pytest.mark.parametrize("wrong", ["", "../users/@me", "1/2", "a b"])
async def test_an_id_that_is_none_reaches_no_address(rig: DiscordRig, wrong: str) -> None:
    asked = len(rig.discord.requests)
    with pytest.raises(Terminal) as gone:
        await rig.chat.post(ThreadRef(platform="discord", workspace="1", channel="2", thread=wrong), answer())
    assert gone.value.code == "thread_gone"
    assert len(rig.discord.requests) == asked


async def test_a_token_that_is_worth_nothing_is_refused_for_good_and_a_discord_away_is_not(rig: DiscordRig) -> None:
    thread = await rig.thread()
    other = Rest("MTAwMDAwMDAwMDAwMDAwMDAwMw.wrong.9sLq2mZx8")
    with pytest.raises(Terminal) as refused:
        await other.read("/users/@me")
    assert (refused.value.code, refused.value.status) == ("chat_access", 401)
    rig.discord.fault("GET /users/@me", "status", status=503)
    with pytest.raises(Retriable):
        await rig.chat.post(thread, answer())
    await rig.chat.post(thread, answer())


async def test_calls_are_made_as_long_as_discord_takes_them_and_then_say_how_long_to_wait(rig: DiscordRig) -> None:
    message = await posted(rig)
    rig.discord.rate_limits()
    for number in range(5):
        await rig.chat.edit(message, answer(text=f"Edit {number}"))
    with pytest.raises(Retriable) as refused:
        await rig.chat.edit(message, answer(text="One too many"))
    assert refused.value.retry_after is not None
    assert 1 < refused.value.retry_after <= 5
    assert [one.status for one in rig.discord.asked(EDIT)] == [200] * 5
    other = await posted(rig)
    await rig.chat.edit(other, answer(text="Another thread"))
    assert "Another thread" in shown(rig, other)


async def test_a_no_from_in_between_is_not_discords_own(rig: DiscordRig) -> None:
    thread = await rig.thread()
    rig.discord.fault(POST, "status", status=403)
    with pytest.raises(Retriable):
        await rig.chat.post(thread, answer())
    assert await found(rig.chat, thread, "turn1") == []


async def test_a_command_whose_answer_cannot_be_seen_is_told_that_it_will_not_be_answered(rig: DiscordRig) -> None:
    request = opening(rig, await rig.thread(), await rig.command("command-1"))
    rig.discord.fault("GET /channels/*/messages", "error", status=403, code=50001)
    with pytest.raises(Terminal):
        await rig.chat.open_thread(request)
    assert any(words.NOT_OPENED in one.content for one in rig.discord.messages(rig.channel))


async def test_a_command_that_discord_showed_as_failed_is_not_spoken_of(rig: DiscordRig) -> None:
    platform = DiscordPlatform(rig.rest, FileBlobStore(Path("unused")), looks=(0.0,))
    request = opening(rig, await rig.thread(), "123456789012345678")
    before = len(rig.discord.messages(rig.channel))
    with pytest.raises(Terminal):
        await platform.open_thread(request)
    assert len(rig.discord.messages(rig.channel)) == before
