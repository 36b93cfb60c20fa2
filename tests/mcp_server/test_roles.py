"""Which agent gets which tool: what the server says, and what the agents' instructions count on."""

from __future__ import annotations

import re
from typing import Any

import mcp
import pytest
from mcp.server.mcpserver import MCPServer

from mcp_server.prompt_files import load_prompts
from mcp_server.tools.common import AGENTS
from workflows.research import ROLES

WITH_TOOLS = ("planner", "prices", "fundamentals", "risk")
WITHOUT_TOOLS = ("search", "verifier", "writer", "reviser")
INSTRUCTIONS = {prompt.name: prompt.instructions for prompt in load_prompts()}


async def agents_by_tool(server: MCPServer[Any]) -> dict[str, list[str]]:
    async with mcp.Client(server) as client:
        tools = (await client.list_tools()).tools
    return {tool.name: (tool.meta or {})[AGENTS] for tool in tools}


def named_in(role: str, tools: set[str]) -> set[str]:
    """The tools that an agent's instructions speak of."""
    return set(re.findall(r"`([a-z_]+)`", INSTRUCTIONS[role])) & tools


async def test_tools_are_given_to_agents_that_exist(server: MCPServer[Any]) -> None:
    given = await agents_by_tool(server)

    assert {agent for agents in given.values() for agent in agents} == set(WITH_TOOLS)
    assert set(WITH_TOOLS) < set(ROLES)


async def test_the_analyst_is_named_nowhere_since_it_gets_every_tool(server: MCPServer[Any]) -> None:
    assert not [tool for tool, agents in (await agents_by_tool(server)).items() if "analyst" in agents]


@pytest.mark.parametrize("role", WITH_TOOLS)
async def test_an_agent_has_every_tool_that_its_instructions_speak_of(server: MCPServer[Any], role: str) -> None:
    given = await agents_by_tool(server)
    has = {tool for tool, agents in given.items() if role in agents}

    spoken_of = named_in(role, set(given))

    assert spoken_of
    assert spoken_of <= has


@pytest.mark.parametrize("role", WITHOUT_TOOLS)
async def test_an_agent_without_market_tools_is_sent_to_none(server: MCPServer[Any], role: str) -> None:
    assert named_in(role, set(await agents_by_tool(server))) == set()


@pytest.mark.parametrize("role", INSTRUCTIONS)
async def test_no_instructions_speak_of_a_tool_that_does_not_exist(server: MCPServer[Any], role: str) -> None:
    tools = set(await agents_by_tool(server))
    shaped_like_tools = set(re.findall(r"`((?:get|draw|compare|search)_[a-z_]+)`", INSTRUCTIONS[role]))

    assert shaped_like_tools <= tools
