from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.discord_rig import DiscordRig
from tests.contracts.chat import ChatContract
from tests.discord.client import pointed_at
from tests.discord.server import running_discord
from workflows.blobs import FileBlobStore


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[DiscordRig]:
    with running_discord() as discord, pointed_at(discord):
        rig = DiscordRig(discord, FileBlobStore(tmp_path))
        yield rig
        await rig.rest.close()
        assert discord.violations == []
        assert discord.unknown_routes() == []


class TestDiscord(ChatContract):
    """Discord keeps the contract of a chat platform."""
