"""Mistral's Agents and Conversations API, and with `workflows.mistral_stream` the only module that knows `mistralai`.

Raw calls only, always streamed: the SDK's `run_async` patches agents on every call, drops inputs and does not check
that a stream is complete. A stream is complete when `conversation.response.done` was seen, and never otherwise.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import httpx2
from mistralai.client import Mistral as MistralSDK
from mistralai.client import errors as mistral_errors
from mistralai.client.beta_agents import BetaAgents
from mistralai.client.conversations import Conversations
from mistralai.client.types import UNSET

from workflows.contracts import Head, PinnedAgent, StepMode
from workflows.errors import Ambiguous, CallError, Retriable
from workflows.mistral_stream import Assembly, Step, classify

__all__ = ["AgentConfig", "MistralClient", "Step", "Timeouts", "classify", "connect_mistral"]

Json = dict[str, Any]
R = TypeVar("R")

_PREFIX = "clew-"
_ROLE, _DIGEST = "clew_role", "clew_digest"
_PAGE = 100
_PAGES = 50
_RATE_LIMITED = 429
_LONGEST_WINDOW = 60.0
"""Seconds for which one answer to one step holds back all others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds. `idle` without a byte loses a stream; `total` is one whole step, below the activity's own time-out."""

    idle: float = 30.0
    total: float = 540.0
    connect: float = 10.0
    after_done: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentConfig:
    """All that makes an agent version what it is. `tools` and `completion_args` in wire form."""

    role: str
    model: str
    instructions: str
    tools: tuple[Json, ...] = ()
    completion_args: Json | None = None

    @property
    def name(self) -> str:
        """The agent's name at Mistral."""
        return f"{_PREFIX}{self.role}"

    @property
    def digest(self) -> str:
        """Identifies a version: the same digest is the same agent."""
        parts = [self.model, self.instructions, self.tools, self.completion_args]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def wire(self) -> Json:
        """What is sent to create or change the agent."""
        return {
            "model": self.model,
            "name": self.name,
            "instructions": self.instructions,
            "tools": [dict(tool) for tool in self.tools],
            "completion_args": self.completion_args or {},
            "metadata": {_ROLE: self.role, _DIGEST: self.digest},
        }


class MistralClient:
    """One account, as steps need it. Errors are `workflows.errors` Retriable, Ambiguous or Terminal."""

    def __init__(self, sdk: MistralSDK, timeouts: Timeouts = Timeouts()) -> None:
        # `sdk.beta` would load a dozen other APIs, for seconds that every restart of a worker waits for.
        self._agents = BetaAgents(sdk.sdk_configuration, parent_ref=sdk)
        self._conversations = Conversations(sdk.sdk_configuration, parent_ref=sdk)
        self._timeouts = timeouts
        self._quiet_until = 0.0
        self._registered: dict[tuple[str, str], PinnedAgent] = {}
        self._registering: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    # --- Steps -------------------------------------------------------------------------------------------------------

    async def step(
        self,
        mode: StepMode,
        *,
        agent: PinnedAgent,
        head: Head | None,
        entries: Sequence[Json],
        metadata: dict[str, str],
        response_format: Json | None = None,
        on_text: Callable[[str], None] | None = None,
        on_tool: Callable[[str], None] | None = None,
    ) -> Step:
        """One POST: start a branch, append to it, or fork from `head`. `metadata` is kept with a new branch.

        If it happened and we were not told: Ambiguous; the caller forks from its head. If we run again: an append
        would stand twice, so nobody repeats one; a second start or fork is a branch nobody refers to, deleted later.
        While the account is told to wait, nothing is sent: Retriable.
        """
        self._hold_back()
        reply = Assembly(on_text=on_text, on_tool=on_tool)
        try:
            async with asyncio.timeout(self._timeouts.total):
                opened = await self._open(mode, agent, head, entries, metadata, response_format)
                async with opened:
                    await self._read(opened.response, reply)
        except CallError:
            raise
        except Exception as error:
            failure = classify(error)
            self._told_to_wait(error, failure)
            raise failure from error
        return reply.completed(head if mode is StepMode.APPEND else None)

    def _hold_back(self) -> None:
        """A rate limit is the account's, not one branch's: inside its window no other step is sent either."""
        seconds = self._quiet_until - time.monotonic()
        if seconds > 0:
            raise Retriable("not sent: told to wait", code="mistral_busy", retry_after=seconds, sent=False)

    def _told_to_wait(self, error: Exception, failure: CallError) -> None:
        limited = isinstance(error, mistral_errors.MistralError) and error.status_code == _RATE_LIMITED
        if limited and isinstance(failure, Retriable) and failure.retry_after is not None:
            window = min(failure.retry_after, _LONGEST_WINDOW)
            self._quiet_until = max(self._quiet_until, time.monotonic() + window)

    async def _read(self, response: httpx2.Response, reply: Assembly) -> None:
        source = httpx2.EventSource(response, max_event_size=None)
        async with aclosing(cast("AsyncGenerator[httpx2.ServerSentEvent]", aiter(source))) as events:
            async for event in events:
                reply.take(event.data)
                if reply.done:
                    break
            if reply.done:
                # The body's end is worth a moment: it keeps the connection. Whatever it brings, all was said.
                with suppress(httpx2.HTTPError, TimeoutError):
                    async with asyncio.timeout(self._timeouts.after_done):
                        async for _ in events:
                            pass

    async def _open(
        self,
        mode: StepMode,
        agent: PinnedAgent,
        head: Head | None,
        entries: Sequence[Json],
        metadata: dict[str, str],
        response_format: Json | None,
    ) -> Any:
        common: Json = {
            "inputs": list(entries),
            "handoff_execution": "client",
            "timeout_ms": int(self._timeouts.idle * 1000),
        }
        if response_format is not None:
            common["completion_args"] = {"response_format": response_format}
        if mode is StepMode.START or head is None:
            return await self._conversations.start_stream_async(
                **common, agent_id=agent.agent, agent_version=agent.version, metadata=metadata, store=True
            )
        if mode is StepMode.RESTART:
            return await self._conversations.restart_stream_async(
                **common,
                conversation_id=head.branch,
                from_entry_id=head.entry,
                agent_version=agent.version,
                metadata=metadata,
            )
        return await self._conversations.append_stream_async(**common, conversation_id=head.branch)

    # --- Agents ------------------------------------------------------------------------------------------------------

    async def ensure_agent(self, config: AgentConfig) -> PinnedAgent:
        """The registered version of `config`: found by name and digest, else one new version, else a new agent.

        If it happened and we were not told, or we run again, or another worker does the same: the list is read after
        creating, the oldest agent of the name is everybody's, and a younger one of ours is deleted.
        """
        key = (config.role, config.digest)
        known = self._registered.get(key)
        if known is not None:
            return known
        async with self._registering[config.role]:
            if key not in self._registered:
                self._registered[key] = await self._call(self._register(config))
        return self._registered[key]

    def forget_agents(self) -> None:
        """Look agents up again: one was deleted behind our back."""
        self._registered.clear()

    async def _register(self, config: AgentConfig) -> PinnedAgent:
        oldest = await self._oldest(config)
        if oldest is None:
            created = await self._agents.create_async(**config.wire(), timeout_ms=self._timeout)
            oldest = await self._oldest(config) or created
            if oldest.id != created.id:
                await self._delete_agent(created.id)
        if _digest(oldest) == config.digest:
            return _pinned(config, oldest)
        # An older worker during a deploy, or a rollback: the version exists, and a new one would only alternate.
        versions = await self._agents.list_versions_async(agent_id=oldest.id, page_size=_PAGE, timeout_ms=self._timeout)
        known = [version for version in versions if _digest(version) == config.digest]
        if known:
            return _pinned(config, max(known, key=lambda version: version.version))
        wire = config.wire()
        return _pinned(config, await self._agents.update_async(agent_id=oldest.id, **wire, timeout_ms=self._timeout))

    async def _oldest(self, config: AgentConfig) -> Any:
        """The oldest agent of this name that we made. The API's filter is undocumented, so matches are checked."""
        found: list[Any] = []
        token: Any = UNSET
        for _ in range(_PAGES):
            page = cast(
                "Any",
                await self._agents.list_pages_async(
                    page_size=_PAGE, name=config.name, page_token=token, timeout_ms=self._timeout
                ),
            )
            listing = getattr(page, "result", page)
            agents = cast("list[Any]", listing.data or [])
            found += [agent for agent in agents if agent.name == config.name and _metadata(agent).get(_ROLE)]
            token = listing.next_page_token
            if not isinstance(token, str) or not token:
                break
        return min(found, key=lambda agent: (agent.created_at, agent.id)) if found else None

    async def _delete_agent(self, agent: str) -> None:
        try:
            await self._agents.delete_async(agent_id=agent, timeout_ms=self._timeout)
        except mistral_errors.MistralError as error:
            if error.status_code != 404:
                raise

    # --- Branches ----------------------------------------------------------------------------------------------------

    async def delete_branches(self, thread: str, keep: frozenset[str]) -> int:
        """Delete the conversations whose metadata names `thread`, but for those in `keep`; returns how many.

        If it happened and we were not told, or we run again: what is gone already is a success.
        """
        return await self._call(self._tidy(thread, keep))

    async def _tidy(self, thread: str, keep: frozenset[str]) -> int:
        doomed: list[str] = []
        for page in range(_PAGES):
            listed = cast(
                "list[Any]",
                await self._conversations.list_async(
                    page=page, page_size=_PAGE, metadata={"thread": thread}, timeout_ms=self._timeout
                ),
            )
            # How the API filters is undocumented, so matches are checked.
            doomed += [item.id for item in listed if item.id not in keep and _metadata(item).get("thread") == thread]
            if len(listed) < _PAGE:
                break
        for conversation in doomed:
            try:
                await self._conversations.delete_async(conversation_id=conversation, timeout_ms=self._timeout)
            except mistral_errors.MistralError as error:
                if error.status_code != 404:
                    raise
        return len(doomed)

    async def history(self, conversation: str) -> list[Json]:
        """All entries of a branch in wire form, oldest first."""
        reply = await self._call(
            self._conversations.get_history_async(conversation_id=conversation, timeout_ms=self._timeout)
        )
        return [cast("Json", entry.model_dump(mode="json")) for entry in cast("list[Any]", reply.entries)]

    # --- Small things ------------------------------------------------------------------------------------------------

    @property
    def _timeout(self) -> int:
        return int(self._timeouts.idle * 1000)

    async def _call(self, call: Awaitable[R]) -> R:
        """Await one call or several, none of them a step, within twice the idle time."""
        try:
            async with asyncio.timeout(2 * self._timeouts.idle):
                return await call
        except CallError:
            raise
        except Exception as error:
            raise classify(error) from error


def _pinned(config: AgentConfig, agent: Any) -> PinnedAgent:
    if not isinstance(agent.version, int):
        raise Ambiguous("an agent came without its version")
    return PinnedAgent(role=config.role, agent=str(agent.id), version=agent.version)


def _metadata(item: Any) -> Json:
    """Metadata, which the SDK gives as a dict, as None or as its own word for "not set"."""
    return cast("Json", item.metadata) if isinstance(item.metadata, dict) else {}


def _digest(agent: Any) -> str:
    return str(_metadata(agent).get(_DIGEST) or "")


@asynccontextmanager
async def connect_mistral(
    key: str, server_url: str | None = None, timeouts: Timeouts = Timeouts()
) -> AsyncGenerator[MistralClient]:
    """A client for one account, its HTTP connections closed at the end. SDK retries stay off: Temporal retries."""
    patience = httpx2.Timeout(timeouts.idle, connect=timeouts.connect)
    async with httpx2.AsyncClient(follow_redirects=False, timeout=patience) as asynchronous:
        with httpx2.Client(follow_redirects=False, timeout=patience) as synchronous:
            sdk = MistralSDK(api_key=key, server_url=server_url, client=synchronous, async_client=asynchronous)
            yield MistralClient(sdk, timeouts)
