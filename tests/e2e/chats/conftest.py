"""One set for all of these tests, listening and delivering to every platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.discord.server import running_discord
from tests.e2e.chats.discord import DiscordSeat
from tests.e2e.chats.discord import settings_of as discord_settings
from tests.e2e.chats.seat import Seat
from tests.e2e.chats.slack import SlackSeat
from tests.e2e.chats.slack import settings_of as slack_settings
from tests.e2e.whole import whole
from tests.slack.server import running_slack


@pytest.fixture(scope="package")
def seats(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[dict[str, Seat]]:
    """A seat on each platform."""
    with running_slack() as slack, running_discord() as discord:
        roots = slack.user("Root"), discord.user("root", admin=True)
        with whole(
            tmp_path_factory.mktemp("chats"),
            bytecode,
            **slack_settings(slack),
            **discord_settings(discord),
            CLEW_ADMINS=f"slack:{roots[0]},discord:{roots[1]}",
        ) as made:
            found: dict[str, Seat] = {
                "slack": SlackSeat(made, slack, roots[0]),
                "discord": DiscordSeat(made, discord, roots[1]),
            }
            made.eventually(lambda: all(seat.listeners for seat in found.values()), "the bot listens to both")
            made.eventually(lambda: bool(discord.commands()), "Discord knows the commands")
            yield found
            assert [list(seat.complaints()) for seat in found.values()] == [[], []]


@pytest.fixture(params=["slack", "discord"])
def seat(request: pytest.FixtureRequest, seats: dict[str, Seat]) -> Iterator[Seat]:
    """Each seat in turn, ready, without faults before and after."""
    found = seats[request.param]
    found.whole.ready()
    yield found
    found.whole.sandbox.clear()
    found.heal()
