"""Streaming: the same answers, in events."""

from __future__ import annotations

import json

import pytest
from mistralai.client import errors
from mistralai.client import models as m

from bot.sandbox.brain.protocol import Page, Prompted, Reply
from tests.bot.sandbox.driver import QUOTE, Driver, driving, result
from tests.support.sandbox import RunningSandbox, running_sandbox


async def test_a_streamed_message_arrives_in_pieces_that_make_up_the_stored_one(driver: Driver) -> None:
    agent = await driver.agent()
    reply = await driver.stream(agent.id, "what can you do?")
    assert reply.events[0] == "conversation.response.started"
    assert reply.events[-1] == "conversation.response.done"
    assert reply.events.count("message.output.delta") > 1
    stored = (await driver.history(reply.conversation))[-1]
    assert (stored.id, stored.content) == (reply.last, reply.text)
    assert reply.usage is not None
    assert reply.usage.total_tokens


async def test_a_streamed_function_call_arrives_in_parts_of_its_arguments(driver: Driver) -> None:
    agent = await driver.agent()
    reply = await driver.stream(agent.id, "Price of AAPL?")
    assert reply.names == ["get_quote"]
    assert json.loads(reply.arguments[0]) == {"symbol": "AAPL"}
    assert reply.events.count("function.call.delta") == 2


async def test_append_and_restart_stream_too(driver: Driver) -> None:
    agent = await driver.agent()
    asked = await driver.stream(agent.id, "Price of AAPL?")
    told = await driver.append_stream(asked.conversation, result(asked.calls[0], QUOTE))
    assert told.conversation == asked.conversation
    assert "252.20 USD" in told.text
    fork = await driver.restart_stream(asked.conversation, told.last, "thanks")
    assert fork.conversation != asked.conversation
    assert fork.done


async def test_streaming_and_not_streaming_say_the_same(driver: Driver) -> None:
    agent = await driver.agent()
    streamed = await driver.stream(agent.id, "what can you do?")
    plain = await driver.start(agent.id, "what can you do?")
    assert streamed.text == plain.text
    assert streamed.usage == plain.usage


async def test_a_built_in_tool_shows_as_an_execution_and_counts_connector_tokens(driver: Driver) -> None:
    web: list[m.CreateAgentRequestTool] = [m.WebSearchTool()]
    agent = await driver.sdk.beta.agents.create_async(model="m", name="clew-search", tools=web)
    task = "Symbol: AAPL\nCompany: Apple\nQuery: Apple lawsuits\nToday: 2026-11-24"
    reply = await driver.stream(agent.id, task)
    assert [event for event in reply.events if event.startswith("tool.execution")] == [
        "tool.execution.started",
        "tool.execution.delta",
        "tool.execution.done",
    ]
    assert await driver.kinds(reply.conversation) == ["message.input", "tool.execution", "message.output"]
    usage = reply.usage
    assert usage is not None
    assert isinstance(usage.connector_tokens, int)
    assert usage.connector_tokens > 0
    assert usage.connectors == {"web_search": 1}
    assert usage.total_tokens == (usage.prompt_tokens or 0) + (usage.completion_tokens or 0) + usage.connector_tokens


class Citing:
    """A brain that names its source."""

    def reply(self, prompted: Prompted) -> Reply:
        return Reply(text="Sales rose.", cited=(Page(title="Apple reports", url="https://example.com/a"),))


async def test_a_page_that_a_message_cites_stands_after_its_text_streamed_and_stored() -> None:
    async with running_sandbox(Citing()) as sandbox, driving(sandbox.url) as driver:
        agent = await driver.agent()
        opened = await driver.sdk.beta.conversations.start_stream_async(inputs="sales?", agent_id=agent.id)
        async with opened as events:
            data = [event.data async for event in events]
        [cited] = [item.content for item in data if isinstance(item, m.MessageOutputEvent)][-1:]
        assert isinstance(cited, m.ToolReferenceChunk)
        assert (cited.title, cited.url) == ("Apple reports", "https://example.com/a")
        [branch] = sandbox.branches()
        [stored] = (await driver.history(branch.id))[1:]
        assert [chunk.type for chunk in stored.content] == ["text", "tool_reference"]


async def test_pace_changes_nothing_that_is_said(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    fast = await driver.stream(agent.id, "what can you do?")
    sandbox.behave(token_delay=0.0005, think_time=0.001)
    slow = await driver.stream(agent.id, "what can you do?")
    assert slow.text == fast.text
    assert slow.events == fast.events


async def test_events_are_named_as_their_data_and_there_is_no_end_marker(driver: Driver) -> None:
    agent = await driver.agent()
    reply = await driver.post("/v1/conversations", {"inputs": "hello", "agent_id": agent.id, "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    blocks = reply.text.strip().split("\n\n")
    for block in blocks:
        name, data = block.split("\n")
        assert name.removeprefix("event: ") == json.loads(data.removeprefix("data: "))["type"]
    assert "[DONE]" not in reply.text


class Broken:
    """A brain with a defect."""

    def reply(self, prompted: Prompted) -> Reply:
        raise ZeroDivisionError


async def test_a_defect_of_the_brain_is_a_500_or_an_error_event_and_gives_the_lock_back() -> None:
    async with running_sandbox(Broken()) as sandbox, driving(sandbox.url) as driver:
        agent = await driver.agent()
        with pytest.raises(errors.SDKError) as failed:
            await driver.start(agent.id, "hello")
        assert failed.value.status_code == 500
        reply = await driver.stream(agent.id, "hello")
        assert reply.events == ["conversation.response.started", "conversation.response.error"]
        again = await driver.append_stream(reply.conversation, "hello")
        assert again.events[-1] == "conversation.response.error"
