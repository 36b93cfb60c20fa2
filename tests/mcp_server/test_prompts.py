"""The prompts: whole without arguments, filled in with them, and refused when asked for wrongly."""

from __future__ import annotations

import re
from typing import Any

import mcp
import pytest
from mcp import types
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError

from mcp_server.prompt_files import load_prompts, parse_prompt
from tests.mcp_server.calling import ERAS, Era, over_http
from tests.support.market import RunningMarket
from workflows.research import ROLES

PROMPTS = {prompt.name: prompt for prompt in load_prompts()}
WITH_TASK = [name for name, prompt in PROMPTS.items() if prompt.arguments]


def texts(found: types.GetPromptResult) -> list[str]:
    assert all(message.role == "user" for message in found.messages)
    return [message.content.text for message in found.messages if isinstance(message.content, types.TextContent)]


async def prompt(server: MCPServer[Any], name: str, arguments: dict[str, str] | None = None) -> list[str]:
    async with mcp.Client(server) as client:
        return texts(await client.get_prompt(name, arguments))


async def refused(server: MCPServer[Any], name: str, arguments: dict[str, str] | None = None) -> MCPError:
    async with mcp.Client(server) as client:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(name, arguments)
    return caught.value


async def test_every_prompt_is_listed_with_its_arguments(server: MCPServer[Any]) -> None:
    async with mcp.Client(server) as client:
        listed = {found.name: found for found in (await client.list_prompts()).prompts}

    assert set(listed) == set(PROMPTS)
    for name, found in listed.items():
        assert found.description == PROMPTS[name].description
        assert {one.name: one.description for one in found.arguments or []} == PROMPTS[name].arguments


def test_every_agent_has_its_prompt_and_every_prompt_its_agent() -> None:
    assert set(PROMPTS) == {*ROLES, "writer", "reviser"}


@pytest.mark.parametrize("name", PROMPTS)
async def test_without_arguments_a_prompt_is_the_agents_instructions(server: MCPServer[Any], name: str) -> None:
    assert await prompt(server, name) == [PROMPTS[name].instructions]
    assert PROMPTS[name].instructions.startswith("# Role\n")
    assert not re.search(r"\{[a-z_]+\}", PROMPTS[name].instructions)


@pytest.mark.parametrize("name", WITH_TASK)
async def test_with_arguments_the_task_follows_the_instructions(server: MCPServer[Any], name: str) -> None:
    arguments = {argument: f"<{argument} as given>" for argument in PROMPTS[name].arguments}

    instructions, task = await prompt(server, name, arguments)

    assert instructions == PROMPTS[name].instructions
    for value in arguments.values():
        assert value in task
    assert not re.search(r"\{[a-z_]+\}", task)


async def test_a_placeholder_inside_an_argument_stays_as_it_is(server: MCPServer[Any]) -> None:
    arguments = {"symbol": "{report}", "report": "{evidence} {nothing} {}", "evidence": "[]"}

    _, task = await prompt(server, "verifier", arguments)

    assert "Symbol: {report}" in task
    assert "{evidence} {nothing} {}" in task


@pytest.mark.parametrize("name", WITH_TASK)
async def test_a_missing_argument_is_named(server: MCPServer[Any], name: str) -> None:
    first, *others = PROMPTS[name].arguments
    given = dict.fromkeys(others, "x") or {"invented": "x"}

    error = await refused(server, name, given)

    assert error.code == types.INVALID_PARAMS
    assert first in error.message


async def test_an_argument_that_the_prompt_does_not_know_is_named(server: MCPServer[Any]) -> None:
    error = await refused(server, "reviser", {"problems": "none", "mood": "grim"})

    assert error.code == types.INVALID_PARAMS
    assert "mood" in error.message


async def test_a_prompt_without_arguments_takes_none(server: MCPServer[Any]) -> None:
    error = await refused(server, "analyst", {"symbol": "AAPL"})

    assert error.code == types.INVALID_PARAMS


@pytest.mark.parametrize("era", ERAS)
async def test_an_unknown_prompt_is_the_callers_mistake_in_both_eras(market_server: RunningMarket, era: Era) -> None:
    async with over_http(market_server.url, market_server.token, era) as client:
        with pytest.raises(MCPError) as unknown:
            await client.get_prompt("poet")
        with pytest.raises(MCPError) as missing:
            await client.get_prompt("verifier", {"symbol": "AAPL"})

    assert (unknown.value.code, missing.value.code) == (types.INVALID_PARAMS, types.INVALID_PARAMS)
    assert "poet" in unknown.value.message
    assert "report, evidence" in missing.value.message


@pytest.mark.parametrize("name", PROMPTS)
def test_every_prompt_speaks_of_advice(name: str) -> None:
    assert "advice" in PROMPTS[name].instructions.lower()


@pytest.mark.parametrize("name", PROMPTS)
def test_every_prompt_says_that_what_it_reads_is_data(name: str) -> None:
    assert re.search(r"\bdata\b", PROMPTS[name].instructions)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no front matter", "front matter is missing"),
        ("---\narguments:\n---\nbody", "description is missing"),
        ("---\ndescription: d\nwhat is this\n---\nbody", "not understood"),
        ("---\ndescription: d\narguments:\n  a: An a.\n---\nbody\n<!-- task -->\n{b}", r"\['a', 'b'\]"),
        ("---\ndescription: d\narguments:\n  a: An a.\n---\nbody", r"\['a'\]"),
    ],
)
def test_a_prompt_file_of_another_form_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_prompt("odd", text)
