"""Ids never authorise (S8), on Discord: a thread of a channel that somebody cannot see, by every way an id comes in.

Bob knows every id of Alice's thread: they are readable. Whatever he does with them does what an id does that never was,
nothing happens to her thread, and nothing that was said there comes to where he is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from bot import words
from bot.admin_turns import handle_of
from tests.bot.discord_desk import DiscordDesk, working_desk
from tests.discord.interactions import COMPONENT
from tests.discord.server import Interaction, Message
from tests.support.stack import Stack, eventually
from workflows.contracts import ThreadRef
from workflows.identity import conversation_id

CANARY, OWN = "ref. 482913570246", "ref. 739100284615"
NOWHERE = "1000000000000009999"


@dataclass(kw_only=True)
class Two:
    """Two channels with a thread each. `hers` is one that Bob cannot see."""

    desk: DiscordDesk
    hers: str
    thread: str
    answer: Message
    own: str
    own_thread: str
    own_answer: Message

    def state(self) -> tuple[object, ...]:
        """All that can be told of her thread, and how much models were asked."""
        standing = [(one.id, one.text, one.custom_ids) for one in self.desk.discord.messages(self.thread)]
        return (*standing, len(self.desk.discord.messages(self.hers)), len(self.desk.stack.sandbox.steps()))

    def heard(self) -> str:
        """All that Bob can read."""
        discord = self.desk.discord
        places = (self.own, self.own_thread, discord.dm(self.desk.bob))
        return " ".join(one.text for place in places for one in discord.messages(place))

    def press(self, custom_id: str, *, message: str, channel: str) -> Interaction:
        """Press a button, with ids in the payload that are not of one message."""
        discord: Any = self.desk.discord
        shown = replace(self.own_answer, id=message, channel=channel)
        data = {"custom_id": custom_id, "component_type": 2, "id": 1}
        return discord._do(lambda: discord._begin(COMPONENT, channel, self.desk.bob, custom_id, data, message=shown))


@pytest.fixture
async def two(idle_stack: Stack) -> AsyncGenerator[Two]:
    async with working_desk(idle_stack) as desk, desk.bot():
        discord = desk.discord
        hers = discord.channel("hers", private_to=[desk.alice, desk.root])
        own = discord.channel("own", private_to=[desk.bob, desk.root])
        found: list[tuple[str, Message]] = []
        for channel, user, text in ((hers, desk.alice, CANARY), (own, desk.bob, OWN)):
            said = desk.mention(f"What is AAPL's last close? ({text})", user=user, channel=channel)
            found.append((said, await desk.outcome(said, said)))
        yield Two(
            desk=desk,
            hers=hers,
            thread=found[0][0],
            answer=found[0][1],
            own=own,
            own_thread=found[1][0],
            own_answer=found[1][1],
        )


async def told(act: Callable[[], Interaction]) -> str:
    """What somebody is told of what they do."""
    done = act()
    await eventually(lambda: done.acked or done.failed, "answered")
    await eventually(lambda: done.response is None or not done.response.loading, "told")
    return "" if done.response is None else done.response.content


async def test_a_button_that_bears_another_threads_ids_says_what_it_says_of_none(two: Two) -> None:
    before = two.state()
    [retry] = [one for one in two.answer.custom_ids if one.split(":")[1] == "retry"]
    unknown = retry.replace(retry.split(":")[2], "0" * len(retry.split(":")[2]))

    for custom_id in (retry, unknown, retry.replace(":retry:", ":stop:"), unknown.replace(":retry:", ":stop:")):
        for message in (two.answer.id, two.thread, NOWHERE):
            pressed = partial(two.press, custom_id, message=message, channel=two.own)
            assert await told(pressed) == words.NOTHING_ASKED
    assert two.state() == before
    assert CANARY not in two.heard()
    assert OWN in two.heard()


@pytest.mark.campaign
async def test_no_name_of_a_thread_opens_anything_to_who_is_no_administrator(two: Two) -> None:
    desk, before = two.desk, two.state()
    discord = desk.discord
    ref = ThreadRef(platform="discord", workspace=discord.guild, channel=two.hers, thread=two.thread)
    ident = conversation_id(ref)
    link = f"https://discord.com/channels/{discord.guild}/{two.hers}/{two.thread}"
    for action in ("show", "retry", "stop"):
        said = {
            await told(partial(discord.command, two.own, desk.bob, "research-admin", action=action, about=name))
            for name in (ident, handle_of(ident), link, "conversation:discord:1:2:3", "abcde", NOWHERE)
        }
        assert said == {words.NOT_ADMIN}
    assert two.state() == before


@pytest.mark.campaign
async def test_an_administrator_is_told_of_a_link_elsewhere_what_is_told_of_none(two: Two) -> None:
    desk = two.desk
    ask = partial(desk.discord.command, two.own, desk.root, "research-admin", action="show")
    elsewhere = f"https://discord.com/channels/{NOWHERE}/{two.hers}/{two.thread}"
    nowhere = f"https://discord.com/channels/{desk.discord.guild}/{two.own}/{NOWHERE}"

    assert await told(partial(ask, about=nowhere)) == words.NO_THREAD
    assert await told(partial(ask, about=elsewhere)) == words.NO_THREAD
    right = await told(partial(ask, about=f"https://discord.com/channels/{desk.discord.guild}/{two.hers}/{two.thread}"))
    assert two.thread in right
    assert CANARY not in right


@pytest.mark.campaign
async def test_models_are_asked_about_one_thread_each(two: Two) -> None:
    sandbox = two.desk.stack.sandbox
    asked = [" ".join(sandbox.questions(one.id)) for one in sandbox.branches(agent="clew-analyst")]

    assert sum(CANARY in one for one in asked) == 1
    assert sum(OWN in one for one in asked) == 1
    assert not any(CANARY in one and OWN in one for one in asked)
