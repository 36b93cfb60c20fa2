"""What `clew doctor` says of Discord, before a loopback Discord."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from bot.findings import Verdict
from bot.platforms.discord.checks import look
from bot.settings import Settings, load_settings
from tests.discord.client import pointed_at
from tests.discord.server import Discord, running_discord


@pytest.fixture
def discord() -> Iterator[Discord]:
    with running_discord() as discord, pointed_at(discord):
        yield discord
        assert discord.violations == []
        assert discord.unknown_routes() == []


def settings_of(discord: Discord, **more: object) -> Settings:
    return load_settings(_env_file=None, **{"discord_token": discord.token, **more})


async def told(discord: Discord, **more: object) -> dict[str, str]:
    """The problems, by their subjects."""
    findings = await look(settings_of(discord, **more))
    return {found.subject: found.text for found in findings if found.verdict is not Verdict.OK}


async def test_a_server_that_is_set_up_has_no_problem(discord: Discord) -> None:
    findings = await look(settings_of(discord))
    assert {found.verdict for found in findings} == {Verdict.OK}
    assert any("every permission" in found.text for found in findings)


async def test_without_a_token_nothing_is_asked(discord: Discord) -> None:
    assert await look(load_settings(_env_file=None)) == []
    assert discord.requests == []


async def test_a_refused_token_is_named_and_never_shown(discord: Discord) -> None:
    wrong = "MTAwMDAwMDAwMDAwMDAwMDAwMw.wrong.9sLq2mZx8"
    problems = await told(discord, discord_token=SecretStr(wrong))
    assert list(problems) == ["DISCORD_TOKEN"]
    assert wrong not in str(problems)


async def test_an_intent_that_is_switched_off_is_named_with_where_to_switch_it_on(discord: Discord) -> None:
    discord.refuse_intents(content=True)
    problems = await told(discord)
    assert "Message Content" in problems["Discord intents"]
    assert f"/applications/{discord.application}/bot" in problems["Discord intents"]


async def test_every_missing_permission_is_named_with_an_address_that_grants_it(discord: Discord) -> None:
    discord.deny("create_public_threads", "attach_files")
    problem = (await told(discord))["Discord permissions"]
    assert "open threads" in problem
    assert "attach charts" in problem
    assert "write in threads" not in problem
    assert "permissions=" in problem
    discord.grant("administrator")
    assert await told(discord) == {}


async def test_a_bot_that_is_in_no_server_is_told_how_to_be_invited(discord: Discord) -> None:
    discord.kick_bot()
    problem = (await told(discord))["Discord servers"]
    assert f"client_id={discord.application}" in problem


async def test_a_discord_that_is_out_of_reach_is_said_to_be(discord: Discord) -> None:
    discord.fault("GET /users/@me", "status", status=503, times=20)
    assert "does not answer" in (await told(discord))["Discord"]
