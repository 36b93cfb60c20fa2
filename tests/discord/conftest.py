"""A loopback Discord a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.discord.server import Discord, running_discord


@pytest.fixture
def discord() -> Iterator[Discord]:
    """One guild with the bot in it."""
    with running_discord() as running:
        yield running
