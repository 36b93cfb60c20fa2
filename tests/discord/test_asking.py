"""What there is in the guild, as discord.py asks for it."""

from __future__ import annotations

from typing import Any

import discord as sdk
import pytest

from tests.discord.client import INTENTS, Listener, connected, logged_in, place_of, pointed_at, refused, until
from tests.discord.server import Discord

pytestmark = pytest.mark.campaign


async def test_people_roles_and_channels_are_found(discord: Discord) -> None:
    role = discord.role("Analysts", mentionable=True)
    ada, boss = discord.user("ada", roles=[role]), discord.user("boss", admin=True)
    stranger, channel = discord.user("stranger", member=False), discord.channel("stocks", lacking=["attach_files"])
    with pointed_at(discord):
        async with logged_in(discord, sdk.Intents(members=True)) as client:
            guild = await client.fetch_guild(int(discord.guild))
            assert guild.approximate_member_count == 4
            assert [str(each.id) for each in await guild.fetch_channels()] == [channel]
            names = [each.name for each in await guild.fetch_roles()]
            assert names == ["@everyone", "Clew", "Analysts", "Admins"]
            found = await guild.fetch_member(int(ada))
            assert [each.id for each in found.roles if not each.is_default()] == [int(role)]
            assert (await guild.fetch_member(int(boss))).guild_permissions.administrator
            members = {str(each.id) async for each in guild.fetch_members()}
            assert members == {ada, boss, discord.bot_user, discord.owner}
            assert await refused(guild.fetch_member(int(stranger))) == (404, 10007)
            assert (await client.fetch_user(int(stranger))).name == "stranger"
            assert [each.id async for each in client.fetch_guilds()] == [int(discord.guild)]
            assert str((await client.application_info()).id) == discord.application
    assert discord.unknown_routes() == []


async def test_what_the_bot_may_do_is_computed_alike_by_the_client(discord: Discord) -> None:
    open_to_all, narrow = discord.channel("a"), discord.channel("b", lacking=["attach_files"])
    private = discord.channel("c", private_to=[discord.user("ada")])
    client = Listener()
    with pointed_at(discord):
        async with connected(discord, client):
            guild: Any = client.get_guild(int(discord.guild))
            may = {
                name: guild.get_channel(int(name)).permissions_for(guild.me) for name in (open_to_all, narrow, private)
            }
            assert [may[name].attach_files for name in (open_to_all, narrow, private)] == [True, False, True]
            assert all(each.view_channel and not each.manage_threads for each in may.values())
            discord.grant("manage_threads")
            await until(lambda: guild.me.guild_permissions.manage_threads, "the client knows of it")


async def test_who_is_not_let_in_sees_nothing_of_a_private_channel(discord: Discord) -> None:
    ada, bob = discord.user("ada"), discord.user("bob")
    private = discord.channel("a", private_to=[ada])
    client = Listener()
    with pointed_at(discord):
        async with connected(discord, client):
            guild: Any = client.get_guild(int(discord.guild))
            members = [await guild.fetch_member(int(user)) for user in (ada, bob)]
            place = guild.get_channel(int(private))
            assert [place.permissions_for(each).view_channel for each in members] == [True, False]


async def test_threads_without_a_message_are_begun_joined_left_and_deleted(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    discord.grant("manage_threads")
    with pointed_at(discord):
        async with connected(discord, client := Listener()):
            place: Any = client.get_channel(int(channel))
            public = await place.create_thread(name="open", type=sdk.ChannelType.public_thread)
            private = await place.create_thread(name="closed")
            await private.add_user(sdk.Object(int(ada)))
            await private.leave()
            await private.join()
            assert {str(each.id) for each in await private.fetch_members()} == {ada, discord.bot_user}
            await public.edit(name="renamed", auto_archive_duration=60)
            assert discord.place(str(public.id)).name == "renamed"
            await public.delete()
            assert await refused(public.send("hello")) == (404, 10003)
    assert [(each.name, each.type) for each in discord.threads(channel)] == [("closed", 12)]
    assert discord.messages(channel) == []


async def test_typing_is_seen_where_it_is_shown(discord: Discord) -> None:
    channel, listener, seen = discord.channel("a"), Listener(intents=INTENTS | sdk.Intents(typing=True)), list[int]()
    ada = discord.user("ada")

    @listener.event
    async def on_raw_typing(event: sdk.RawTypingEvent) -> None:
        seen.append(event.user_id)

    with pointed_at(discord):
        async with connected(discord, listener):
            async with place_of(listener, channel).typing():
                await until(lambda: discord.typing == [channel], "it is shown")
            discord.type(channel, ada)
            await until(lambda: seen == [int(ada)], "a person is seen typing")


async def test_files_of_people_are_read(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    said = discord.say(channel, ada, "look", files=[("notes.txt", b"NVDA", "text/plain")])
    with pointed_at(discord):
        async with logged_in(discord) as client:
            message = await place_of(client, channel).fetch_message(int(said))
            (file,) = message.attachments
            assert (file.filename, file.content_type, await file.read()) == ("notes.txt", "text/plain", b"NVDA")


async def test_a_bot_that_is_removed_is_told_and_finds_nothing(discord: Discord) -> None:
    channel, listener = discord.channel("a"), Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.kick_bot()
            await until(lambda: not listener.guilds, "the client knows of it")
            assert await refused(place_of(listener, channel).send("hello")) == (403, 50001)
