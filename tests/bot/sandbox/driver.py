"""Driving a sandbox as Clew does: with the real SDK, and with raw requests where the SDK hides too much."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from mistralai.client import Mistral
from mistralai.client import models as m

Json = dict[str, Any]

SYMBOL = {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]}
QUOTE: Json = {
    "as_of": "2024-12-30",
    "currency": "USD",
    "source": "Test exchange",
    "delayed": True,
    "truncated": False,
    "note": None,
    "symbol": "AAPL",
    "price": 252.2,
    "change_percent": -1.33,
}


def function(name: str) -> Json:
    """A function tool that takes a symbol."""
    return {"type": "function", "function": {"name": name, "description": name, "parameters": SYMBOL}}


def said(text: str) -> Json:
    """A person's message as an input."""
    return {"object": "entry", "type": "message.input", "role": "user", "content": text, "prefix": False}


def result(call: str, value: Json) -> Json:
    """A function's result as an input."""
    return {"object": "entry", "type": "function.result", "tool_call_id": call, "result": json.dumps(value)}


@dataclass(kw_only=True, slots=True)
class Reply:
    """A step's reply, streamed or not, with what matters of it."""

    conversation: str = ""
    text: str = ""
    last: str = ""
    calls: list[str] = field(default_factory=list[str])
    names: list[str] = field(default_factory=list[str])
    arguments: list[str] = field(default_factory=list[str])
    usage: m.ConversationUsageInfo | None = None
    events: list[str] = field(default_factory=list[str])

    @property
    def done(self) -> bool:
        """Whether the stream said that it was complete."""
        return "conversation.response.done" in self.events


@dataclass(kw_only=True, slots=True)
class Driver:
    """The SDK and what tests do with it."""

    sdk: Mistral
    http: httpx2.AsyncClient
    url: str

    async def agent(self, name: str = "clew-analyst", tools: tuple[str, ...] = ("get_quote",), **more: Any) -> m.Agent:
        """A registered agent with these functions."""
        given: Any = [function(tool) for tool in tools]
        return await self.sdk.beta.agents.create_async(model="mistral-medium-3-5", name=name, tools=given, **more)

    async def start(self, agent: str, *inputs: Json | str, **more: Any) -> Reply:
        """Start, without streaming."""
        return whole(await self.sdk.beta.conversations.start_async(inputs=_inputs(inputs), agent_id=agent, **more))

    async def append(self, conversation: str, *inputs: Json | str, **more: Any) -> Reply:
        """Append, without streaming."""
        return whole(
            await self.sdk.beta.conversations.append_async(conversation_id=conversation, inputs=_inputs(inputs), **more)
        )

    async def restart(self, conversation: str, entry: str, *inputs: Json | str, **more: Any) -> Reply:
        """Restart, without streaming."""
        return whole(
            await self.sdk.beta.conversations.restart_async(
                conversation_id=conversation, from_entry_id=entry, inputs=_inputs(inputs), **more
            )
        )

    async def stream(self, agent: str, *inputs: Json | str, into: Reply | None = None, **more: Any) -> Reply:
        """Start, streamed; `into` keeps what came before a stream broke."""
        opened = await self.sdk.beta.conversations.start_stream_async(inputs=_inputs(inputs), agent_id=agent, **more)
        return await gathered(opened, into)

    async def append_stream(self, conversation: str, *inputs: Json | str, into: Reply | None = None) -> Reply:
        """Append, streamed."""
        opened = await self.sdk.beta.conversations.append_stream_async(
            conversation_id=conversation, inputs=_inputs(inputs)
        )
        return await gathered(opened, into)

    async def restart_stream(self, conversation: str, entry: str, *inputs: Json | str) -> Reply:
        """Restart, streamed."""
        opened = await self.sdk.beta.conversations.restart_stream_async(
            conversation_id=conversation, from_entry_id=entry, inputs=_inputs(inputs)
        )
        return await gathered(opened, None)

    async def history(self, conversation: str) -> list[Any]:
        """All entries of a branch."""
        reply = await self.sdk.beta.conversations.get_history_async(conversation_id=conversation)
        return list(reply.entries)

    async def kinds(self, conversation: str) -> list[str]:
        """The types of a branch's entries."""
        return [str(entry.type) for entry in await self.history(conversation)]

    async def post(self, path: str, body: Json, **headers: str) -> httpx2.Response:
        """A raw POST with a token."""
        return await self.http.post(
            f"{self.url}{path}", json=body, headers={"authorization": "Bearer anything", **headers}
        )


def whole(reply: m.ConversationResponse) -> Reply:
    """A reply that was not streamed."""
    gathered = Reply(conversation=reply.conversation_id, usage=reply.usage, events=["conversation.response.done"])
    for output in reply.outputs:
        gathered.last = str(output.id)
        if isinstance(output, m.FunctionCallEntry):
            gathered.calls.append(output.tool_call_id)
            gathered.names.append(output.name)
            gathered.arguments.append(str(output.arguments))
        elif isinstance(output, m.MessageOutputEntry):
            gathered.text += cast("str", output.content)
    return gathered


async def gathered(stream: Any, into: Reply | None) -> Reply:
    """A streamed reply, put together."""
    reply = into or Reply()
    async with stream as events:
        async for event in events:
            take(reply, event.data)
    return reply


def take(reply: Reply, data: Any) -> None:
    """Take one event into a reply."""
    reply.events.append(str(data.type))
    if isinstance(data, m.ResponseStartedEvent):
        reply.conversation = data.conversation_id
    elif isinstance(data, m.MessageOutputEvent):
        reply.last = data.id
        reply.text += cast("str", data.content)
    elif isinstance(data, m.FunctionCallEvent):
        if data.tool_call_id in reply.calls:
            reply.arguments[reply.calls.index(data.tool_call_id)] += data.arguments
        else:
            reply.calls.append(data.tool_call_id)
            reply.names.append(data.name)
            reply.arguments.append(data.arguments)
        reply.last = data.id
    elif isinstance(data, m.ResponseDoneEvent):
        reply.usage = data.usage


@asynccontextmanager
async def driving(url: str, *, timeout_ms: int = 20_000) -> AsyncGenerator[Driver]:
    """A driver for the sandbox at `url`; the time-out is per read."""
    async with httpx2.AsyncClient(verify=False) as asynchronous:
        with httpx2.Client(verify=False) as synchronous:
            sdk = Mistral(
                api_key="anything",
                server_url=url,
                client=synchronous,
                async_client=asynchronous,
                timeout_ms=timeout_ms,
            )
            yield Driver(sdk=sdk, http=asynchronous, url=url)


def _inputs(inputs: tuple[Json | str, ...]) -> Any:
    return [said(item) if isinstance(item, str) else item for item in inputs]
