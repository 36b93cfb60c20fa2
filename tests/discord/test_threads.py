"""Threads: begun once, archived, locked, found again."""

from __future__ import annotations

from typing import Any

import discord as sdk
import pytest

from tests.discord.client import Listener, connected, logged_in, place_of, pointed_at, refused, thread_from, until
from tests.discord.server import Discord

pytestmark = pytest.mark.campaign


async def test_a_message_begins_one_thread_whose_id_is_its_own(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    said = discord.say(channel, ada, "how is NVDA?")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            message = await place_of(client, channel).fetch_message(int(said))
            guild = await client.fetch_guild(int(discord.guild))
            started = await thread_from(client, channel, said, "NVDA")
            assert await refused(thread_from(client, channel, said, "NVDA")) == (400, 160004)
            await place_of(client, started["id"]).send("Looking into it.")
            active = await guild.active_threads()
            assert (await message.fetch()).flags.has_thread
    assert (started["id"], [str(thread.id) for thread in active]) == (said, [said])
    assert [message.text for message in discord.thread(said)] == ["how is NVDA?", "Looking into it."]
    assert [(place.name, place.owner) for place in discord.threads(channel)] == [("NVDA", discord.bot_user)]


async def test_what_is_said_in_a_thread_is_heard_by_who_never_joined_it(discord: Discord) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    before = discord.begin_thread(channel, ada, "before")
    with pointed_at(discord):
        async with connected(discord, listener):
            later = discord.begin_thread(channel, ada, "later", message=discord.say(channel, ada, "root"))
            for thread in (before, later):
                discord.say(thread, ada, thread)
            await until(lambda: {before, later} <= {text for _, _, text in listener.told}, "both are heard")
            places = [each.channel for each in listener.heard if each.content in {before, later}]
    assert all(isinstance(place, sdk.Thread) for place in places)
    assert {str(place.id) for place in places} == {before, later}


async def test_a_message_opens_an_archived_thread_and_an_edit_does_not(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    thread = discord.begin_thread(channel, ada, "NVDA")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            posted = await place_of(client, thread).send("one")
            discord.archive(thread)
            assert await refused(posted.edit(content="two")) == (400, 50083)
            assert await refused(posted.add_reaction("🔁")) == (400, 50083)
            await place_of(client, thread).send("three")
            assert not discord.place(thread).archived
            await posted.edit(content="two")
            discord.archive(thread)
            found: Any = await client.fetch_channel(int(thread))
            assert found.archived
            await found.edit(archived=False)
    assert not discord.place(thread).archived
    assert [message.text for message in discord.messages(thread)] == ["two", "three"]


async def test_a_locked_thread_takes_nothing_unless_the_bot_manages_threads(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    thread = discord.begin_thread(channel, ada, "NVDA")
    discord.lock(thread)
    discord.archive(thread)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            found: Any = await client.fetch_channel(int(thread))
            assert await refused(found.send("hello")) == (403, 160005)
            assert await refused(found.edit(archived=False)) == (403, 50013)
            discord.grant("manage_threads")
            await found.send("hello")
    assert [message.text for message in discord.messages(thread)] == ["hello"]


async def test_archived_threads_are_listed_apart_from_active_ones(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    threads = [discord.begin_thread(channel, ada, str(number)) for number in range(3)]
    discord.archive(threads[0])
    discord.archive(threads[2])
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place: Any = await client.fetch_channel(int(channel))
            archived = [str(each.id) async for each in place.archived_threads(limit=None)]
            active = await (await client.fetch_guild(int(discord.guild))).active_threads()
    assert archived == [threads[2], threads[0]]
    assert [str(each.id) for each in active] == [threads[1]]


async def test_where_threads_are_not_allowed_none_begins(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a", lacking=["create_public_threads"])
    said = discord.say(channel, ada, "hello")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            assert await refused(thread_from(client, channel, said, "x")) == (403, 50013)
    assert discord.threads(channel) == []


async def test_a_client_hears_that_a_thread_is_archived_renamed_and_deleted(discord: Discord) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    told: list[str] = []
    thread = discord.begin_thread(channel, ada, "one")

    @listener.event
    async def on_raw_thread_update(event: sdk.RawThreadUpdateEvent) -> None:
        told.append(f"{event.data['name']} {event.data['thread_metadata']['archived']}")

    @listener.event
    async def on_raw_thread_delete(event: sdk.RawThreadDeleteEvent) -> None:
        told.append(f"{event.thread_id} deleted")

    with pointed_at(discord):
        async with connected(discord, listener):
            discord.rename(thread, "two")
            discord.archive(thread)
            discord.remove_place(thread)
            await until(lambda: len(told) == 3, "all is told")
            call = place_of(listener, thread).send("hello")
            assert await refused(call) == (404, 10003)
    assert told == ["two False", "two True", f"{thread} deleted"]
