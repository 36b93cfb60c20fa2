"""discord.py's client over the gateway: what it is told, and what it answers."""

from __future__ import annotations

import discord as sdk

from tests.discord.client import INTENTS, connected, pointed_at, until
from tests.discord.server import Discord


async def test_a_message_is_heard_and_answered(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    client = sdk.Client(intents=INTENTS)

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
