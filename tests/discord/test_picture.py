from __future__ import annotations

from pathlib import Path

import discord
import simcord

from tests.bot.discord_rig import DiscordRig
from tests.discord.client import pointed_at
from tests.discord.picture.values import Seen
from tests.discord.picture.world import Pictured
from tests.discord.server import Discord as Server
from workflows.blobs import FileBlobStore
from workflows.contracts import Answer, AnswerState, Chart


async def test_what_stands_in_a_thread_is_what_the_picture_is_drawn_from(discord: Server, tmp_path: Path) -> None:
    blobs = FileBlobStore(tmp_path)
    with pointed_at(discord):
        rig = DiscordRig(discord, blobs)
        thread = await rig.thread()
        image = await blobs.put(b"\x89PNG", "image/png")
        chart = Chart(image=image, alt="A line.", title="Apple", as_of="2024-12-30")
        await rig.chat.post(thread, Answer(key="t1", state=AnswerState.FINAL, text="**252.20 USD**", chart=chart))
        discord.say(thread.thread, rig.person, f"<@{discord.bot_user}> And MSFT's?")
        await rig.rest.close()
    messages = discord.thread(thread.thread)
    people = {rig.person: "Alice", discord.bot_user: "Clew"}
    seen = Seen(name="a", place="Apple", viewer=rig.person, messages=messages, people=people, bot=discord.bot_user)
    async with simcord.run(_nobody()) as env:
        shown = Pictured(env, seen).channel.history()
        asked, answered, followed_up = shown
        assert [one.author.bot for one in shown] == [False, True, False]
        assert (asked.content, followed_up.content) == ("What about Apple?", f"<@{answered.author.id}> And MSFT's?")
        [card] = answered.components
        assert "**252.20 USD**" in str(card.to_dict())
        assert f"attachment://{answered.attachments[0].filename}" in str(card.to_dict())


def _nobody() -> discord.Client:
    return discord.Client(intents=discord.Intents.default())
