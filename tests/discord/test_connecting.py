"""discord.py's client over the gateway: what it is told, and what not."""

from __future__ import annotations

import discord as sdk
import pytest

from tests.discord.client import INTENTS, Listener, connected, pointed_at, until
from tests.discord.server import Discord

pytestmark = pytest.mark.campaign


async def test_a_message_is_heard_and_answered(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    client = sdk.Client(intents=INTENTS, guild_ready_timeout=0.01)

    @client.event
    async def on_message(message: sdk.Message) -> None:
        if not message.author.bot:
            await message.reply(f"You said: {message.content}")

    with pointed_at(discord):
        async with connected(discord, client):
            said = discord.say(channel, ada, f"<@{discord.bot_user}> how is NVDA?")
            await until(lambda: len(discord.messages(channel)) == 2, "it is answered")
    question, answer = discord.messages(channel)
    assert (question.id, question.user) == (said, ada)
    assert (answer.user, answer.reference) == (discord.bot_user, (channel, said))
    assert answer.text == f"You said: <@{discord.bot_user}> how is NVDA?"
    assert [ping.users for ping in discord.pings] == [(ada,)]
    assert (discord.identifies, discord.violations, discord.unknown_routes()) == (1, [], [])


async def test_what_people_do_with_messages_is_told(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    listener = Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            said = discord.say(channel, ada, "NVDA?")
            discord.edit(channel, said, "AMD?")
            discord.react(channel, said, ada, "🔁")
            discord.unreact(channel, said, ada, "🔁")
            discord.remove(channel, said)
            await until(lambda: len(listener.told) == 5, "all is told")
    assert listener.told == [
        ("message", said, "NVDA?"),
        ("edit", said, "AMD?"),
        ("react", said, "🔁"),
        ("unreact", said, "🔁"),
        ("remove", said, ""),
    ]


@pytest.mark.parametrize("names_author", [True, False])
async def test_a_reaction_may_keep_quiet_about_whose_message_it_is(discord: Discord, names_author: bool) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    authors: list[int | None] = []
    client = sdk.Client(intents=INTENTS, guild_ready_timeout=0.01)

    @client.event
    async def on_raw_reaction_add(event: sdk.RawReactionActionEvent) -> None:
        authors.append(event.message_author_id)

    discord.names_author = names_author
    said = discord.say(channel, ada, "NVDA?")
    with pointed_at(discord):
        async with connected(discord, client):
            discord.react(channel, said, ada, "🔁")
            await until(lambda: bool(authors), "it is told")
    assert authors == [int(ada) if names_author else None]


async def test_without_the_intent_a_message_comes_empty_unless_it_mentions_the_bot(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    listener = Listener(intents=sdk.Intents(guilds=True, messages=True))
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.say(channel, ada, "psst")
            discord.say(channel, ada, f"<@{discord.bot_user}> NVDA?")
            discord.say(discord.dm(ada), ada, "between us")
            await until(lambda: len(listener.told) == 3, "all is told")
    assert [text for _, _, text in listener.told] == ["", f"<@{discord.bot_user}> NVDA?", "between us"]


async def test_an_intent_that_is_not_switched_on_ends_the_client(discord: Discord) -> None:
    discord.refuse_intents(content=True)
    with pointed_at(discord), pytest.raises(sdk.PrivilegedIntentsRequired):
        async with connected(discord, sdk.Client(intents=INTENTS, guild_ready_timeout=0.01)):
            pass


async def test_where_the_bot_may_not_look_it_is_told_nothing(discord: Discord) -> None:
    ada = discord.user("ada")
    hidden, private, own = discord.channel("a", lacking=["view_channel"]), discord.channel("b"), discord.channel("c")
    discord.set_channel(private, lacking=["view_channel"])
    listener = Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            for channel in (hidden, private, own):
                discord.say(channel, ada, channel)
            await until(lambda: bool(listener.told), "something is told")
            assert [text for _, _, text in listener.told] == [own]
            assert [guild.text_channels[0].name for guild in listener.guilds] == ["c"]


async def test_who_joins_and_what_opens_is_known_to_the_client(discord: Discord) -> None:
    listener = Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            channel, role = discord.channel("late"), discord.role("Analysts", permissions=["manage_messages"])
            ada = discord.user("ada", roles=[role])
            said = discord.say(channel, ada, "hello")
            await until(lambda: bool(listener.told), "it is told")
            (message,) = listener.heard
    assert isinstance(message.author, sdk.Member)
    assert (str(message.id), [each.name for each in message.author.roles]) == (said, ["@everyone", "Analysts"])
    assert message.author.guild_permissions.manage_messages


async def test_a_token_that_is_worth_nothing_ends_the_client(discord: Discord) -> None:
    client = sdk.Client(intents=INTENTS, guild_ready_timeout=0.01)
    with pointed_at(discord):
        async with connected(discord, client) as running:
            discord.revoke_token()
            with pytest.raises(sdk.ConnectionClosed):
                await running
        with pytest.raises(sdk.LoginFailure):
            await sdk.Client(intents=INTENTS, guild_ready_timeout=0.01).login(discord.token)
