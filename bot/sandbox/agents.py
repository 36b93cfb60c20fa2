"""/v1/agents: agents, their versions and aliases."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from bot.sandbox.errors import invalid_value, unknown
from bot.sandbox.gate import Exchange
from bot.sandbox.ids import new_id, now
from bot.sandbox.records import Agent
from bot.sandbox.requests import CreateAgentRequest, UpdateAgentRequest, parse
from bot.sandbox.store import Store

Json = dict[str, Any]

_ALIAS = re.compile(r"[a-z]([a-z0-9_-]*[a-z0-9])?")
_NOT_OF_A_VERSION = {"deployment_chat"}


class AgentRoutes:
    """Every write that changes what an agent is makes a version; the newest is current until switched."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, exchange: Exchange) -> Response:
        """A new agent, at version 0."""
        request = parse(CreateAgentRequest, exchange.body)
        agent = Agent(id=new_id("ag"), versions={0: request.model_dump(mode="json", by_alias=True)})
        self._store.save_agent(agent)
        return JSONResponse(agent.wire())

    async def update(self, exchange: Exchange) -> Response:
        """A new version, even where nothing changed."""
        agent = self._agent(exchange)
        request = parse(UpdateAgentRequest, exchange.body)
        changes = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
        number = max(agent.versions) + 1
        kept = {**agent.config(), "version_message": None}
        agent.versions[number] = kept | {key: changes[key] for key in changes if key not in _NOT_OF_A_VERSION}
        agent.current = number
        agent.deployment_chat = bool(changes.get("deployment_chat", agent.deployment_chat))
        return self._saved(agent)

    async def get(self, exchange: Exchange) -> Response:
        """One agent, at its current version or the one asked for."""
        return JSONResponse(self._agent(exchange).wire(exchange.query.get("agent_version")))

    async def delete(self, exchange: Exchange) -> Response:
        """Forget an agent."""
        self._store.delete_agent(exchange.path["agent_id"])
        return Response(status_code=204)

    async def list(self, exchange: Exchange) -> Response:
        """A bare array, newest first."""
        page, size = exchange.number("page", 0), exchange.number("page_size", 20, most=1000)
        return JSONResponse([agent.wire() for agent in self._found(exchange)[page * size : (page + 1) * size]])

    async def list_pages(self, exchange: Exchange) -> Response:
        """A page, newest first, and the token of the next."""
        found = self._found(exchange)
        size = exchange.number("page_size", 20, most=1000)
        token = exchange.query.get("page_token")
        if token is not None:
            keys = [agent.id for agent in found]
            if token not in keys:
                raise invalid_value("Invalid page token", "query", "page_token")
            found = found[keys.index(token) + 1 :]
        page = found[:size]
        following = page[-1].id if len(found) > size else None
        data = [agent.wire() for agent in page]
        return JSONResponse({"object": "list", "data": data, "next_page_token": following})

    async def switch(self, exchange: Exchange) -> Response:
        """Make another version current; none is made."""
        agent = self._agent(exchange)
        agent.current = agent.number(exchange.number("version"))
        return self._saved(agent)

    async def versions(self, exchange: Exchange) -> Response:
        """All versions, newest first."""
        agent = self._agent(exchange)
        page, size = exchange.number("page", 0), exchange.number("page_size", 20, most=100)
        numbers = sorted(agent.versions, reverse=True)[page * size : (page + 1) * size]
        return JSONResponse([agent.wire(number) for number in numbers])

    async def version(self, exchange: Exchange) -> Response:
        """One version, by number or alias."""
        return JSONResponse(self._agent(exchange).wire(exchange.path["version"]))

    async def aliases(self, exchange: Exchange) -> Response:
        """All aliases."""
        return JSONResponse(list(self._agent(exchange).aliases.values()))

    async def put_alias(self, exchange: Exchange) -> Response:
        """Point an alias to a version."""
        agent = self._agent(exchange)
        name = exchange.query.get("alias", "")
        if not _ALIAS.fullmatch(name) or len(name) > 64:
            raise invalid_value("String should match the alias pattern", "query", "alias")
        created = agent.aliases.get(name, {}).get("created_at", now())
        number = agent.number(exchange.number("version"))
        agent.aliases[name] = {"alias": name, "version": number, "created_at": created, "updated_at": now()}
        self._store.save_agent(agent)
        return JSONResponse(agent.aliases[name])

    async def delete_alias(self, exchange: Exchange) -> Response:
        """Forget an alias."""
        agent = self._agent(exchange)
        name = exchange.query.get("alias", "")
        if agent.aliases.pop(name, None) is None:
            raise unknown("Alias", name)
        self._store.save_agent(agent)
        return Response(status_code=204)

    def _agent(self, exchange: Exchange) -> Agent:
        return self._store.agent(exchange.path["agent_id"])

    def _saved(self, agent: Agent) -> Response:
        agent.updated_at = now()
        self._store.save_agent(agent)
        return JSONResponse(agent.wire())

    def _found(self, exchange: Exchange) -> list[Agent]:
        name, key = exchange.query.get("name"), exchange.query.get("id")
        search = exchange.query.get("search", "").lower()
        wanted = exchange.json_query("metadata")
        return [
            agent
            for agent in reversed(self._store.agents.values())
            if (name is None or agent.config()["name"] == name)
            and (key is None or agent.id == key)
            and (search in agent.config()["name"].lower() or search in agent.id)
            and contains(agent.config().get("metadata") or {}, wanted)
        ]


def contains(metadata: Json, wanted: Json) -> bool:
    """Whether all that is wanted stands in `metadata`."""
    return all(key in metadata and json.dumps(metadata[key]) == json.dumps(value) for key, value in wanted.items())
