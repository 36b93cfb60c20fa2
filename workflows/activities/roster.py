"""The team as it is registered at Mistral: instructions are MCP prompts, tools are what the MCP server lists."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from workflows.contracts import PinnedAgent
from workflows.errors import Terminal
from workflows.mcp_client import MarketTools, Toolset
from workflows.mistral import AgentConfig, MistralClient

Json = dict[str, Any]

DEFAULT_MODEL = "mistral-medium-3-5"
"""A name that never moves: `…-latest` would change under a running conversation."""

_BUILT_IN: Mapping[str, tuple[Json, ...]] = {"search": ({"type": "web_search"},)}
_FRESH = 30.0
"""Seconds that a prompt is believed."""


class Roster:
    """Pins agents. What is unchanged costs one look at the tool list, and no call to Mistral."""

    def __init__(
        self,
        mistral: MistralClient,
        tools: MarketTools,
        *,
        model: str = DEFAULT_MODEL,
        models: Mapping[str, str] | None = None,
    ) -> None:
        self._mistral = mistral
        self._tools = tools
        self._model = model
        self._models = models or {}
        self._instructions: dict[str, tuple[int, float, str]] = {}

    async def pin(self, roles: Sequence[str]) -> tuple[tuple[PinnedAgent, ...], str]:
        """The agents of `roles`, and the digest of the tool list they were made from.

        If we run again, or another worker does the same: the same agents.
        """
        toolset = await self._tools.toolset()
        agents = await asyncio.gather(*(self._pin(role, toolset) for role in roles))
        return tuple(agents), toolset.digest

    def forget(self) -> None:
        """Look everything up again: an agent is gone."""
        self._mistral.forget_agents()

    async def _pin(self, role: str, toolset: Toolset) -> PinnedAgent:
        functions = [tool.function() for tool in toolset.tools if tool.serves(role)]
        return await self._mistral.ensure_agent(
            AgentConfig(
                role=role,
                model=self._models.get(role, self._model),
                instructions=await self._read(role),
                tools=(*_BUILT_IN.get(role, ()), *functions),
            )
        )

    async def _read(self, role: str) -> str:
        generation, read, text = self._instructions.get(role, (-1, 0.0, ""))
        if generation == self._tools.generation and time.monotonic() - read < _FRESH:
            return text
        messages = await self._tools.prompt(role)
        if not messages:
            raise Terminal(f"the prompt {role} is empty", code="internal")
        self._instructions[role] = (self._tools.generation, time.monotonic(), messages[0])
        return messages[0]
