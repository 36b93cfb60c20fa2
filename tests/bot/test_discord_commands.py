"""The commands that Discord is told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord as sdk
import pytest

from bot import words
from bot.platforms.discord.commands import ACTIONS, Interaction, build_tree, register
from tests.discord.client import logged_in, pointed_at
from tests.discord.server import Discord, running_discord

PUT = "PUT /applications/*/commands"


class Nobody:
    """Hears commands, and does nothing."""

    async def research(self, interaction: Interaction, symbol: str, question: str) -> None: ...

    async def administer(self, interaction: Interaction, text: str) -> None: ...

    async def pointed(self, interaction: Interaction, message: sdk.Message) -> None: ...


@pytest.fixture
def discord() -> Iterator[Discord]:
    with running_discord() as discord, pointed_at(discord):
        yield discord
        assert discord.violations == []
        assert discord.unknown_routes() == []


@pytest.fixture
async def client(discord: Discord) -> AsyncIterator[sdk.Client]:
    async with logged_in(discord) as client:
        yield client


async def test_the_commands_are_those_that_are_handled(discord: Discord, client: sdk.Client) -> None:
    assert await register(build_tree(client, Nobody()))
    known: dict[str, Any] = {command["name"]: command for command in discord.commands()}
    assert set(known) == {"research", "research-admin", "Research this"}
    ticker, question = known["research"]["options"]
    assert (ticker["name"], ticker["required"], ticker["autocomplete"]) == ("ticker", True, True)
    assert (question["name"], question.get("required", False)) == ("question", False)
    action = known["research-admin"]["options"][0]
    assert [choice["value"] for choice in action["choices"]] == list(ACTIONS)
    # Who may is decided when it is used: Discord knows our administrators not.
    assert {command["default_member_permissions"] for command in known.values()} == {None}


def test_every_action_is_explained_to_administrators_and_no_other() -> None:
    explained = [line.split("`")[1].split()[0] for line in words.ADMIN_USAGE.splitlines() if line.startswith("`")]
    assert list(ACTIONS) == explained


async def test_told_once_discord_is_told_again_only_of_what_changed(discord: Discord, client: sdk.Client) -> None:
    assert await register(build_tree(client, Nobody()))
    async with logged_in(discord) as later:
        assert not await register(build_tree(later, Nobody()))
    assert len(discord.asked(PUT)) == 1
    async with logged_in(discord) as changed:
        tree = build_tree(changed, Nobody())
        command: Any = tree.get_command("research")
        command.description = "Another one"
        assert await register(tree)
        assert not await register(tree)
    assert len(discord.asked(PUT)) == 2
