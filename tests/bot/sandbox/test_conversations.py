"""Conversations: start, append, restart, and reading them."""

from __future__ import annotations

import re

import pytest
from mistralai.client import errors
from mistralai.client import models as m

from tests.bot.sandbox.driver import QUOTE, Driver, result, said
from tests.support.sandbox import RunningSandbox

ID = r"(conv|msg|fc|fr|ag)_[0-9a-f]{12}7[0-9a-f]{19}"


async def test_a_start_answers_with_ids_usage_and_outputs_without_the_input(driver: Driver) -> None:
    agent = await driver.agent()
    reply = await driver.sdk.beta.conversations.start_async(inputs="what can you do?", agent_id=agent.id)
    assert re.fullmatch(ID, reply.conversation_id)
    output = reply.outputs[0]
    assert isinstance(output, m.MessageOutputEntry)
    assert re.fullmatch(ID, str(output.id))
    assert (output.agent_id, output.model, output.role) == (agent.id, "mistral-medium-3-5", "assistant")
    usage = reply.usage
    assert usage.prompt_tokens
    assert usage.completion_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


async def test_history_holds_inputs_and_outputs_with_the_same_ids_and_messages_the_messages(driver: Driver) -> None:
    agent = await driver.agent()
    asked = await driver.start(agent.id, "What is the price of AAPL?")
    told = await driver.append(asked.conversation, result(asked.calls[0], QUOTE))
    history = await driver.history(asked.conversation)
    assert [entry.type for entry in history] == [
        "message.input",
        "function.call",
        "function.result",
        "message.output",
    ]
    assert (history[1].id, history[3].id) == (asked.last, told.last)
    assert history[3].completed_at is None
    messages = await driver.sdk.beta.conversations.get_messages_async(conversation_id=asked.conversation)
    assert [entry.type for entry in messages.messages] == ["message.input", "message.output"]


async def test_a_conversation_tells_its_agent_version_and_metadata(driver: Driver) -> None:
    agent = await driver.agent()
    reply = await driver.start(agent.id, "hello", agent_version=0, metadata={"thread": "t1"}, name="n")
    found = await driver.sdk.beta.conversations.get_async(conversation_id=reply.conversation)
    assert isinstance(found, m.AgentConversation)
    assert (found.agent_id, found.agent_version, found.metadata, found.name) == (agent.id, 0, {"thread": "t1"}, "n")


async def test_a_conversation_with_a_bare_model_needs_no_agent(driver: Driver) -> None:
    reply = await driver.sdk.beta.conversations.start_async(inputs="hello", model="mistral-small-2603")
    found = await driver.sdk.beta.conversations.get_async(conversation_id=reply.conversation_id)
    assert isinstance(found, m.ModelConversation)
    assert found.model == "mistral-small-2603"


async def test_a_start_without_agent_and_model_is_refused(driver: Driver) -> None:
    assert (await driver.post("/v1/conversations", {"inputs": "hello"})).status_code == 422


async def test_the_list_is_newest_first_and_filters_by_contained_metadata(driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello", metadata={"thread": "a", "step": "1"})
    await driver.start(agent.id, "hello", metadata={"thread": "b", "step": "1"})
    third = await driver.start(agent.id, "hello", metadata={"thread": "a", "step": "2"})
    listed = await driver.sdk.beta.conversations.list_async(metadata={"thread": "a"})
    assert [item.id for item in listed] == [third.conversation, first.conversation]
    page = await driver.sdk.beta.conversations.list_async(page=1, page_size=1, metadata={"thread": "a"})
    assert [item.id for item in page] == [first.conversation]


async def test_a_deleted_conversation_is_gone(driver: Driver) -> None:
    agent = await driver.agent()
    reply = await driver.start(agent.id, "hello")
    await driver.sdk.beta.conversations.delete_async(conversation_id=reply.conversation)
    for call in (driver.history(reply.conversation), driver.append(reply.conversation, "more")):
        with pytest.raises(errors.SDKError) as refused:
            await call
        assert refused.value.status_code == 404


async def test_a_restart_keeps_the_prefix_and_leaves_the_source_untouched(driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello", metadata={"thread": "t", "step": "1"})
    await driver.append(first.conversation, "thanks")
    before = await driver.history(first.conversation)
    fork = await driver.restart(first.conversation, first.last, "what can you do?", metadata={"step": "1b"})
    assert fork.conversation != first.conversation
    forked = await driver.history(fork.conversation)
    assert [entry.id for entry in forked[:2]] == [entry.id for entry in before[:2]]
    assert [entry.content for entry in forked[2:3]] == ["what can you do?"]
    assert len(forked) == 4
    assert await driver.history(first.conversation) == before
    found = await driver.sdk.beta.conversations.get_async(conversation_id=fork.conversation)
    assert found.metadata == {"step": "1b"}


async def test_a_restart_from_a_function_call_takes_its_results(driver: Driver) -> None:
    agent = await driver.agent()
    asked = await driver.start(agent.id, "Price of AAPL?")
    fork = await driver.restart(asked.conversation, asked.last, result(asked.calls[0], QUOTE))
    assert "252.20 USD" in fork.text
    assert await driver.kinds(asked.conversation) == ["message.input", "function.call"]


async def test_a_restart_from_a_function_call_can_be_refused(driver: Driver, sandbox: RunningSandbox) -> None:
    sandbox.behave(fork_from_calls=False)
    agent = await driver.agent()
    asked = await driver.start(agent.id, "Price of AAPL?")
    with pytest.raises(errors.SDKError) as refused:
        await driver.restart(asked.conversation, asked.last, result(asked.calls[0], QUOTE))
    assert refused.value.status_code == 400


async def test_forks_can_be_given_new_entry_ids(driver: Driver, sandbox: RunningSandbox) -> None:
    sandbox.behave(forks_keep_ids=False)
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    fork = await driver.restart(first.conversation, first.last, "thanks")
    old, new = await driver.history(first.conversation), await driver.history(fork.conversation)
    assert [entry.content for entry in new[:2]] == [entry.content for entry in old]
    assert not {entry.id for entry in new} & {entry.id for entry in old}


async def test_a_restart_without_inputs_answers_a_message_input_again(driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "what can you do?")
    question = (await driver.history(first.conversation))[0]
    again = await driver.restart(first.conversation, str(question.id))
    assert again.text == first.text
    assert await driver.kinds(again.conversation) == ["message.input", "message.output"]


async def test_a_restart_from_an_unknown_entry_is_404(driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    with pytest.raises(errors.SDKError) as refused:
        await driver.restart(first.conversation, "msg_nowhere", "again")
    assert refused.value.status_code == 404


async def test_the_version_is_pinned_on_start_and_on_restart_and_else_current(driver: Driver) -> None:
    agent = await driver.agent(tools=("get_quote",))
    pinned = await driver.start(agent.id, "hello", agent_version=0)
    floating = await driver.start(agent.id, "hello")
    no_tools: list[m.CreateAgentRequestTool] = []
    await driver.sdk.beta.agents.update_async(agent_id=agent.id, tools=no_tools)
    assert (await driver.append(pinned.conversation, "Price of AAPL?")).names == ["get_quote"]
    assert (await driver.append(floating.conversation, "Price of AAPL?")).names == []
    fork = await driver.restart(floating.conversation, floating.last, "Price of AAPL?", agent_version=0)
    assert fork.names == ["get_quote"]
    current = await driver.restart(pinned.conversation, pinned.last, "Price of AAPL?")
    assert current.names == []


@pytest.mark.parametrize("extra", ["metadata", "tools", "instructions", "agent_version", "guardrails"])
async def test_an_append_with_a_key_that_it_does_not_take_is_422(driver: Driver, extra: str) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    reply = await driver.post(f"/v1/conversations/{first.conversation}", {"inputs": "more", extra: {}})
    assert reply.status_code == 422
    assert [(item["type"], item["loc"]) for item in reply.json()["detail"]] == [("extra_forbidden", ["body", extra])]
    assert await driver.kinds(first.conversation) == ["message.input", "message.output"]


async def test_a_422_is_what_the_sdk_calls_a_validation_error(driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    unknown = said("x") | {"colour": "red"}
    reply = await driver.post(f"/v1/conversations/{first.conversation}", {"inputs": [unknown]})
    assert reply.status_code == 422
    with pytest.raises(errors.HTTPValidationError) as refused:
        await driver.append(first.conversation, "x", completion_args={"temperature": 7})
    assert refused.value.data.detail


async def test_a_request_without_a_token_is_401(driver: Driver) -> None:
    for headers in ({}, {"authorization": "Bearer"}, {"authorization": "Basic abc"}):
        reply = await driver.http.get(f"{driver.url}/v1/conversations", headers=headers)
        assert reply.status_code == 401


async def test_replies_carry_the_headers_of_mistrals_front(driver: Driver) -> None:
    agent = await driver.agent()
    plain = await driver.post("/v1/conversations", {"inputs": "hello", "agent_id": agent.id})
    streamed = await driver.post("/v1/conversations", {"inputs": "hello", "agent_id": agent.id, "stream": True})
    refused = await driver.post("/v1/conversations/conv_nowhere", {"inputs": "hello"})
    assert refused.status_code == 404
    for reply in (plain, streamed, refused):
        assert re.fullmatch(r"[0-9a-f]{32}", reply.headers["mistral-correlation-id"])
        assert int(reply.headers["x-ratelimit-limit-tokens-minute"]) > 0
        assert int(reply.headers["x-ratelimit-remaining-tokens-minute"]) > 0


async def test_an_append_continues_while_nothing_is_stored_without_store(driver: Driver) -> None:
    agent = await driver.agent()
    kept = await driver.start(agent.id, "hello")
    await driver.append(kept.conversation, "not this", store=False)
    assert await driver.kinds(kept.conversation) == ["message.input", "message.output"]
    lost = await driver.start(agent.id, "hello", store=False)
    with pytest.raises(errors.SDKError) as refused:
        await driver.history(lost.conversation)
    assert refused.value.status_code == 404


async def test_the_sandbox_is_healthy(driver: Driver) -> None:
    reply = await driver.http.get(f"{driver.url}/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok", "sandbox": True})
